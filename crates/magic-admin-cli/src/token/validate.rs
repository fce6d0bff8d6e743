use std::fmt;

use clap::Args;
use magic_admin::{
    Address, Claims, Issuer, UnixSeconds, Verifier, VerifyError, dangerous::AnyAudienceVerifier,
};
use magic_admin_testkit::SettableClock;
use serde::Serialize;

use super::input::Tokens;
use crate::{
    client_ids::ClientIds,
    failure::{Failure, advice, chain},
    output::Output,
    text::moment,
};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Validate {
    #[command(flatten)]
    client_ids: ClientIds,
    /// Accept tokens for any application. For inspection only, never to authenticate anyone.
    #[arg(long, conflicts_with = "client_ids")]
    any_audience: bool,
    /// Attachment that the token must have been signed with.
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    attachment: Option<String>,
    /// Validate the token at this time, in seconds since 1970 [default: now].
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,
    #[command(flatten)]
    tokens: Tokens,
}

impl Validate {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let attachment = self.attachment.as_deref();
        let verify = verifier(self.client_ids, self.any_audience, self.at)?;
        self.tokens.judge(|token| match verify(token, attachment) {
            Ok((issuer, claims)) => {
                output.item(&Valid::new(issuer, &claims))?;
                Ok(None)
            }
            Err(error) => {
                let (code, message) = (error.code(), chain(&error));
                output.item(&Rejected { valid: Some(false), ..Rejected::new(code, &message) })?;
                Ok(Some(format!("{code}: {message}; {}", advice(error.kind()))))
            }
        })
    }
}

type Verify = Box<dyn Fn(&str, Option<&str>) -> Result<(Issuer, Claims), VerifyError>>;

fn verifier(client_ids: ClientIds, any_audience: bool, at: Option<i64>) -> Result<Verify, Failure> {
    let clock = at.map(SettableClock::at);
    if any_audience {
        let verifier = clock.map_or_else(AnyAudienceVerifier::new, AnyAudienceVerifier::with_clock);
        return Ok(Box::new(move |token, attachment| {
            let token = verifier.dangerous_verify(token, attachment)?;
            Ok((token.issuer(), token.claims().clone()))
        }));
    }
    let mut builder = Verifier::builder(client_ids.audience()?);
    if let Some(clock) = clock {
        builder = builder.clock(clock);
    }
    let verifier = builder.build();
    Ok(Box::new(move |token, attachment| {
        let token = match attachment {
            None => verifier.verify(token),
            Some(attachment) => verifier.verify_with_attachment(token, attachment),
        }?;
        Ok((token.issuer(), token.claims().clone()))
    }))
}

#[derive(Serialize)]
struct Valid<'a> {
    valid: bool,
    issuer: Issuer,
    public_address: Address,
    issued_at: UnixSeconds,
    expires_at: UnixSeconds,
    not_before: UnixSeconds,
    audience: &'a str,
    subject: &'a str,
    token_id: &'a str,
}

impl<'a> Valid<'a> {
    fn new(issuer: Issuer, claims: &'a Claims) -> Self {
        Self {
            valid: true,
            issuer,
            public_address: issuer.address(),
            issued_at: claims.issued_at(),
            expires_at: claims.expires_at(),
            not_before: claims.not_before(),
            audience: claims.audience(),
            subject: claims.subject(),
            token_id: claims.token_id(),
        }
    }
}

impl fmt::Display for Valid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "valid {} expires {}", self.issuer, moment(self.expires_at))
    }
}

/// A rejected token; `valid` is only set when the token was validated.
#[derive(Serialize)]
pub(super) struct Rejected<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<bool>,
    code: &'static str,
    message: &'a str,
}

impl<'a> Rejected<'a> {
    pub(super) const fn new(code: &'static str, message: &'a str) -> Self {
        Self { valid: None, code, message }
    }
}

impl fmt::Display for Rejected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected {}: {}", self.code, self.message)
    }
}

const HELP: &str = "\
Examples:
  magic-admin token validate --client-id did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b \"$TOKEN\"
  magic-admin token validate --client-id web-app --client-id mobile-app --json - < tokens.txt
  magic-admin token validate --any-audience --at 1700000000 --attachment 'order 7' \"$TOKEN\"

JSON: {\"valid\": true, \"issuer\", \"public_address\", \"issued_at\", \"expires_at\", \"not_before\", \"audience\",
\"subject\", \"token_id\"} or {\"valid\": false, \"code\": \"ERROR_…\", \"message\"}.
Exit status: 1 if any token was rejected, or if no token was read.";
