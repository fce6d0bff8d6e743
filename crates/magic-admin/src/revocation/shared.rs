use std::{
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
    follow_ups: Mutex<Vec<Revocation>>,
    pub(super) retention: Duration,
    pub(super) issued_at_grace: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Option<Arc<dyn RevocationStore>>,
    /// From this time on, every token is rejected.
    trusted_until: AtomicI64,
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
        if judged_at < self.oldest(now) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        // Check this before the lookup: if the list is completed in between, the lookup saw it
        // incomplete.
        let in_sync = self.check_sync(now);
        let token = || Fingerprint::of_token(proven.issuer, &proven.claims);
        // A logout from before the list was last complete may still arrive.
        let complete_until = now.min(UnixSeconds::new(self.trusted_until.load(Ordering::Acquire)));
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
        let mut all = revocations.to_vec();
        let mut all_added = Ok(());
        for revocation in revocations {
            let FollowUps { entries, added } = self.apply(revocation)?;
            all.extend(entries.into_iter().filter(|entry| !revocations.contains(entry)));
            all_added = all_added.and(added);
        }
        if let Some(store) = &self.store {
            store.append(&all).await?;
        }
        all_added
    }

    /// Applies an entry that was written elsewhere, and keeps the follow-ups for the store.
    pub(super) fn apply_from_elsewhere(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let FollowUps { entries, added } = self.apply(revocation)?;
        if !entries.is_empty() && self.store.is_some() {
            self.lock_follow_ups().extend(entries);
        }
        added
    }

    /// Writes the follow-ups of entries from elsewhere to the store.
    pub(super) async fn publish_follow_ups(&self) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let follow_ups = self.lock_follow_ups().clone();
        if !follow_ups.is_empty() {
            store.append(&follow_ups).await?;
            self.lock_follow_ups().retain(|revocation| !follow_ups.contains(revocation));
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

    pub(super) fn trust_until(&self, time: UnixSeconds) {
        self.trusted_until.store(time.get(), Ordering::Release);
    }

    pub(super) fn incomplete_before(&self, time: UnixSeconds) {
        self.complete_from.fetch_max(time.get(), Ordering::AcqRel);
        #[cfg(feature = "connections")]
        self.waiters.wake_all();
    }

    /// Adds an entry, and follow-ups for the tokens accepted early that it would miss.
    fn apply(&self, revocation: &Revocation) -> Result<FollowUps, StoreError> {
        let now = self.clock.now();
        let forget_before = now.saturating_sub(self.retention);
        let is_known = match *revocation {
            Revocation::Issuer { issuer, at } => self.table.logged_out_at(issuer) == Some(at),
            Revocation::Token { .. } | Revocation::Everybody { .. } => false,
        };
        let mut concerns_others = self.table.add(revocation, forget_before, now)?;
        let entries = match *revocation {
            Revocation::Issuer { issuer, at } => self.early.take(issuer, at, is_known),
            Revocation::Token { .. } | Revocation::Everybody { .. } => Vec::new(),
        };
        let mut added = Ok(());
        for entry in &entries {
            match self.table.add(entry, forget_before, now) {
                Ok(concerns) => concerns_others |= concerns,
                Err(error) => added = added.and(Err(error)),
            }
        }
        #[cfg(feature = "connections")]
        if concerns_others {
            self.waiters.wake_all();
        } else {
            self.waiters.wake(revocation);
        }
        #[cfg(not(feature = "connections"))]
        let _ = concerns_others;
        Ok(FollowUps { entries, added })
    }

    fn lock_follow_ups(&self) -> MutexGuard<'_, Vec<Revocation>> {
        self.follow_ups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Entries for tokens that were accepted early and that a logout would miss. All of them must be
/// written to the store, even if this list has no room for them.
struct FollowUps {
    entries: Vec<Revocation>,
    added: Result<(), StoreError>,
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
