use sha3::{Digest, Keccak256};

use super::answer::RpcError;
use crate::{TestUser, server::FakeUser};

/// The e-mail address or phone number used for a sign-in.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Identity {
    Email(String),
    Phone(String),
}

impl Identity {
    pub(super) fn email(text: &str) -> Result<Self, RpcError> {
        let parts = text.split_once('@');
        if parts.is_some_and(|(name, domain)| {
            !name.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
        }) {
            Ok(Self::Email(text.to_owned()))
        } else {
            Err(RpcError::invalid_params("Please provide a valid email address."))
        }
    }

    pub(super) fn phone(text: &str) -> Result<Self, RpcError> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self::Phone(text.to_owned()))
        } else {
            Err(RpcError::invalid_params("Please provide a phone number such as +15550100."))
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }

    pub(super) fn is(&self, user: &FakeUser) -> bool {
        let (field, text) = match self {
            Self::Email(text) => ("email", text),
            Self::Phone(text) => ("phone_number", text),
        };
        user.text(field).is_some_and(|known| known.eq_ignore_ascii_case(text))
    }

    /// Creates the user with this e-mail address or phone number. The same seed always yields the
    /// same key.
    pub(super) fn user(&self, seed: u64) -> FakeUser {
        let user = FakeUser::from(self.key(seed));
        match self {
            Self::Email(text) => user.email(text.as_str()),
            Self::Phone(text) => user.phone_number(text.as_str()),
        }
    }

    fn key(&self, seed: u64) -> TestUser {
        let text = self.text().to_ascii_lowercase();
        // The probability that even one hash is not a valid private key is about 2^-128.
        (0_u8..=u8::MAX)
            .find_map(|attempt| {
                let hash = Keccak256::new()
                    .chain_update(b"magic-admin-testkit browser user")
                    .chain_update(seed.to_be_bytes())
                    .chain_update([attempt])
                    .chain_update(text.as_bytes())
                    .finalize();
                TestUser::from_private_key(hash.into()).ok()
            })
            .unwrap_or_else(|| TestUser::from_seed(seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_email_and_seed() {
        let address = |email, seed| {
            let identity = Identity::email(email).unwrap();
            identity.user(seed).issuer().address().to_string()
        };
        // A literal, so that a later version cannot change it unnoticed.
        assert_eq!(address("dora@example.com", 0), "0x093c72e2F736632F86c77dCC07D16A77d6A7b9F9");
        assert_eq!(address("DORA@example.com", 0), address("dora@example.com", 0));
        assert_ne!(address("dora@example.com", 1), address("dora@example.com", 0));
        assert_ne!(address("dave@example.com", 0), address("dora@example.com", 0));
    }

    #[test]
    fn rejects_malformed_identities() {
        for wrong in ["", "@", "dora", "dora@", "@example.com", "do ra@example.com"] {
            assert!(Identity::email(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "+", "5550100", "+1 555 0100"] {
            assert!(Identity::phone(wrong).is_err(), "{wrong}");
        }
        assert!(Identity::phone("+15550100").is_ok());
    }
}
