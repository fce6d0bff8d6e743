use std::{fmt, str::FromStr};

use crate::{
    types::{Address, Issuer, ParseError, UnixSeconds},
    verified::Fingerprint,
};

/// One entry of a [`RevocationList`](crate::RevocationList).
///
/// Stores write entries in their string form: one line without a line terminator, which parses back
/// into the same entry.
///
/// # Examples
///
/// ```
/// use magic_admin::{UnixSeconds, revocation::Revocation};
///
/// let logout = Revocation::Issuer {
///     issuer: "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse()?,
///     at: UnixSeconds::new(1_700_000_000),
/// };
/// assert_eq!(logout.to_string().parse(), Ok(logout));
/// # Ok::<(), magic_admin::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Revocation {
    /// Revokes all tokens of an issuer whose `iat` is at or before a time.
    Issuer {
        /// The issuer of the tokens.
        issuer: Issuer,
        /// The latest `iat` that is revoked.
        at: UnixSeconds,
    },
    /// Revokes one token, identified by its signed content.
    Token {
        /// The issuer of the token.
        issuer: Issuer,
        /// The fingerprint of the token.
        token: Fingerprint,
        /// The second in which the token was issued (`iat`).
        issued_at: UnixSeconds,
    },
    /// Revokes all tokens of all issuers whose `iat` is at or before a time. A full list falls back
    /// to this.
    Everybody {
        /// The latest `iat` that is revoked.
        at: UnixSeconds,
    },
}

impl Revocation {
    /// Returns the latest `iat` that the entry revokes. Once tokens of that age are no longer
    /// accepted, the entry can be forgotten.
    #[must_use]
    pub const fn concerns_until(&self) -> UnixSeconds {
        match *self {
            Self::Issuer { at, .. } | Self::Everybody { at } => at,
            Self::Token { issued_at, .. } => issued_at,
        }
    }
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer { issuer, at } => write!(f, "issuer {at} {}", issuer.address()),
            Self::Token { issuer, token, issued_at } => {
                let token = const_hex::encode(token.as_bytes());
                write!(f, "token {issued_at} {} {token}", issuer.address())
            }
            Self::Everybody { at } => write!(f, "everybody {at}"),
        }
    }
}

impl FromStr for Revocation {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut words = text.split(' ');
        let revocation = match words.next() {
            Some("issuer") => time(words.next())
                .zip(issuer(words.next()))
                .map(|(at, issuer)| Self::Issuer { issuer, at }),
            Some("token") => time(words.next())
                .zip(issuer(words.next()))
                .zip(fingerprint(words.next()))
                .map(|((issued_at, issuer), token)| Self::Token { issuer, token, issued_at }),
            Some("everybody") => time(words.next()).map(|at| Self::Everybody { at }),
            _ => None,
        };
        revocation
            .filter(|_| words.next().is_none())
            .ok_or(const { ParseError::new("a revocation") })
    }
}

fn time(word: Option<&str>) -> Option<UnixSeconds> {
    word?.parse().ok().map(UnixSeconds::new)
}

fn issuer(word: Option<&str>) -> Option<Issuer> {
    word?.parse::<Address>().ok().map(Issuer::from)
}

fn fingerprint(word: Option<&str>) -> Option<Fingerprint> {
    let mut bytes = [0; 32];
    let word = word.filter(|word| word.len() == 2 * bytes.len())?;
    const_hex::decode_to_slice(word, &mut bytes).ok()?;
    Some(Fingerprint::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_form_round_trips() {
        let issuer = Issuer::from(Address::from_bytes([7; 20]));
        for revocation in [
            Revocation::Issuer { issuer, at: UnixSeconds::new(5) },
            Revocation::Issuer { issuer, at: UnixSeconds::new(i64::MIN) },
            Revocation::Token {
                issuer,
                token: Fingerprint::from_bytes([9; 32]),
                issued_at: UnixSeconds::new(-1),
            },
            Revocation::Everybody { at: UnixSeconds::new(i64::MAX) },
        ] {
            assert_eq!(revocation.to_string().parse(), Ok(revocation));
        }
    }

    #[test]
    fn rejects_malformed_entries() {
        for text in [
            "",
            "issuer",
            "issuer 5",
            "issuer x 0x0000000000000000000000000000000000000000",
            "issuer 5 0x00",
            "issuer 5 0x0000000000000000000000000000000000000000 more",
            "everybody",
            "everybody 5 6",
            "token 5 0x0000000000000000000000000000000000000000 0x00",
            "nobody 5",
        ] {
            assert!(text.parse::<Revocation>().is_err(), "{text}");
        }
    }
}
