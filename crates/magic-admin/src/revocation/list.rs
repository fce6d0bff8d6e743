use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::{Revocation, early::EarlyTokens, table::Table};
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use crate::types::SystemClock;
use crate::{
    types::{Clock, Issuer, StoreError, StoreFuture, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Fingerprint, Proven, VerifiedToken},
};

/// A list of tokens to reject although they have not expired: those of users who logged out.
///
/// After the checks of the protocol, a [`Verifier`](crate::Verifier) with a list rejects:
///
/// - tokens issued further in the future than the grace period (`ERROR_DIDT_CANNOT_BE_USED_YET`),
///   because the client writes `iat`;
/// - tokens older than the retention window (`ERROR_DIDT_TOO_OLD`), so that forgetting an entry
///   never revives a token;
/// - tokens that an entry revokes (`ERROR_DIDT_REVOKED`).
///
/// A lookup stays in the process and never waits. Entries are kept for the retention window. Their
/// number is bounded; a full list revokes the older tokens of all users rather than forget an entry.
///
/// Times are whole seconds. A token issued in the second of a logout, or by a clock that is slow, is
/// rejected for that long although it is new; sign in with
/// [`Challenges`](crate::single_use) to avoid that.
///
/// Cheap to clone; clones share the same list.
///
/// ```
/// use magic_admin::{Audience, RevocationList, Verifier};
///
/// let list = RevocationList::in_memory();
/// let verifier = Verifier::builder(Audience::new("client-id")?).revocations(list.clone()).build();
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct RevocationList {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) table: Table,
    early: EarlyTokens,
    /// What entries of other servers made this one revoke, to be written to the store.
    follow_ups: Mutex<Vec<Revocation>>,
    retention: Duration,
    issued_at_grace: Duration,
    pub(super) clock: Arc<dyn Clock>,
    store: Option<Arc<dyn RevocationStore>>,
    /// Nothing is accepted from this time on.
    trusted_until: AtomicI64,
    /// Entries about what was issued before this may be missing.
    complete_from: AtomicI64,
    #[cfg(feature = "connections")]
    pub(super) waiters: super::waiters::Waiters,
}

/// A store that a [`RevocationList`] writes its entries to, for other servers or for the time after a
/// restart. The list itself stays in the process.
pub trait RevocationStore: fmt::Debug + Send + Sync {
    /// Writes entries, all or none, so that they outlive the process.
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()>;
}

/// Settings of a [`RevocationList`].
///
/// Created by [`RevocationList::builder`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct RevocationListBuilder {
    pub(super) retention: Duration,
    issued_at_grace: Duration,
    capacity: usize,
    pub(super) clock: Arc<dyn Clock>,
    store: Option<Arc<dyn RevocationStore>>,
}

impl RevocationList {
    /// Creates a list with the defaults, which ends with the process.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    #[must_use]
    pub fn in_memory() -> Self {
        Self::builder().build()
    }

    /// Starts from the defaults: 24 h of retention, room for a million entries, the system's
    /// clock.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub fn builder() -> RevocationListBuilder {
        Self::builder_with_clock(SystemClock)
    }

    /// Starts from the defaults, with this clock.
    pub fn builder_with_clock(clock: impl Clock + 'static) -> RevocationListBuilder {
        RevocationListBuilder {
            retention: Duration::from_secs(24 * 60 * 60),
            issued_at_grace: Duration::from_secs(300),
            capacity: 1_000_000,
            clock: Arc::new(clock),
            store: None,
        }
    }

    /// Revokes all tokens of an issuer that were issued (`iat`) at this time or before.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the store failed or the list is full. If the store failed, the
    /// revocation still holds in this process.
    pub async fn revoke(&self, issuer: Issuer, at: UnixSeconds) -> Result<(), StoreError> {
        self.record(&[Revocation::Issuer { issuer, at }]).await
    }

    /// Revokes all tokens that an issuer was issued until now, by the clock of the list.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_now(&self, issuer: Issuer) -> Result<(), StoreError> {
        let at = self.shared.logout_time(issuer, self.shared.clock.now());
        self.revoke(issuer, at).await
    }

    /// Revokes a single token.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_token(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        self.record(&[self.of_token(token)]).await
    }

    /// Revokes what a logout ends: every token that the user was issued until now, and every one
    /// that this server or another one has accepted, whatever its `iat`.
    ///
    /// The client writes `iat`, and its clock can run fast. A token that was accepted before that
    /// second is revoked by itself, so that the user can sign in again at once.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_session(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let at = self.shared.logout_time(token.issuer(), now);
        let everything = Revocation::Issuer { issuer: token.issuer(), at };
        // No verifier with this list has accepted a token from beyond the grace period, and an entry
        // for each would fill the list.
        let issued_at = token.claims().issued_at();
        if issued_at > at && issued_at <= now.saturating_add(self.shared.issued_at_grace) {
            self.record(&[everything, self.of_token(token)]).await
        } else {
            self.record(&[everything]).await
        }
    }

    /// Returns `true` if a token that was verified some time ago has been revoked.
    ///
    /// Verifying a token includes this. For sessions, see [`check_session`](Self::check_session).
    #[must_use]
    pub fn revokes(&self, token: &VerifiedToken) -> bool {
        self.shared.table.revokes(token.issuer(), token.judged_at(), || token.fingerprint())
    }

    /// Starts a session of a user who has just signed in: returns the second to store in it.
    ///
    /// It lies after every logout of that user known here, so that signing in right after a logout
    /// works. Store it with the issuer, and pass both to [`check_session`](Self::check_session) on
    /// every use of the session.
    ///
    /// # Errors
    ///
    /// - [`Revoked`](VerifyErrorKind::Revoked): the user logged out after the token was verified.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable): the list may be incomplete.
    pub fn start_session(&self, token: &VerifiedToken) -> Result<UnixSeconds, VerifyError> {
        let now = self.shared.clock.now();
        // Before the look at the token, so that a logout in between ends this session, too.
        let logged_out = self.shared.table.revoked_until(token.issuer());
        if self.revokes(token) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        self.shared.check_sync(now)?;
        Ok(logged_out.map_or(now, |at| now.max(at.saturating_add(SECOND))))
    }

    /// Checks that a user has not logged out since a session started.
    ///
    /// This is what ends the sessions of a user's other devices, on this server and on all that
    /// share the list. Two ways of signing out follow from it:
    ///
    /// - **everywhere**: the logout route, [`revoke_session`](Self::revoke_session) or
    ///   [`revoke_now`](Self::revoke_now) end all sessions and tokens of the user;
    /// - **this device only**: [`revoke_token`](Self::revoke_token) and deleting the session at hand
    ///   leave the others alone.
    ///
    /// ```
    /// use magic_admin::{Issuer, RevocationList, UnixSeconds, VerifiedToken, VerifyError};
    ///
    /// struct Session {
    ///     issuer: Issuer,
    ///     signed_in_at: UnixSeconds,
    /// }
    ///
    /// fn sign_in(list: &RevocationList, user: &VerifiedToken) -> Result<Session, VerifyError> {
    ///     Ok(Session { issuer: user.issuer(), signed_in_at: list.start_session(user)? })
    /// }
    ///
    /// fn use_session(list: &RevocationList, session: &Session) -> Result<(), VerifyError> {
    ///     list.check_session(session.issuer, session.signed_in_at)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Revoked`](VerifyErrorKind::Revoked): the user logged out in or after that second.
    /// - [`TooOld`](VerifyErrorKind::TooOld): the session is older than the retention window, so a
    ///   logout may have been forgotten. Set [`RevocationListBuilder::retention`] to the longest
    ///   life of a session.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable): the list may be incomplete.
    pub fn check_session(
        &self,
        issuer: Issuer,
        signed_in_at: UnixSeconds,
    ) -> Result<(), VerifyError> {
        let now = self.shared.clock.now();
        if signed_in_at < self.shared.oldest(now) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        if self.shared.ends_session(issuer, signed_in_at) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        self.shared.check_sync(now)
    }

    /// Applies an entry that was written elsewhere: by another server, or before a restart. Applying
    /// one again is a no-op.
    ///
    /// A logout on another server can reveal tokens for the others to reject that only this server
    /// has accepted. Call [`publish_follow_ups`](Self::publish_follow_ups) after applying entries of
    /// other servers.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the list is full.
    pub fn apply(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let follow_ups = self.shared.apply(revocation)?;
        if !follow_ups.is_empty() && self.shared.store.is_some() {
            self.lock_follow_ups().extend(follow_ups);
        }
        Ok(())
    }

    /// Writes to the store what entries of other servers made this one revoke; a no-op when that is
    /// nothing. Whatever follows the entries of other servers calls it after
    /// [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the store failed. The entries are kept for the next call.
    pub async fn publish_follow_ups(&self) -> Result<(), StoreError> {
        let Some(store) = &self.shared.store else { return Ok(()) };
        let follow_ups = self.lock_follow_ups().clone();
        if !follow_ups.is_empty() {
            store.append(&follow_ups).await?;
            self.lock_follow_ups().retain(|revocation| !follow_ups.contains(revocation));
        }
        Ok(())
    }

    /// Returns all entries, in no particular order, to fill another store with them.
    #[must_use]
    pub fn revocations(&self) -> Vec<Revocation> {
        self.shared.table.revocations()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.table.len()
    }

    /// Returns `true` if there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how long entries are kept, and how old a token or session may be.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.shared.retention
    }

    /// Makes verifiers reject everything as unavailable (`ERROR_UNAVAILABLE`), because the list is
    /// known to lack entries. What it holds is still rejected as revoked.
    pub fn suspend(&self) {
        self.trust_until(UnixSeconds::new(i64::MIN));
    }

    /// Ends [`suspend`](Self::suspend) and [`trust_until`](Self::trust_until).
    pub fn resume(&self) {
        self.trust_until(UnixSeconds::new(i64::MAX));
    }

    /// Suspends the list at `time` unless called again with a later time. Use it for a list synced
    /// from elsewhere, so that a process that was paused or starved does not keep trusting stale data.
    pub fn trust_until(&self, time: UnixSeconds) {
        self.shared.trusted_until.store(time.get(), Ordering::Release);
    }

    /// Declares that entries about tokens and sessions from before `time` may be missing: they are
    /// rejected as too old (`ERROR_DIDT_TOO_OLD`). An earlier `time` than before changes nothing.
    ///
    /// For stores whose entries a shorter retention window has let go.
    pub fn incomplete_before(&self, time: UnixSeconds) {
        self.shared.complete_from.fetch_max(time.get(), Ordering::AcqRel);
        #[cfg(feature = "connections")]
        self.shared.waiters.wake_all();
    }

    /// Rejects a token that is revoked, and every token while the list may be incomplete.
    ///
    /// The client writes `iat`, and entries end, so tokens from the future and from before the
    /// retention window are rejected too. `judged_at` is the second that the token is judged by.
    pub(crate) fn check(
        &self,
        proven: &Proven,
        judged_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<(), VerifyError> {
        let shared = &*self.shared;
        // Always `iat`: with a challenge or without, a token from far ahead would outlast a logout.
        let issued_at = proven.claims.issued_at();
        if issued_at > now.saturating_add(shared.issued_at_grace) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        if judged_at < shared.oldest(now) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        let token = || Fingerprint::of_token(proven.issuer, &proven.claims);
        // Before the lookup: a logout in between finds the note, or the lookup finds the logout.
        if issued_at > now && !shared.early.note(proven.issuer, token(), issued_at, now) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        if shared.table.revokes(proven.issuer, judged_at, token) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        shared.check_sync(now)
    }

    fn of_token(&self, token: &VerifiedToken) -> Revocation {
        Revocation::Token {
            issuer: token.issuer(),
            token: token.fingerprint(),
            issued_at: token.claims().issued_at(),
        }
    }

    /// Applies entries here first, where they take effect at once; then writes them to the store.
    async fn record(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        let mut all = revocations.to_vec();
        for revocation in revocations {
            let follow_ups = self.shared.apply(revocation)?;
            all.extend(follow_ups.into_iter().filter(|follow_up| !revocations.contains(follow_up)));
        }
        match &self.shared.store {
            Some(store) => store.append(&all).await,
            None => Ok(()),
        }
    }

    fn lock_follow_ups(&self) -> MutexGuard<'_, Vec<Revocation>> {
        self.shared.follow_ups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Adds an entry, and those for tokens accepted early that it would miss, which are returned.
    fn apply(&self, revocation: &Revocation) -> Result<Vec<Revocation>, StoreError> {
        let now = self.clock.now();
        let forget_before = now.saturating_sub(self.retention);
        self.table.add(revocation, forget_before, now)?;
        let follow_ups = match *revocation {
            Revocation::Issuer { issuer, at } => self.early.take(issuer, at),
            Revocation::Token { .. } | Revocation::Everybody { .. } => Vec::new(),
        };
        for follow_up in &follow_ups {
            self.table.add(follow_up, forget_before, now)?;
        }
        #[cfg(feature = "connections")]
        self.waiters.wake(revocation);
        Ok(follow_ups)
    }

    /// Returns the second of a logout: now, or after the user's last one, because a session that
    /// started right after that one is given the second after it.
    fn logout_time(&self, issuer: Issuer, now: UnixSeconds) -> UnixSeconds {
        let last = self.table.revoked_until(issuer);
        let latest = now.saturating_add(self.issued_at_grace);
        last.map_or(now, |last| last.saturating_add(SECOND).clamp(now, latest))
    }

    /// Returns the earliest second of a token or session that is not too old.
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
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("len", &self.len())
            .field("retention", &self.shared.retention)
            .field("store", &self.shared.store)
            .finish_non_exhaustive()
    }
}

impl RevocationListBuilder {
    /// Sets how long entries are kept, and how old (`iat`) a token or session may be. Default: 24 h.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how far in the future a token may have been issued (`iat`). Default: 300 s.
    pub fn issued_at_grace(mut self, grace: Duration) -> Self {
        self.issued_at_grace = grace;
        self
    }

    /// Sets the maximum number of entries, of about 140 bytes each. Default: 1,000,000.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries.max(1);
        self
    }

    /// Sets the source of the current time.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the store that entries are written to. Default: none.
    pub fn store(mut self, store: impl RevocationStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Builds the list.
    #[must_use]
    pub fn build(self) -> RevocationList {
        RevocationList {
            shared: Arc::new(Shared {
                table: Table::new(self.capacity),
                early: EarlyTokens::new(self.capacity),
                follow_ups: Mutex::default(),
                retention: self.retention,
                issued_at_grace: self.issued_at_grace,
                clock: self.clock,
                store: self.store,
                trusted_until: AtomicI64::new(i64::MAX),
                complete_from: AtomicI64::new(i64::MIN),
                #[cfg(feature = "connections")]
                waiters: super::waiters::Waiters::default(),
            }),
        }
    }
}

/// How long clients are told to wait while the list is suspended.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What times are counted in.
const SECOND: Duration = Duration::from_secs(1);
