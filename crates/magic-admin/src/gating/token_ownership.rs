use serde::Serialize;

use super::{Chain, GatingError, Ownership, Requirement, Uint256};
use crate::types::{Address, VerifyError, VerifyErrorKind};

/// The token standards that Magic's official SDKs support.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::ContractType;
///
/// assert_ne!(ContractType::Erc721, ContractType::Erc1155);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContractType {
    /// `ERC721`. Without a token ID, any token of the contract is accepted.
    Erc721,
    /// `ERC1155`. Requires a token ID.
    Erc1155,
}

/// The result of [`Magic::validate_token_ownership`](crate::Magic::validate_token_ownership), in
/// the same form as in the official SDKs.
///
/// Serialises as `{"valid", "error_code", "message"}`.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::TokenOwnership;
///
/// fn is_member(answer: &TokenOwnership) -> bool {
///     answer.valid()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenOwnership {
    valid: bool,
    error_code: &'static str,
    message: String,
}

/// Error returned when [`Magic::validate_token_ownership`](crate::Magic::validate_token_ownership)
/// has no result.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::TokenOwnershipError;
///
/// fn try_again_later(error: &TokenOwnershipError) -> bool {
///     !matches!(error, TokenOwnershipError::TokenIdRequired)
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenOwnershipError {
    /// The standard is ERC-1155, but there is no token ID.
    #[error("ERC1155 requires a token id")]
    TokenIdRequired,
    /// The DID token cannot be verified at the moment. (A rejected DID token results in
    /// `UNAUTHORIZED` instead.)
    #[error(transparent)]
    Verify(VerifyError),
    /// Ownership could not be checked.
    #[error(transparent)]
    Gating(GatingError),
}

impl TokenOwnership {
    /// Returns `true` if the DID token is valid, and its user owns the token.
    #[must_use]
    pub const fn valid(&self) -> bool {
        self.valid
    }

    /// Returns `UNAUTHORIZED` for a DID token that was rejected, `NO_OWNERSHIP` for a user who does
    /// not own the token, and an empty string otherwise.
    #[must_use]
    pub const fn error_code(&self) -> &'static str {
        self.error_code
    }

    /// Returns the same message as the official SDKs.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the result for a DID token that was not accepted.
    pub(crate) fn unauthorized(error: VerifyError) -> Result<Self, TokenOwnershipError> {
        if error.kind() == VerifyErrorKind::Unavailable {
            return Err(TokenOwnershipError::Verify(error));
        }
        let message = format!("Invalid DID token: {}", error.code());
        Ok(Self { valid: false, error_code: "UNAUTHORIZED", message })
    }
}

impl From<Ownership> for TokenOwnership {
    fn from(ownership: Ownership) -> Self {
        match ownership {
            Ownership::Owns => Self { valid: true, error_code: "", message: String::new() },
            Ownership::DoesNotOwn => Self {
                valid: false,
                error_code: "NO_OWNERSHIP",
                message: "User does not own this token.".to_owned(),
            },
        }
    }
}

impl ContractType {
    /// Converts the arguments of the official function to a requirement.
    pub(crate) fn requirement(
        self,
        chain: &Chain,
        contract: Address,
        token_id: Option<Uint256>,
    ) -> Result<Requirement, TokenOwnershipError> {
        match (self, token_id) {
            (Self::Erc721, None) => Ok(chain.erc721(contract).into()),
            (Self::Erc721, Some(id)) => Ok(chain.erc721(contract).token(id)),
            (Self::Erc1155, Some(id)) => Ok(chain.erc1155(contract).token(id).into()),
            (Self::Erc1155, None) => Err(TokenOwnershipError::TokenIdRequired),
        }
    }
}
