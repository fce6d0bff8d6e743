use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    decode_error::{DecodeError, DecodeErrorKind},
    envelope::Text,
    timestamp::{Ceiling, Floor},
};
use crate::types::{ClaimFields, Claims};

/// Parses the claims from a JSON object. Every known member except `add` must occur exactly once,
/// must not be null, and must have the right type.
///
/// Unknown members are skipped without allocation or recursion.
pub(super) fn read(claim: &str) -> Result<Claims, DecodeError> {
    let mut fault = DecodeError::new(DecodeErrorKind::ClaimObject);
    let mut parser = serde_json::Deserializer::from_str(claim);
    let claims = parser.deserialize_map(Object { fault: &mut fault });
    match (claims, parser.end()) {
        (Ok(claims), Ok(())) => Ok(claims),
        _ => Err(fault),
    }
}

/// The JSON object, with a slot for the reason of a failure, because the parser's own errors quote
/// the input.
struct Object<'f> {
    fault: &'f mut DecodeError,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Claims;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Claims, A::Error> {
        let (mut iat, mut ext, mut nbf) = (None::<Floor>, None::<Floor>, None::<Ceiling>);
        let (mut iss, mut sub, mut aud, mut tid) =
            (None::<Text<'_>>, None::<Text<'_>>, None::<Text<'_>>, None::<Text<'_>>);
        let mut add = None::<Option<Text<'_>>>;

        while let Some(name) = members.next_key::<&RawValue>()? {
            match unquote(name.get()).as_deref() {
                Some("iat") => self.take(&mut members, "iat", &mut iat)?,
                Some("ext") => self.take(&mut members, "ext", &mut ext)?,
                Some("nbf") => self.take(&mut members, "nbf", &mut nbf)?,
                Some("iss") => self.take(&mut members, "iss", &mut iss)?,
                Some("sub") => self.take(&mut members, "sub", &mut sub)?,
                Some("aud") => self.take(&mut members, "aud", &mut aud)?,
                Some("tid") => self.take(&mut members, "tid", &mut tid)?,
                Some("add") => self.take(&mut members, "add", &mut add)?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Claims::new(&ClaimFields {
            issued_at: self.require("iat", iat)?.0,
            expires_at: self.require("ext", ext)?.0,
            not_before: self.require("nbf", nbf)?.0,
            issuer: &self.require("iss", iss)?.0,
            subject: &self.require("sub", sub)?.0,
            audience: &self.require("aud", aud)?.0,
            token_id: &self.require("tid", tid)?.0,
            attachment_proof: add.flatten().as_ref().map(|text| &*text.0),
        }))
    }
}

impl Object<'_> {
    /// Reads the value of the known member `name`, and fails if it has been read before.
    fn take<'de, V, A>(
        &mut self,
        members: &mut A,
        name: &'static str,
        slot: &mut Option<V>,
    ) -> Result<(), A::Error>
    where
        V: Deserialize<'de>,
        A: MapAccess<'de>,
    {
        if slot.is_some() {
            return Err(self.fail(DecodeErrorKind::ClaimTwice, name));
        }
        let value =
            members.next_value().map_err(|_| self.fail(DecodeErrorKind::ClaimType, name))?;
        *slot = Some(value);
        Ok(())
    }

    fn require<V, E>(&mut self, name: &'static str, slot: Option<V>) -> Result<V, E>
    where
        E: serde::de::Error,
    {
        slot.ok_or_else(|| self.fail(DecodeErrorKind::ClaimMissing, name))
    }

    fn fail<E: serde::de::Error>(&mut self, kind: DecodeErrorKind, name: &'static str) -> E {
        *self.fault = DecodeError::of_claim(kind, name);
        E::custom(name)
    }
}

/// Returns the decoded name of a member, or `None` if it cannot be a known name because it is too
/// long or contains a lone surrogate.
///
/// Names are read raw, because the parser would reject the whole object for a lone surrogate.
fn unquote(name: &str) -> Option<Cow<'_, str>> {
    let inner = name.strip_prefix('"')?.strip_suffix('"')?;
    if inner.len() > LONGEST_NAME {
        return None;
    }
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<Text<'_>>(name).ok().map(|text| text.0)
}

/// The length of three characters, each written as an escape such as `\u0000`.
const LONGEST_NAME: usize = 3 * 6;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"iat":1,"ext":2,"iss":"i","sub":"s","aud":"a","nbf":3,"tid":"t"}"#;

    fn with(member: &str) -> String {
        format!("{}{member}}}", &GOOD[..GOOD.len() - 1])
    }

    fn rejected(claim: &str) -> (DecodeErrorKind, Option<&'static str>) {
        let error = read(claim).unwrap_err();
        (error.kind(), error.claim())
    }

    #[test]
    fn reads_all_claims() {
        let claims = read(&with(r#","add":"x\n""#)).unwrap();
        assert_eq!(claims.issued_at().get(), 1);
        assert_eq!(claims.expires_at().get(), 2);
        assert_eq!(claims.not_before().get(), 3);
        assert_eq!(claims.issuer(), "i");
        assert_eq!(claims.subject(), "s");
        assert_eq!(claims.audience(), "a");
        assert_eq!(claims.token_id(), "t");
        assert_eq!(claims.attachment_proof(), Some("x\n"));
    }

    #[test]
    fn only_an_absent_or_null_proof_is_none() {
        assert_eq!(read(GOOD).unwrap().attachment_proof(), None);
        assert_eq!(read(&with(r#","add":null"#)).unwrap().attachment_proof(), None);
        assert_eq!(read(&with(r#","add":"""#)).unwrap().attachment_proof(), Some(""));
    }

    #[test]
    fn errors_name_the_offending_claim() {
        for name in ["iat", "ext", "nbf", "iss", "sub", "aud", "tid"] {
            let renamed = GOOD.replace(name, "xxx");
            assert_eq!(rejected(&renamed), (DecodeErrorKind::ClaimMissing, Some(name)));
        }
        for (from, to, name) in [
            (r#""iat":1"#, r#""iat":null"#, "iat"),
            (r#""iat":1"#, r#""iat":"1""#, "iat"),
            (r#""ext":2"#, r#""ext":[2]"#, "ext"),
            (r#""ext":2"#, r#""ext":1e999"#, "ext"),
            (r#""nbf":3"#, r#""nbf":true"#, "nbf"),
            (r#""iss":"i""#, r#""iss":null"#, "iss"),
            (r#""sub":"s""#, r#""sub":5"#, "sub"),
            (r#""sub":"s""#, r#""sub":"\ud800""#, "sub"),
            (r#""aud":"a""#, r#""aud":["a"]"#, "aud"),
            (r#""tid":"t""#, r#""tid":{}"#, "tid"),
        ] {
            let claim = GOOD.replace(from, to);
            assert_eq!(rejected(&claim), (DecodeErrorKind::ClaimType, Some(name)), "{claim}");
        }
        assert_eq!(rejected(&with(r#","add":1"#)), (DecodeErrorKind::ClaimType, Some("add")));
    }

    #[test]
    fn rejects_duplicate_claims() {
        for (member, name) in [
            (r#","iat":1"#, "iat"),
            (r#","\u0069at":1"#, "iat"),
            (r#","t\u0069\u0064":"t""#, "tid"),
            (r#","add":null,"add":null"#, "add"),
        ] {
            assert_eq!(rejected(&with(member)), (DecodeErrorKind::ClaimTwice, Some(name)));
        }
    }

    #[test]
    fn accepts_escaped_claim_names() {
        for name in [r#""\u0073\u0075b""#, r#""\u0073\u0075\u0062""#] {
            let claim = GOOD.replace(r#""sub""#, name);
            assert_eq!(read(&claim).unwrap().subject(), "s");
        }
    }

    #[test]
    fn skips_any_unknown_member() {
        let deep = format!(r#","x":{}{}"#, "[".repeat(3000), "]".repeat(3000));
        for member in [
            r#","x":1,"x":2"#,
            r#","x":1e999"#,
            r#","x":-12345678901234567890123456789012345678901234567890"#,
            r#","x":"\ud800""#,
            r#","\ud800":"a lone surrogate in a name""#,
            r#","IAT":9,"iat ":9,"":9,"\"":9"#,
            r#","x":{"iat":9,"iat":9}"#,
            &deep,
        ] {
            let claims = read(&with(member)).unwrap();
            assert_eq!(claims.issued_at().get(), 1, "{member:.40}");
        }
    }

    #[test]
    fn rejects_anything_but_a_json_object() {
        for claim in ["", "null", "[]", "1", "\"x\"", "{", "{}x", "{,}", "\u{feff}{}"] {
            assert_eq!(read(claim).unwrap_err().code(), "ERROR_MALFORMED_TOKEN", "{claim}");
        }
        for member in [
            ",",
            r#","x""#,
            r#","x":"#,
            r#","x":01"#,
            r#","x":nul"#,
            ",\"x\":\"\n\"",
            ",\"x\n\":1",
            ",\"\\x\":1",
            r#","x":[1,]"#,
            r#",x:1"#,
            r#",1:1"#,
        ] {
            assert_eq!(rejected(&with(member)).0, DecodeErrorKind::ClaimObject, "{member:?}");
        }
        assert_eq!(rejected(&format!("{GOOD} {GOOD}")).0, DecodeErrorKind::ClaimObject);
    }
}
