use std::fmt;

use clap::Args;
use magic_admin::{UnixSeconds, VerifyErrorKind, dangerous::UnverifiedToken};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{input::Tokens, validate::Rejected};
use crate::{
    failure::{Failure, advice, chain},
    output::Output,
    text::{date, moment, printable},
};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Decode {
    #[command(flatten)]
    tokens: Tokens,
}

impl Decode {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        self.tokens.judge(|token| match UnverifiedToken::decode(token) {
            Ok(token) => output.item(&Decoded(token)).map(|()| None),
            Err(error) => {
                let message = chain(&error);
                output.item(&Rejected::new(error.code(), &message))?;
                let advice = advice(VerifyErrorKind::Malformed);
                Ok(Some(format!("{}: {message}; {advice}", error.code())))
            }
        })
    }
}

struct Decoded(UnverifiedToken);

impl Decoded {
    fn times(&self) -> [(&'static str, UnixSeconds); 3] {
        let claims = self.0.claims();
        [("iat", claims.issued_at()), ("ext", claims.expires_at()), ("nbf", claims.not_before())]
    }

    fn texts(&self) -> [(&'static str, Option<&str>); 5] {
        let claims = self.0.claims();
        [
            ("iss", Some(claims.issuer())),
            ("sub", Some(claims.subject())),
            ("aud", Some(claims.audience())),
            ("tid", Some(claims.token_id())),
            ("add", claims.attachment_proof()),
        ]
    }
}

impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "NOT VERIFIED: anyone could have written this; use `token validate` to verify it"
        )?;
        writeln!(f, "proof  {}", printable(self.0.proof()))?;
        for (name, time) in self.times() {
            writeln!(f, "{name}    {}", moment(time))?;
        }
        for (name, text) in self.texts() {
            writeln!(f, "{name}    {}", text.map_or_else(|| "-".to_owned(), printable))?;
        }
        write!(f, "claim  {}", printable(self.0.claim()))
    }
}

impl Serialize for Decoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("verified", &false)?;
        object.serialize_entry("proof", self.0.proof())?;
        object.serialize_entry("claims", &ClaimMembers(self))?;
        object.serialize_entry("times", &Dates(self))?;
        object.serialize_entry("claim", self.0.claim())?;
        object.end()
    }
}

/// The known claims under the names they have in a token.
struct ClaimMembers<'a>(&'a Decoded);

impl Serialize for ClaimMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (name, time) in self.0.times() {
            object.serialize_entry(name, &time)?;
        }
        for (name, text) in self.0.texts() {
            object.serialize_entry(name, &text)?;
        }
        object.end()
    }
}

/// The times as text, or `null` if they cannot be expressed as dates.
struct Dates<'a>(&'a Decoded);

impl Serialize for Dates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.times().map(|(name, time)| (name, date(time))))
    }
}

const HELP: &str = "\
NOTHING IS VERIFIED: anyone could have written any part of what is shown.

Examples:
  magic-admin token decode \"$TOKEN\"
  magic-admin token decode --json - < tokens.txt

JSON: {\"verified\": false, \"proof\", \"claims\": {\"iat\", \"ext\", \"nbf\", \"iss\", \"sub\", \"aud\", \"tid\", \"add\"},
\"times\": {\"iat\", \"ext\", \"nbf\"}, \"claim\"}, or {\"code\", \"message\"} for a malformed token.
Times are in whole seconds since 1970 in `claims`, and dates in `times`.
`claim` is the text that was signed.";
