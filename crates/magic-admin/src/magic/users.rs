use crate::{
    client::{ApiError, UserMetadata, Users, WalletType},
    verified::VerifiedToken,
};

/// What takes a token, and takes only a verified one: an unchecked token does not compile.
impl Users<'_> {
    /// What Magic knows about the user of a token; no wallets.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]; a user that Magic does not know is one with status 404.
    pub async fn metadata_by_token(&self, token: &VerifiedToken) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer(token.issuer()).await
    }

    /// What Magic knows about the user of a token, with the wallets of a type.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]; a user that Magic does not know is one with status 404.
    pub async fn metadata_by_token_with_wallet(
        &self,
        token: &VerifiedToken,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata_by_issuer_with_wallet(token.issuer(), wallet_type).await
    }

    /// Logs the user of a token out of all Magic sessions.
    ///
    /// The token itself stays valid until it expires. Repeating a logout does no harm.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]: only `Ok` says that Magic confirmed the logout.
    pub async fn logout_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.logout_by_issuer(token.issuer()).await
    }

    /// Removes multi-factor authentication from the account of a token's user.
    ///
    /// # Errors
    ///
    /// An [`ApiError`]: only `Ok` says that Magic confirmed the removal.
    pub async fn remove_mfa_by_token(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        self.remove_mfa_by_issuer(token.issuer()).await
    }
}
