use std::fmt;

use super::{DecodeError, claims, envelope};
use crate::types::{Address, Claims, Issuer};

/// A token that was read, not verified: **anybody can have written every word of it**.
///
/// For people who inspect tokens. To authenticate a user, use a [`Verifier`](crate::Verifier).
///
/// ```
/// use magic_admin::dangerous::UnverifiedToken;
///
/// fn inspect(token: &str) -> Result<(), magic_admin::DecodeError> {
///     let token = UnverifiedToken::decode(token)?;
///     println!("claims to be of {}", token.claims().issuer());
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
    /// Reads the text of a token: the first step of verification, and no other.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] when the text is not that of a token; the proof can be any string.
    pub fn decode(token: &str) -> Result<Self, DecodeError> {
        envelope::open(token, |proof, claim| {
            Ok(Self {
                claims: claims::read(claim)?,
                proof: proof.to_owned(),
                claim: claim.to_owned(),
            })
        })
    }

    /// The first string of the token: what should be a signature over [`claim`](Self::claim).
    #[must_use]
    pub fn proof(&self) -> &str {
        &self.proof
    }

    /// The second string of the token, byte for byte: the JSON that was signed.
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// What the token claims.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The issuer that the token claims; `None` when `iss` does not have the form of one.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        self.claims.issuer().parse().ok()
    }

    /// The address in the issuer that the token claims.
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
