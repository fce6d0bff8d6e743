use crate::{
    client::{ApiError, UserMetadata, Users, WalletType},
    verified::VerifiedToken,
};

/// The calls that take a token. They require a verified one; an unverified token does not compile.
impl Users<'_> {
    /// Returns what Magic knows about the user of a token, without wallets.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]; for a user that Magic does not know,
    /// [`ApiError::is_unknown_user`] is `true`.
    pub async fn metadata_by_token(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer(token.issuer()).await
    }

    /// Returns what Magic knows about the user of a token, with the wallets of one type.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]; for a user that Magic does not know,
    /// [`ApiError::is_unknown_user`] is `true`.
    pub async fn metadata_by_token_with_wallet(
        &self,
        token: &VerifiedToken,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer_with_wallet(token.issuer(), wallet_type).await
    }

    /// Logs the user of a token out of all Magic sessions.
    ///
    /// The token itself remains valid until it expires. A logout can safely be repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{ApiError, Magic, VerifiedToken};
    ///
    /// async fn log_out(magic: &Magic, user: &VerifiedToken) -> Result<(), ApiError> {
    ///     match magic.users().logout_by_token(user).await {
    ///         // Nothing to end there.
    ///         Err(error) if error.is_unknown_user() => Ok(()),
    ///         other => other,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`] unless Magic confirmed the logout.
    pub async fn logout_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.logout_by_issuer(token.issuer()).await
    }

    /// Removes multi-factor authentication from the account of a token's user.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`] unless Magic confirmed the removal.
    pub async fn remove_mfa_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.remove_mfa_by_issuer(token.issuer()).await
    }
}
