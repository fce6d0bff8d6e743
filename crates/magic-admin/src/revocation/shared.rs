use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::{Revocation, RevocationStore, early::EarlyTokens, table::Table};
#[cfg(feature = "metrics")]
use crate::metrics;
use crate::{
    types::{Clock, Issuer, StoreError, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Fingerprint, Proven, VerifiedToken},
};

/// The state shared by all clones of a list.
pub(super) struct Shared {
    pub(super) table: Table,
    early: EarlyTokens,
    /// Entries that this list added in response to entries of other servers, to be written to the
    /// store.
    follow_ups: Mutex<HashSet<Revocation>>,
    pub(super) retention: Duration,
    pub(super) issued_at_grace: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Option<Arc<dyn RevocationStore>>,
    /// From this time on, every token is rejected.
    trusted_until: AtomicI64,
    /// The last second at which the list was known to be complete, or `i64::MAX` if it always is.
    complete_at: AtomicI64,
    /// Entries about tokens and sessions from before this time may be missing.
    complete_from: AtomicI64,
    #[cfg(feature = "connections")]
    pub(super) waiters: super::waiters::Waiters,
}

impl Shared {
    pub(super) fn new(
        capacity: usize,
        retention: Duration,
        issued_at_grace: Duration,
        clock: Arc<dyn Clock>,
        store: Option<Arc<dyn RevocationStore>>,
    ) -> Self {
        Self {
            table: Table::new(capacity),
            early: EarlyTokens::new(capacity),
            follow_ups: Mutex::default(),
            retention,
            issued_at_grace,
            clock,
            store,
            trusted_until: AtomicI64::new(i64::MAX),
            complete_at: AtomicI64::new(i64::MAX),
            complete_from: AtomicI64::new(i64::MIN),
            #[cfg(feature = "connections")]
            waiters: super::waiters::Waiters::default(),
        }
    }

    /// Rejects revoked tokens, and all tokens while the list may be incomplete.
    ///
    /// Because the client writes `iat` and entries are forgotten eventually, tokens from the future
    /// and from before the retention window are rejected too. `judged_at` is the second by which
    /// the token is judged.
    pub(super) fn check(
        &self,
        proven: &Proven,
        judged_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<(), VerifyError> {
        // Always check `iat`, because a token from the far future would outlast a logout, with or
        // without a challenge.
        let issued_at = proven.claims.issued_at();
        if issued_at > now.saturating_add(self.issued_at_grace) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        // Check this first: if the list is completed in between, the lookups saw it incomplete.
        let in_sync = self.check_sync(now);
        if judged_at < self.oldest(now) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        let token = || Fingerprint::of_token(proven.issuer, &proven.claims);
        // A logout from before the list was last complete may still arrive.
        let complete_until = now.min(UnixSeconds::new(self.complete_at.load(Ordering::Acquire)));
        // Note the token before the lookup, so that for a logout in between either the logout finds
        // the note or the lookup finds the logout.
        if issued_at > now
            && !self.early.note(proven.issuer, token(), issued_at, now, complete_until)
        {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        if self.table.revokes(proven.issuer, judged_at, token) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        in_sync
    }

    /// Applies entries to this list first, where they take effect immediately, and then writes them
    /// to the store.
    pub(super) async fn record(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        let mut all = Vec::with_capacity(revocations.len());
        let mut follow_ups = Vec::new();
        let mut applied = Ok(());
        for revocation in revocations {
            match self.apply(revocation) {
                Ok(revealed) => {
                    all.push(*revocation);
                    follow_ups.extend(revealed);
                }
                Err(error) => applied = applied.and(Err(error)),
            }
        }
        self.keep_for_store(follow_ups);
        self.write(all).await.and(applied)
    }

    /// Applies an entry that was written elsewhere, and keeps the follow-ups for the store.
    pub(super) fn apply_from_elsewhere(&self, revocation: &Revocation) -> Result<(), StoreError> {
        self.keep_for_store(self.apply(revocation)?);
        Ok(())
    }

    /// Writes the follow-ups that are not in the store yet.
    pub(super) async fn publish_follow_ups(&self) -> Result<(), StoreError> {
        self.write(Vec::new()).await
    }

    /// Keeps follow-ups until the store has accepted them, because a repeated logout does not find
    /// them again.
    fn keep_for_store(&self, follow_ups: Vec<Revocation>) {
        if self.store.is_some() && !follow_ups.is_empty() {
            self.lock_follow_ups().extend(follow_ups);
        }
    }

    /// Writes entries and all follow-ups to the store.
    async fn write(&self, mut entries: Vec<Revocation>) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let follow_ups: Vec<_> = self.lock_follow_ups().iter().copied().collect();
        entries.retain(|entry| !follow_ups.contains(entry));
        entries.extend(&follow_ups);
        if !entries.is_empty() {
            store.append(&entries).await?;
            let mut unwritten = self.lock_follow_ups();
            for follow_up in &follow_ups {
                unwritten.remove(follow_up);
            }
        }
        Ok(())
    }

    /// Returns the second to record for a logout, which is usually the current one.
    ///
    /// If the user's last logout was in the current second, returns the next second, because that
    /// is the start time of any session that began in between. A repeated logout keeps the second
    /// of the last one, so that it does not lock the user out for longer.
    pub(super) fn logout_time(
        &self,
        issuer: Issuer,
        now: UnixSeconds,
        is_repeated: bool,
    ) -> UnixSeconds {
        let Some(last) = self.table.revoked_until(issuer) else { return now };
        let time = if is_repeated { last } else { last.saturating_add(SECOND) };
        time.clamp(now, now.saturating_add(self.issued_at_grace))
    }

    /// Returns `true` if a logout may add an entry for a token whose `iat` is beyond the grace
    /// period, so that no verifier accepts it yet.
    ///
    /// Anyone can sign such tokens. They may fill at most a quarter of the list, and tokens for
    /// years to come are not added at all.
    pub(super) fn has_room_for_later(&self, issued_at: UnixSeconds, now: UnixSeconds) -> bool {
        let furthest = now.saturating_add(self.issued_at_grace).saturating_add(self.retention);
        issued_at <= furthest && self.table.is_mostly_empty()
    }

    /// Returns the start time of a session that begins with a token.
    ///
    /// It is the second by which the token is judged, so that a logout on another server that
    /// revokes the token also ends the session. It is always later than the logout that is known
    /// here.
    pub(super) fn session_time(
        &self,
        token: &VerifiedToken,
        logged_out: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> UnixSeconds {
        let is_early = token.judged_at() > token.verified_at();
        // The true time of issue of an early token is unknown, so a logout ends the session if the
        // token had been accepted by then.
        let issued_at =
            if is_early { EarlyTokens::ended_from(token.verified_at()) } else { token.judged_at() };
        let after = logged_out.map(|at| at.saturating_add(SECOND));
        issued_at.max(self.oldest(now)).max(after.unwrap_or(issued_at))
    }

    /// Returns the earliest second of tokens and sessions that are not too old.
    pub(super) fn oldest(&self, now: UnixSeconds) -> UnixSeconds {
        let complete_from = UnixSeconds::new(self.complete_from.load(Ordering::Acquire));
        now.saturating_sub(self.retention).max(complete_from)
    }

    pub(super) fn ends_session(&self, issuer: Issuer, signed_in_at: UnixSeconds) -> bool {
        self.table.revoked_until(issuer).is_some_and(|at| signed_in_at <= at)
    }

    /// Rejects everything while the list may be incomplete.
    pub(super) fn check_sync(&self, now: UnixSeconds) -> Result<(), VerifyError> {
        if now.get() >= self.trusted_until.load(Ordering::Acquire) {
            return Err(VerifyError::unavailable(RETRY_AFTER, None));
        }
        Ok(())
    }

    /// Records that the list is complete now.
    pub(super) fn trust_until(&self, time: UnixSeconds) {
        self.complete_at.store(self.clock.now().get(), Ordering::Release);
        self.trusted_until.store(time.get(), Ordering::Release);
    }

    pub(super) fn suspend(&self) {
        self.complete_at.fetch_min(self.clock.now().get(), Ordering::AcqRel);
        self.trusted_until.store(i64::MIN, Ordering::Release);
    }

    pub(super) fn resume(&self) {
        self.complete_at.store(i64::MAX, Ordering::Release);
        self.trusted_until.store(i64::MAX, Ordering::Release);
    }

    pub(super) fn incomplete_before(&self, time: UnixSeconds) {
        self.complete_from.fetch_max(time.get(), Ordering::AcqRel);
        #[cfg(feature = "connections")]
        self.waiters.wake_all();
    }

    /// Adds an entry, and follow-ups for the tokens accepted early that it would miss.
    fn apply(&self, revocation: &Revocation) -> Result<Vec<Revocation>, StoreError> {
        let now = self.clock.now();
        let forget_before = now.saturating_sub(self.retention);
        let is_known = match *revocation {
            Revocation::Issuer { issuer, at } => self.table.logged_out_at(issuer) == Some(at),
            Revocation::Token { .. } | Revocation::Everybody { .. } => false,
        };
        let concerns_others = self.table.add(revocation, forget_before, now)?;
        let follow_ups = match *revocation {
            Revocation::Issuer { issuer, at } => self.early.take(issuer, at, is_known),
            Revocation::Token { .. } | Revocation::Everybody { .. } => Vec::new(),
        };
        // Their notes are gone, so they are added even if the table is full.
        for follow_up in &follow_ups {
            self.table.insert(follow_up);
        }
        #[cfg(feature = "connections")]
        if concerns_others {
            self.waiters.wake_all();
        } else {
            self.waiters.wake(revocation);
        }
        #[cfg(not(feature = "connections"))]
        let _ = concerns_others;
        Ok(follow_ups)
    }

    fn lock_follow_ups(&self) -> MutexGuard<'_, HashSet<Revocation>> {
        self.follow_ups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "metrics")]
impl metrics::Source for Shared {
    fn add_to(&self, totals: &mut metrics::Totals) {
        totals.revocations += self.table.len();
        let is_in_sync = self.check_sync(self.clock.now()).is_ok();
        totals.lists_in_sync = Some(is_in_sync && totals.lists_in_sync.unwrap_or(true));
    }
}

/// The `Retry-After` sent to clients while the list is suspended.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The resolution of times.
const SECOND: Duration = Duration::from_secs(1);
