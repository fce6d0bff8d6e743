use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use super::ParseError;

/// The Ethereum address of a user's signing key: 20 bytes.
///
/// Displays in the mixed-case checksum form of [EIP-55]. Parses `0x` followed by 40 hex digits that
/// are all lower case, all upper case, or mixed case with a correct checksum, which catches most
/// typing errors. ENS names are not resolved. Addresses are compared as bytes.
///
/// # Examples
///
/// ```
/// use magic_admin::Address;
///
/// let address: Address = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf".parse()?;
/// assert_eq!(address.to_string(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
///
/// let mistyped = "0x7E5F4552091A69125d5DfCb7b8C2659029395BdF";
/// assert!(mistyped.parse::<Address>().is_err());
/// # Ok::<(), magic_admin::ParseError>(())
/// ```
///
/// [EIP-55]: https://eips.ethereum.org/EIPS/eip-55
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Address([u8; Self::LEN]);

impl Address {
    const LEN: usize = 20;

    /// Creates an address from its 20 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::Address;
    ///
    /// /// The bytes as a database returns them.
    /// fn from_row(bytes: &[u8]) -> Option<Address> {
    ///     Some(Address::from_bytes(bytes.try_into().ok()?))
    /// }
    ///
    /// assert!(from_row(&[0; 20]).is_some() && from_row(&[0; 19]).is_none());
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Returns the 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Parses exactly 40 hex digits in any case, without a prefix.
    pub(crate) fn from_hex_digits(digits: &str) -> Option<Self> {
        // `const_hex` accepts an optional `0x`; the length check rules it out.
        let mut bytes = [0; Self::LEN];
        if digits.len() != 2 * Self::LEN {
            return None;
        }
        const_hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl AsRef<[u8]> for Address {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = const_hex::Buffer::<{ Self::LEN }>::new();
        let lower: &str = buffer.format(&self.0);
        let hash = Keccak256::digest(lower.as_bytes());
        let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);

        f.write_str("0x")?;
        for (digit, nibble) in lower.chars().zip(nibbles) {
            let upper = nibble >= 8;
            fmt::Write::write_char(f, if upper { digit.to_ascii_uppercase() } else { digit })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let address = text.strip_prefix("0x").and_then(Self::from_hex_digits).ok_or_else(|| {
            if text.contains('.') {
                const {
                    ParseError::new(
                        "an address: ENS names are not resolved, use `0x` and 40 hex digits",
                    )
                }
            } else {
                const { ParseError::new("an address: `0x` and 40 hex digits") }
            }
        })?;
        let is_mixed = text.bytes().any(|byte| matches!(byte, b'a'..=b'f'))
            && text.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_mixed && address.to_string() != text {
            return Err(const {
                ParseError::new(
                    "an address: its EIP-55 checksum is wrong, check it or use lower case",
                )
            });
        }
        Ok(address)
    }
}

impl TryFrom<String> for Address {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test cases from EIP-55.
    const EIP_55: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn displays_the_eip_55_checksum() {
        for checksummed in EIP_55 {
            let lower = checksummed.to_ascii_lowercase();
            let upper = format!("0x{}", &checksummed[2..].to_ascii_uppercase());
            for text in [checksummed, &lower, &upper] {
                assert_eq!(text.parse::<Address>().unwrap().to_string(), checksummed);
            }
        }
    }

    #[test]
    fn mixed_case_needs_a_valid_checksum() {
        for checksummed in EIP_55 {
            for (at, digit) in checksummed.char_indices().skip(2) {
                let flipped = if digit.is_ascii_uppercase() {
                    digit.to_ascii_lowercase()
                } else {
                    digit.to_ascii_uppercase()
                };
                let text = format!("{}{flipped}{}", &checksummed[..at], &checksummed[at + 1..]);
                let digits = &text[2..];
                let is_uniform = digits == digits.to_lowercase() || digits == digits.to_uppercase();
                if digit.is_alphabetic() && !is_uniform {
                    let error = text.parse::<Address>().unwrap_err();
                    assert!(error.to_string().contains("EIP-55"), "{text}: {error}");
                }
            }
        }
    }

    #[test]
    fn ens_names_have_their_own_error() {
        for name in ["vitalik.eth", "a.b.example", "0x.eth"] {
            let error = name.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("ENS") && !error.contains(name), "{error}");
        }
        assert!(!"0x12".parse::<Address>().unwrap_err().to_string().contains("ENS"));
    }

    #[test]
    fn rejects_malformed_addresses() {
        let digits = "52908400098527886E0F7030069857D2E4169EE7";
        for text in [
            String::new(),
            "0x".to_owned(),
            digits.to_owned(),
            format!("0X{digits}"),
            format!("0x{digits}0"),
            format!("0x{}", &digits[1..]),
            format!("0x0x{}", &digits[2..]),
            format!(" 0x{digits}"),
            format!("0x{digits} "),
            format!("0x{}g", &digits[1..]),
            format!("0x{}é", &digits[2..]),
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn serializes_as_a_string() {
        let address: Address = EIP_55[4].parse().unwrap();
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, format!("{:?}", EIP_55[4]));
        assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        assert!(serde_json::from_str::<Address>("\"0x12\"").is_err());
    }
}
