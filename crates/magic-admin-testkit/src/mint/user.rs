use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE};
use magic_admin::{Address, Issuer};
use secp256k1::{PublicKey, SecretKey};
use sha3::{Digest, Keccak256};

use super::Signature;

/// A Magic user whose private key is known to the test, so that it can sign tokens and attachments.
///
/// # Security
///
/// Never use these keys for anything of value. Keys derived from a seed are publicly known.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::TestUser;
///
/// let user = TestUser::from_seed(1);
/// assert_eq!(user.address().to_string(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
/// ```
#[derive(Clone)]
pub struct TestUser {
    key: SecretKey,
    address: [u8; 20],
    subject: String,
}

impl TestUser {
    /// Creates the user whose private key **is** this number, as 32 bytes in big-endian order.
    ///
    /// Every Ethereum tool derives the same address from it. Different seeds yield different users.
    /// The number 0 is not a valid private key, so it stands for 2⁶⁴.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let number = if seed == 0 { 1 << 64 } else { u128::from(seed) };
        let mut bytes = [0; 32];
        let (_, low) = bytes.split_at_mut(16);
        low.copy_from_slice(&number.to_be_bytes());
        #[expect(clippy::expect_used, reason = "1 to 2⁶⁴ is far below the order of the curve")]
        let key = SecretKey::from_secret_bytes(bytes).expect("a small positive number is a key");
        Self::from_key(key)
    }

    /// Creates the user with this private key. For a hex string, use
    /// [`FromStr`](#impl-FromStr-for-TestUser).
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not a private key, which must be non-zero and below the
    /// order of secp256k1.
    pub fn from_private_key(bytes: [u8; 32]) -> Result<Self, KeyError> {
        SecretKey::from_secret_bytes(bytes).map(Self::from_key).map_err(|_| KeyError(()))
    }

    /// Sets `sub`, Magic's opaque ID of the user.
    ///
    /// The default is the base64url encoding of a hash of the address, which has the same length as
    /// Magic's IDs.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Returns the address of the user's key.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from_bytes(self.address)
    }

    /// Returns the issuer of the user's tokens.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.address().into()
    }

    /// Returns the `sub` of the user's tokens.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Signs `message` with Ethereum's `personal_sign` (EIP-191), as a wallet does.
    #[must_use]
    pub fn personal_sign(&self, message: impl AsRef<[u8]>) -> Signature {
        Signature::personal_sign(&self.key, message.as_ref())
    }

    /// Returns `did:ethr:` followed by the address with its EIP-55 checksum. Does not use the code
    /// of `magic-admin`, because the tokens are meant to test it.
    pub(super) fn issuer_claim(&self) -> String {
        let lower = const_hex::encode(self.address);
        let hash = const_hex::encode(Keccak256::digest(&lower));
        let digits = lower.chars().zip(hash.chars());
        let checksummed =
            digits.map(|(digit, h)| if h >= '8' { digit.to_ascii_uppercase() } else { digit });
        ["did:ethr:0x".to_owned(), checksummed.collect()].concat()
    }

    fn from_key(key: SecretKey) -> Self {
        // The first byte only indicates that both coordinates follow.
        let [_, point @ ..] = PublicKey::from_secret_key(&key).serialize_uncompressed();
        let mut address = [0; 20];
        for (byte, hashed) in address.iter_mut().zip(Keccak256::digest(point).iter().skip(12)) {
            *byte = *hashed;
        }
        let subject = URL_SAFE.encode(Keccak256::digest(address));
        Self { key, address, subject }
    }
}

/// Parses a private key of 64 hex digits, with or without `0x`. Surrounding white space is ignored,
/// so the contents of a file can be passed as is.
impl FromStr for TestUser {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = [0; 32];
        if digits.len() != 64 || const_hex::decode_to_slice(digits, &mut bytes).is_err() {
            return Err(KeyError(()));
        }
        Self::from_private_key(bytes)
    }
}

impl From<&TestUser> for Issuer {
    fn from(user: &TestUser) -> Self {
        user.issuer()
    }
}

/// Shows only the address.
impl fmt::Debug for TestUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestUser").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// Error returned when a string or bytes are not a private key. It does not contain the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a secp256k1 private key: expected 64 hex digits, non-zero and below the order of the curve"
)]
pub struct KeyError(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_private_key_itself() {
        // Addresses of the private keys 1 and 2, as every Ethereum tool derives them.
        for (seed, address) in [
            (1, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
            (2, "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"),
        ] {
            let user = TestUser::from_seed(seed);
            assert_eq!(user.issuer_claim(), format!("did:ethr:{address}"));
            let same: TestUser = format!("0x{seed:064x}\n").parse().unwrap();
            assert_eq!(same.address(), user.address());
        }
    }

    #[test]
    fn the_core_formats_the_same_issuer() {
        for seed in (0..64).chain([u64::MAX]) {
            let user = TestUser::from_seed(seed);
            assert_eq!(user.issuer_claim(), user.issuer().to_string());
        }
    }

    #[test]
    fn seed_zero_is_a_separate_user() {
        let key: TestUser = format!("{:064x}", 1_u128 << 64).parse().unwrap();
        assert_eq!(TestUser::from_seed(0).address(), key.address());
    }

    #[test]
    fn rejects_invalid_keys() {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        for text in ["", "0x", "1", &"0".repeat(64), order, &"0".repeat(66), &"zz".repeat(32)] {
            assert!(text.parse::<TestUser>().is_err(), "{text:?}");
        }
        assert!(format!("0x0x{}", "1".repeat(62)).parse::<TestUser>().is_err());
    }

    #[test]
    fn debug_omits_key_and_subject() {
        let user = TestUser::from_seed(0x00ab_cdef).with_subject("secret-sub");
        let shown = format!("{user:?}").to_lowercase();
        assert!(!shown.contains("abcdef") && !shown.contains("secret-sub"), "{shown}");
    }
}
