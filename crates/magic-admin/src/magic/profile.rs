use super::{Magic, profiles::Subject};
use crate::{
    client::{ApiError, UserMetadata},
    verified::VerifiedToken,
};

impl Magic {
    /// Returns what Magic knows about the user of a token, from memory or from the Admin API.
    ///
    /// A profile is remembered for 5 min, that Magic does not know a user for 60 s, and a failure for
    /// 1 s. However many requests wait for one user, Magic is asked once. A logout of the user ends
    /// what is remembered: one through this `Magic` or a clone of it at once, one on another server
    /// as soon as the [`RevocationList`](crate::RevocationList) knows of it.
    /// [`MagicBuilder::profiles`](crate::MagicBuilder::profiles) changes the times, says which wallets
    /// are fetched, and lets old profiles be served while Magic is down.
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
    /// Returns an [`ApiError`]; for a user that Magic does not know,
    /// [`ApiError::is_unknown_user`] is `true`.
    ///
    /// # Security
    ///
    /// A user who is not remembered costs one of the 500 calls that Magic allows within a minute, and
    /// anyone can sign tokens with any number of keys. Limit the rate of requests from strangers.
    pub async fn profile(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.profiles().recall_or_ask(self.subject(token)).await
    }

    /// Asks Magic about the user of a token whatever is remembered, and remembers the answer for
    /// [`profile`](Self::profile).
    ///
    /// For a sign-in, or after the user has changed their e-mail address. Never returns an old profile.
    ///
    /// # Errors
    ///
    /// As [`profile`](Self::profile).
    pub async fn refresh_profile(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.profiles().ask_anew(self.subject(token)).await
    }

    /// Returns what [`profile`](Self::profile) would return without asking Magic; `None` if it would
    /// ask.
    ///
    /// For an application that limits the calls of strangers, and not those that cost nothing.
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
