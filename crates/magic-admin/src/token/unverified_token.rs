use std::fmt;

use super::{DecodeError, claims, envelope};
use crate::types::{Address, Claims, Issuer};

/// A token that was decoded but not verified: **anyone may have written any part of it**.
///
/// For tools that inspect tokens. To authenticate a user, use a [`Verifier`](crate::Verifier).
///
/// # Examples
///
/// ```
/// use magic_admin::dangerous::UnverifiedToken;
///
/// fn inspect(token: &str) -> Result<(), magic_admin::DecodeError> {
///     let token = UnverifiedToken::decode(token)?;
///     println!("claims to be from {}", token.claims().issuer());
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct UnverifiedToken {
    proof: String,
    claim: String,
    claims: Claims,
}

impl UnverifiedToken {
    /// Decodes a token, which is the first step of verification, and runs no other check.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{DecodeErrorKind, dangerous::UnverifiedToken};
    ///
    /// let error = UnverifiedToken::decode("not a token").unwrap_err();
    /// assert_eq!(error.kind(), DecodeErrorKind::Base64);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`DecodeError`] if the string is not a token. The proof may be any string.
    pub fn decode(token: &str) -> Result<Self, DecodeError> {
        envelope::open(token, |proof, claim| {
            Ok(Self {
                claims: claims::read(claim)?,
                proof: proof.to_owned(),
                claim: claim.to_owned(),
            })
        })
    }

    /// Returns the first string of the token, which is supposed to be a signature over
    /// [`claim`](Self::claim).
    #[must_use]
    pub fn proof(&self) -> &str {
        &self.proof
    }

    /// Returns the second string of the token, byte for byte. This is the JSON that was signed.
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// Returns the claims of the token.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Returns the claimed issuer, or `None` if `iss` is not a well-formed issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        self.claims.issuer().parse().ok()
    }

    /// Returns the address of the claimed issuer, or `None` if `iss` is not a well-formed issuer.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        self.issuer().map(|issuer| issuer.address())
    }
}

impl fmt::Debug for UnverifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}
