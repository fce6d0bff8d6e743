use super::{Magic, profiles::Subject};
use crate::{
    client::{ApiError, UserMetadata},
    verified::VerifiedToken,
};

impl Magic {
    /// Returns the metadata of a token's user, from the cache or from the Admin API.
    ///
    /// A profile is cached for 5 min, an unknown user for 60 s, and a failure for 1 s. If several
    /// requests wait for the same user, only one call is made. A logout invalidates the cached
    /// profile: immediately if the user was logged out through this `Magic` or a clone of it,
    /// otherwise as soon as the [`RevocationList`](crate::RevocationList) learns of it. Use
    /// [`MagicBuilder::profiles`](crate::MagicBuilder::profiles) to change these times, to select
    /// the wallets to fetch, and to allow serving stale profiles while Magic is down.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use magic_admin::{ApiError, Magic, VerifiedToken};
    ///
    /// async fn email(magic: &Magic, user: &VerifiedToken) -> Result<Option<String>, ApiError> {
    ///     let profile = magic.profile(user).await?;
    ///     Ok(profile.email().map(str::to_owned))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]. If Magic does not know the user, [`ApiError::is_unknown_user`]
    /// returns `true`.
    ///
    /// # Security
    ///
    /// Every cache miss costs one of the 500 calls per minute that Magic allows, and anyone can
    /// sign tokens with any number of keys. Rate limit requests from unknown users.
    pub async fn profile(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.profiles().recall_or_ask(self.subject(token)).await
    }

    /// Fetches the metadata of a token's user from Magic, bypassing the cache, and caches the
    /// result for [`profile`](Self::profile).
    ///
    /// Use it at sign-in, or after a user has changed their e-mail address. It never returns a
    /// stale profile.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`profile`](Self::profile).
    pub async fn refresh_profile(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.profiles().ask_anew(self.subject(token)).await
    }

    /// Returns the cached result of [`profile`](Self::profile), or `None` if `profile` would have
    /// to call Magic.
    ///
    /// Use it to rate limit only those requests that cost a call to Magic.
    #[must_use]
    pub fn remembered_profile(
        &self,
        token: &VerifiedToken,
    ) -> Option<Result<UserMetadata, ApiError>> {
        self.profiles().recall(self.subject(token))
    }

    fn subject(&self, token: &VerifiedToken) -> Subject<'_> {
        Subject { issuer: token.issuer(), client: self.client(), revocations: self.revocations() }
    }
}
