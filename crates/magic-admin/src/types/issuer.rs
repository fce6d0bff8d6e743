use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Address, ParseError};

/// The issuer of a DID token, which is Magic's identifier for a user.
///
/// It consists of `did:ethr:` followed by the [`Address`] of the user's signing key ([ERC-1056 DID
/// method] without a network). The prefix is compared exactly and the address as 20 bytes, so two
/// spellings of the same issuer are equal. Displays with the EIP-55 checksum, which is the form
/// that Magic's Admin API expects.
///
/// # Examples
///
/// ```
/// use magic_admin::Issuer;
///
/// let issuer: Issuer = "did:ethr:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf".parse()?;
/// assert_eq!(issuer.to_string(), "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
/// # Ok::<(), magic_admin::ParseError>(())
/// ```
///
/// [ERC-1056 DID method]: https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Issuer(Address);

impl Issuer {
    /// Returns the address of the user's signing key.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Address, Issuer};
    ///
    /// let address: Address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse()?;
    /// assert_eq!(Issuer::from(address).address(), address);
    /// # Ok::<(), magic_admin::ParseError>(())
    /// ```
    #[must_use]
    pub const fn address(&self) -> Address {
        self.0
    }
}

impl AsRef<Address> for Issuer {
    fn as_ref(&self) -> &Address {
        &self.0
    }
}

impl From<Address> for Issuer {
    fn from(address: Address) -> Self {
        Self(address)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "did:ethr:{}", self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({self})")
    }
}

impl FromStr for Issuer {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.strip_prefix("did:ethr:0x")
            .and_then(Address::from_hex_digits)
            .map(Self)
            .ok_or(const { ParseError::new("an issuer: `did:ethr:0x` and 40 hex digits") })
    }
}

impl TryFrom<String> for Issuer {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

    #[test]
    fn parses_any_case_and_displays_eip_55() {
        let checksummed = format!("did:ethr:0x{DIGITS}");
        for digits in [DIGITS.to_owned(), DIGITS.to_lowercase(), DIGITS.to_uppercase()] {
            let issuer: Issuer = format!("did:ethr:0x{digits}").parse().unwrap();
            assert_eq!(issuer.to_string(), checksummed);
            assert_eq!(issuer, Issuer::from(issuer.address()));
        }
    }

    #[test]
    fn rejects_every_other_form() {
        for text in [
            String::new(),
            format!("0x{DIGITS}"),
            format!("did:ethr:{DIGITS}"),
            format!("did:ethr:0X{DIGITS}"),
            format!("did:ethr:0x0x{}", &DIGITS[2..]),
            format!("DID:ETHR:0x{DIGITS}"),
            format!("did:other:0x{DIGITS}"),
            format!("did:ethr:mainnet:0x{DIGITS}"),
            format!(" did:ethr:0x{DIGITS}"),
            format!("did:ethr:0x{DIGITS} "),
            format!("did:ethr:0x{DIGITS}0"),
            format!("did:ethr:0x{}", &DIGITS[1..]),
        ] {
            assert!(text.parse::<Issuer>().is_err(), "{text:?}");
        }
    }
}
