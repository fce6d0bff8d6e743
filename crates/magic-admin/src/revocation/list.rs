use std::{fmt, sync::Arc, time::Duration};

use super::{Revocation, shared::Shared};
use crate::{
    types::{Issuer, StoreError, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Proven, VerifiedToken},
};

/// A list of tokens that are rejected although they have not expired, because their user logged
/// out.
///
/// In addition to the checks of the protocol, a [`Verifier`](crate::Verifier) with a list rejects:
///
/// - tokens whose `iat` is further in the future than the grace period
///   (`ERROR_DIDT_CANNOT_BE_USED_YET`), because the client writes `iat`;
/// - tokens older than the retention window (`ERROR_DIDT_TOO_OLD`), so that forgetting an entry
///   never makes a token valid again;
/// - tokens that an entry revokes (`ERROR_DIDT_REVOKED`).
///
/// Lookups are local to the process and never wait. Entries are kept for the retention window, and
/// their number is bounded. A full list does not forget entries; instead, it revokes the older
/// tokens of all users.
///
/// Times are whole seconds. A new token is rejected if it was issued in the same second as a logout
/// or, if the client's clock is slow, for as long as that clock lags behind. To avoid this, sign
/// users in with [`Challenges`](crate::single_use).
///
/// A list is cheap to clone, and clones share all entries.
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
    /// Revokes all tokens of an issuer whose `iat` is at or before `at`.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Issuer, RevocationList, StoreError, UnixSeconds};
    ///
    /// /// Rejects everything issued before the user replaced a stolen key.
    /// async fn stolen(list: &RevocationList, user: Issuer, until: UnixSeconds) -> Result<(), StoreError> {
    ///     list.revoke(user, until).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the store fails or the list is full. If the store fails, the
    /// revocation still applies in this process.
    pub async fn revoke(&self, issuer: Issuer, at: UnixSeconds) -> Result<(), StoreError> {
        self.shared.record(&[Revocation::Issuer { issuer, at }]).await
    }

    /// Revokes all tokens of an issuer that were issued until now, according to the clock of the
    /// list.
    ///
    /// If it is called twice in the same second, the second call revokes everything up to the next
    /// second, because the user may have signed in between the two. Each further call adds a
    /// second, up to the grace period for `iat` (300 s by default).
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
    /// Returns the errors of [`revoke`](Self::revoke).
    pub async fn revoke_now(&self, issuer: Issuer) -> Result<(), StoreError> {
        let at = self.shared.logout_time(issuer, self.shared.clock.now(), false);
        self.revoke(issuer, at).await
    }

    /// Revokes a single token.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`revoke`](Self::revoke).
    pub async fn revoke_token(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        self.shared.record(&[self.of_token(token)]).await
    }

    /// Revokes everything that a logout ends: all tokens issued to the user until now, and all
    /// tokens that this server or any other has already accepted, whatever their `iat`.
    ///
    /// The client writes `iat`, and its clock may be fast. A token that was accepted before its
    /// `iat` is revoked individually, so that the user can sign in again immediately. Calling this
    /// method again with the same token within the same second has no further effect.
    ///
    /// The given token is revoked even if no verifier would accept it yet, as long as its `iat`
    /// lies less than the retention window beyond the grace period.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, StoreError, VerifiedToken};
    ///
    /// /// Logs a user out of this application only, leaving the sessions at Magic untouched.
    /// async fn log_out(list: &RevocationList, user: &VerifiedToken) -> Result<(), StoreError> {
    ///     list.revoke_session(user).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`revoke`](Self::revoke).
    pub async fn revoke_session(&self, token: &VerifiedToken) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let at = self.shared.logout_time(token.issuer(), now, self.revokes(token));
        let everything = Revocation::Issuer { issuer: token.issuer(), at };
        let issued_at = token.claims().issued_at();
        let is_near = issued_at <= now.saturating_add(self.shared.issued_at_grace);
        if issued_at > at && (is_near || self.shared.has_room_for_later(issued_at, now)) {
            self.shared.record(&[everything, self.of_token(token)]).await
        } else {
            self.shared.record(&[everything]).await
        }
    }

    /// Returns `true` if a token that was verified earlier has been revoked since.
    ///
    /// Verifying a token includes this check. For sessions, see
    /// [`check_session`](Self::check_session).
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, VerifiedToken};
    ///
    /// /// Runs a queued job only if its user has not logged out since.
    /// fn may_run(list: &RevocationList, queued_by: &VerifiedToken) -> bool {
    ///     !list.revokes(queued_by)
    /// }
    /// ```
    #[must_use]
    pub fn revokes(&self, token: &VerifiedToken) -> bool {
        self.shared.table.revokes(token.issuer(), token.judged_at(), || token.fingerprint())
    }

    /// Returns the start time to store in a new session of a user who has just signed in.
    ///
    /// Store it together with the issuer, and pass both to [`check_session`](Self::check_session)
    /// whenever the session is used. It is the second in which the token or its challenge was
    /// issued, so a logout that revokes the token also ends the session, even if its entry arrives
    /// here later. For a token whose `iat` is in the future, it is a minute before the token was
    /// accepted.
    ///
    /// It is always later than every logout of the user that is known here. Times are whole
    /// seconds, so a user who has logged out can sign in again from the next second on.
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
    /// - [`Revoked`](VerifyErrorKind::Revoked) if the user logged out after the token was verified.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable) if the list may be incomplete.
    pub fn start_session(&self, token: &VerifiedToken) -> Result<UnixSeconds, VerifyError> {
        let now = self.shared.clock.now();
        // Check this before the lookups: if the list is completed in between, they saw it
        // incomplete.
        let in_sync = self.shared.check_sync(now);
        // Read this before checking the token, so that a logout in between also ends this session.
        let logged_out = self.shared.table.revoked_until(token.issuer());
        if self.revokes(token) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        in_sync?;
        Ok(self.shared.session_time(token, logged_out, now))
    }

    /// Checks that a user has not logged out since a session started.
    ///
    /// Call it on every use of a session to end the sessions on a user's other devices, on this
    /// server and on every server that shares the list. It supports two kinds of logout:
    ///
    /// - **Everywhere**: the logout route, [`revoke_session`](Self::revoke_session) and
    ///   [`revoke_now`](Self::revoke_now) end all sessions and tokens of the user.
    /// - **This device only**: call [`revoke_token`](Self::revoke_token) and delete the current
    ///   session. The other sessions and tokens stay valid.
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
    /// - [`Revoked`](VerifyErrorKind::Revoked) if the user logged out in or after that second.
    /// - [`TooOld`](VerifyErrorKind::TooOld) if the session is older than the retention window,
    ///   because a logout may have been forgotten. Set
    ///   [`retention`](crate::revocation::RevocationListBuilder::retention) to the longest lifetime
    ///   of a session.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable) if the list may be incomplete.
    pub fn check_session(
        &self,
        issuer: Issuer,
        signed_in_at: UnixSeconds,
    ) -> Result<(), VerifyError> {
        let now = self.shared.clock.now();
        // Check this first: if the list is completed in between, the lookups saw it incomplete.
        let in_sync = self.shared.check_sync(now);
        if signed_in_at < self.shared.oldest(now) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        if self.shared.ends_session(issuer, signed_in_at) {
            return Err(VerifyError::new(VerifyErrorKind::Revoked));
        }
        in_sync
    }

    /// Applies an entry that was written elsewhere, either by another server or before a restart.
    ///
    /// Entries can arrive in any order and more than once. A user's last logout that arrives again
    /// does not end tokens or sessions that started after it.
    ///
    /// A logout on another server can cause this list to revoke tokens that only this server has
    /// accepted, and the other servers need to know about them. Call
    /// [`publish_follow_ups`](Self::publish_follow_ups) after applying the entries of other
    /// servers.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, revocation::Revocation};
    ///
    /// /// Applies a line written by another server.
    /// fn follow(list: &RevocationList, line: &str) -> Result<(), Box<dyn std::error::Error>> {
    ///     let revocation: Revocation = line.parse()?;
    ///     Ok(list.apply(&revocation)?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the list is full.
    pub fn apply(&self, revocation: &Revocation) -> Result<(), StoreError> {
        self.shared.apply_from_elsewhere(revocation)
    }

    /// Writes to the store the entries that this list added in response to those of other servers.
    ///
    /// It is a no-op if there are none.
    ///
    /// Call it after [`apply`](Self::apply), if you apply the entries of other servers yourself.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the store fails. The entries are kept for the next call.
    pub async fn publish_follow_ups(&self) -> Result<(), StoreError> {
        self.shared.publish_follow_ups().await
    }

    /// Returns all entries in no particular order, for example to copy them to another store.
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

    /// Returns the retention window: how long entries are kept, and how old a token or session may
    /// be.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.shared.retention
    }

    /// Makes verifiers reject every token as unavailable (`ERROR_UNAVAILABLE`), because the list is
    /// known to lack entries.
    ///
    /// Tokens that the list revokes are still rejected as revoked.
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
        self.shared.suspend();
    }

    /// Undoes [`suspend`](Self::suspend) and [`trust_until`](Self::trust_until).
    pub fn resume(&self) {
        self.shared.resume();
    }

    /// Suspends the list at `time`, unless this method is called again with a later time.
    ///
    /// Use it for a list synced from elsewhere, so that a process that was paused or starved does
    /// not keep trusting stale data.
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

    /// Declares that entries about tokens and sessions from before `time` may be missing.
    ///
    /// Such tokens and sessions are rejected as too old (`ERROR_DIDT_TOO_OLD`).
    ///
    /// Calling it again with an earlier time has no effect. Use it for stores that discarded
    /// entries under a shorter retention window.
    pub fn incomplete_before(&self, time: UnixSeconds) {
        self.shared.incomplete_before(time);
    }

    /// Rejects revoked tokens, and all tokens while the list may be incomplete.
    ///
    /// Because the client writes `iat` and entries are forgotten eventually, tokens from the future
    /// and from before the retention window are rejected too. `judged_at` is the second by which
    /// the token is judged.
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
            // A token with a challenge is judged by a second that can be later than its `iat`.
            issued_at: token.claims().issued_at().max(token.judged_at()),
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
