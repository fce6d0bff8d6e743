use crate::{
    client::{ApiError, UserMetadata, Users, WalletType},
    verified::VerifiedToken,
};

/// Methods that take a verified token. Passing an unverified token is a compile error.
impl Users<'_> {
    /// Returns the metadata of a token's user, without wallets.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]. If Magic does not know the user, [`ApiError::is_unknown_user`]
    /// returns `true`.
    pub async fn metadata_by_token(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer(token.issuer()).await
    }

    /// Returns the metadata of a token's user, with the wallets of the given type.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]. If Magic does not know the user, [`ApiError::is_unknown_user`]
    /// returns `true`.
    pub async fn metadata_by_token_with_wallet(
        &self,
        token: &VerifiedToken,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer_with_wallet(token.issuer(), wallet_type).await
    }

    /// Logs a token's user out of all Magic sessions.
    ///
    /// The token itself remains valid until it expires. The call is idempotent.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{ApiError, Magic, VerifiedToken};
    ///
    /// async fn log_out(magic: &Magic, user: &VerifiedToken) -> Result<(), ApiError> {
    ///     match magic.users().logout_by_token(user).await {
    ///         // The user has no sessions at Magic.
    ///         Err(error) if error.is_unknown_user() => Ok(()),
    ///         other => other,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`] unless Magic confirms the logout.
    pub async fn logout_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.logout_by_issuer(token.issuer()).await
    }

    /// Removes multi-factor authentication from the account of a token's user.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`] unless Magic confirms the removal.
    pub async fn remove_mfa_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.remove_mfa_by_issuer(token.issuer()).await
    }
}
