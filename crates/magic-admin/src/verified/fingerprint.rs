use std::fmt;

use sha3::{Digest, Keccak256};

use crate::types::{Claims, Issuer};

/// A hash that stores keep instead of a token or a challenge.
///
/// It covers the signed content, not the token string, which its holder can change without
/// invalidating the signature. The hash cannot be reversed.
///
/// # Examples
///
/// ```
/// use magic_admin::revocation::Fingerprint;
///
/// /// Returns the key under which a store keeps the fingerprint.
/// fn column(fingerprint: &Fingerprint) -> Vec<u8> {
///     fingerprint.as_bytes().to_vec()
/// }
///
/// let kept = Fingerprint::from_bytes([7; 32]);
/// assert_eq!(column(&kept), [7; 32]);
/// assert_eq!(format!("{kept:?}"), "Fingerprint([redacted])");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Creates a fingerprint from bytes kept by a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes for a store to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Hashes the ID of a token together with its issuer and audience.
    pub(crate) fn of_token(issuer: Issuer, claims: &Claims) -> Self {
        Self::of(
            "token",
            &[
                claims.audience().as_bytes(),
                issuer.address().as_bytes(),
                claims.token_id().as_bytes(),
            ],
        )
    }

    #[cfg(feature = "challenges")]
    pub(crate) fn of_challenge(nonce: &str) -> Self {
        Self::of("challenge", &[nonce.as_bytes()])
    }

    fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Keccak256::new().chain_update(kind);
        for part in parts {
            // Prefixing each part with its length keeps different lists of parts from hashing to
            // the same value.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint([redacted])")
    }
}
