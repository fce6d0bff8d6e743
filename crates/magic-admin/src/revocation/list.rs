use std::{fmt, sync::Arc, time::Duration};

use super::{Revocation, shared::Shared};
use crate::{
    types::{Issuer, StoreError, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Proven, VerifiedToken},
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
/// # Examples
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

impl RevocationList {
    /// Revokes all tokens of an issuer that were issued (`iat`) at this time or before.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Issuer, RevocationList, StoreError, UnixSeconds};
    ///
    /// /// Rejects whatever was issued before a key was stolen, and until the user got a new one.
    /// async fn stolen(list: &RevocationList, user: Issuer, until: UnixSeconds) -> Result<(), StoreError> {
    ///     list.revoke(user, until).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the store failed or the list is full. If the store failed, the
    /// revocation still holds in this process.
    pub async fn revoke(&self, issuer: Issuer, at: UnixSeconds) -> Result<(), StoreError> {
        self.shared.record(&[Revocation::Issuer { issuer, at }]).await
    }

    /// Revokes all tokens that an issuer was issued until now, by the clock of the list.
    ///
    /// Two calls in the same second revoke until the next second, because a user can sign in between
    /// them. Each further call adds a second, up to the grace period for `iat` (300 s by default).
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::RevocationList;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let list = RevocationList::in_memory();
    /// list.revoke_now("did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse()?).await?;
    /// assert_eq!(list.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_now(&self, issuer: Issuer) -> Result<(), StoreError> {
        let at = self.shared.logout_time(issuer, self.shared.clock.now(), false);
        self.revoke(issuer, at).await
    }

    /// Revokes a single token.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_token(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        self.shared.record(&[self.of_token(token)]).await
    }

    /// Revokes what a logout ends: every token that the user was issued until now, and every one
    /// that this server or another one has accepted, whatever its `iat`.
    ///
    /// The client writes `iat`, and its clock can run fast. A token that was accepted before that
    /// second is revoked by itself, so that the user can sign in again at once. Calling this again with
    /// the same token changes nothing within the same second.
    ///
    /// The given token is revoked even if no verifier would accept it yet, as long as its `iat` is
    /// less than the retention window ahead of what one accepts.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, StoreError, VerifiedToken};
    ///
    /// /// Logs a user out of this application, and leaves the sessions with Magic alone.
    /// async fn log_out(list: &RevocationList, user: &VerifiedToken) -> Result<(), StoreError> {
    ///     list.revoke_session(user).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_session(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let at = self.shared.logout_time(token.issuer(), now, self.revokes(token));
        let everything = Revocation::Issuer { issuer: token.issuer(), at };
        let issued_at = token.claims().issued_at();
        // No verifier with this list has accepted a token from beyond the grace period, but one will as
        // soon as that second is near enough. Entries for years to come would fill the list.
        let furthest =
            now.saturating_add(self.shared.issued_at_grace).saturating_add(self.shared.retention);
        if issued_at > at && issued_at <= furthest {
            self.shared.record(&[everything, self.of_token(token)]).await
        } else {
            self.shared.record(&[everything]).await
        }
    }

    /// Returns `true` if a token that was verified some time ago has been revoked.
    ///
    /// Verifying a token includes this. For sessions, see [`check_session`](Self::check_session).
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, VerifiedToken};
    ///
    /// /// A job that was queued for a user runs only if the user has not logged out since.
    /// fn may_run(list: &RevocationList, queued_by: &VerifiedToken) -> bool {
    ///     !list.revokes(queued_by)
    /// }
    /// ```
    #[must_use]
    pub fn revokes(&self, token: &VerifiedToken) -> bool {
        self.shared.table.revokes(token.issuer(), token.judged_at(), || token.fingerprint())
    }

    /// Starts a session of a user who has just signed in: returns the second to store in it.
    ///
    /// Store it with the issuer, and pass both to [`check_session`](Self::check_session) on every use of
    /// the session. It is the second in which the token was issued, so a logout that revokes the token
    /// ends the session, too, even if the entry about it arrives here later. It lies after every logout
    /// of the user that is known here. Times are whole seconds, so a user who has logged out can sign in
    /// again from the next second on.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Issuer, RevocationList, UnixSeconds, VerifiedToken, VerifyError};
    ///
    /// struct Session {
    ///     user: Issuer,
    ///     started: UnixSeconds,
    /// }
    ///
    /// fn sign_in(list: &RevocationList, user: &VerifiedToken) -> Result<Session, VerifyError> {
    ///     Ok(Session { user: user.issuer(), started: list.start_session(user)? })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Revoked`](VerifyErrorKind::Revoked): the user logged out after the token was verified.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable): the list may be incomplete.
    pub fn start_session(&self, token: &VerifiedToken) -> Result<UnixSeconds, VerifyError> {
        let now = self.shared.clock.now();
        // Before the lookups: a list that is completed in between was not complete for them.
        let in_sync = self.shared.check_sync(now);
        // Before the look at the token, so that a logout in between ends this session, too.
        let logged_out = self.shared.table.revoked_until(token.issuer());
        if self.revokes(token) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        in_sync?;
        Ok(self.shared.session_time(token, logged_out, now))
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
    /// # Examples
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
    ///   logout may have been forgotten. Set [`retention`](crate::revocation::RevocationListBuilder::retention) to the longest
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
        // Before the lookup: a list that is completed in between was not complete for it.
        let in_sync = self.shared.check_sync(now);
        if self.shared.ends_session(issuer, signed_in_at) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        in_sync
    }

    /// Applies an entry that was written elsewhere: by another server, or before a restart. Entries can
    /// arrive in any order, and more than once: a logout that arrives again does not end what began
    /// after it.
    ///
    /// A logout on another server can reveal tokens for the others to reject that only this server
    /// has accepted. Call [`publish_follow_ups`](Self::publish_follow_ups) after applying entries of
    /// other servers.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, revocation::Revocation};
    ///
    /// /// Applies a line that another server has written.
    /// fn follow(list: &RevocationList, line: &str) -> Result<(), Box<dyn std::error::Error>> {
    ///     let revocation: Revocation = line.parse()?;
    ///     Ok(list.apply(&revocation)?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the list is full.
    pub fn apply(&self, revocation: &Revocation) -> Result<(), StoreError> {
        self.shared.apply_from_elsewhere(revocation)
    }

    /// Writes to the store what entries of other servers made this one revoke; a no-op when that is
    /// nothing. Whatever follows the entries of other servers calls it after
    /// [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the store failed. The entries are kept for the next call.
    pub async fn publish_follow_ups(&self) -> Result<(), StoreError> {
        self.shared.publish_follow_ups().await
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
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::RevocationList;
    ///
    /// let list = RevocationList::in_memory();
    /// list.suspend(); // the connection to the other servers is lost
    /// list.resume(); // every entry that was missed has been applied
    /// ```
    pub fn suspend(&self) {
        self.trust_until(UnixSeconds::new(i64::MIN));
    }

    /// Ends [`suspend`](Self::suspend) and [`trust_until`](Self::trust_until).
    pub fn resume(&self) {
        self.trust_until(UnixSeconds::new(i64::MAX));
    }

    /// Suspends the list at `time` unless called again with a later time. Use it for a list synced
    /// from elsewhere, so that a process that was paused or starved does not keep trusting stale data.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::{RevocationList, UnixSeconds};
    ///
    /// /// Called whenever the list is known to be complete.
    /// fn in_sync(list: &RevocationList) {
    ///     list.trust_until(UnixSeconds::now().saturating_add(Duration::from_secs(30)));
    /// }
    /// ```
    pub fn trust_until(&self, time: UnixSeconds) {
        self.shared.trust_until(time);
    }

    /// Declares that entries about tokens and sessions from before `time` may be missing: they are
    /// rejected as too old (`ERROR_DIDT_TOO_OLD`). An earlier `time` than before changes nothing.
    ///
    /// For stores whose entries a shorter retention window has let go.
    pub fn incomplete_before(&self, time: UnixSeconds) {
        self.shared.incomplete_before(time);
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
        self.shared.check(proven, judged_at, now)
    }

    fn of_token(&self, token: &VerifiedToken) -> Revocation {
        Revocation::Token {
            issuer: token.issuer(),
            token: token.fingerprint(),
            issued_at: token.claims().issued_at(),
        }
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
