use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::{DecodeError, DecodeErrorKind, base64};

/// The maximum length of a token in bytes. Real tokens have between 760 and 900 bytes.
pub(crate) const MAX_LEN: usize = 8 * 1024;

/// Decodes a token and passes its proof and its claim to `read`, unaltered.
///
/// Takes a closure because the claim borrows from the JSON parser's buffer, which avoids a copy.
pub(super) fn open<T, F>(token: &str, read: F) -> Result<T, DecodeError>
where
    F: FnOnce(&str, &str) -> Result<T, DecodeError>,
{
    if token.len() > MAX_LEN {
        return Err(DecodeError::new(DecodeErrorKind::TooLong));
    }
    let bytes = base64::decode(token).ok_or(DecodeError::new(DecodeErrorKind::Base64))?;
    let json = std::str::from_utf8(&bytes).map_err(|_| DecodeError::new(DecodeErrorKind::Utf8))?;

    let mut parser = serde_json::Deserializer::from_str(json);
    let result = parser.deserialize_seq(Envelope { read });
    match (result, parser.end()) {
        (Ok(read), Ok(())) => read,
        _ => Err(DecodeError::new(DecodeErrorKind::Envelope)),
    }
}

/// The JSON array `[proof, claim]`.
struct Envelope<F> {
    read: F,
}

impl<'de, T, F> Visitor<'de> for Envelope<F>
where
    F: FnOnce(&str, &str) -> Result<T, DecodeError>,
{
    type Value = Result<T, DecodeError>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of two strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let proof: Text<'de> = items.next_element()?.ok_or_else(|| A::Error::custom(""))?;
        let claim = Claim { proof: &proof.0, read: self.read };
        let read = items.next_element_seed(claim)?.ok_or_else(|| A::Error::custom(""))?;
        match items.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(read),
            Some(_) => Err(A::Error::custom("")),
        }
    }
}

/// The second string of the array, borrowed from the parser's buffer.
struct Claim<'a, F> {
    proof: &'a str,
    read: F,
}

impl<'de, T, F> DeserializeSeed<'de> for Claim<'_, F>
where
    F: FnOnce(&str, &str) -> Result<T, DecodeError>,
{
    type Value = Result<T, DecodeError>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl<T, F> Visitor<'_> for Claim<'_, F>
where
    F: FnOnce(&str, &str) -> Result<T, DecodeError>,
{
    type Value = Result<T, DecodeError>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, claim: &str) -> Result<Self::Value, E> {
        Ok((self.read)(self.proof, claim))
    }
}

/// A JSON string, borrowed if it contains no escapes. Any other value, including null, is rejected.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);
