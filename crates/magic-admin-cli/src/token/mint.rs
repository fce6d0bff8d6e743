use std::{fmt, fs, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args};
use magic_admin::{Address, Audience, Issuer};
use magic_admin_testkit::{Mint, TestUser};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{client_ids, failure::Failure, output::Output};

#[derive(Debug, Args)]
#[command(after_help = HELP, group = ArgGroup::new("key").required(true))]
pub(crate) struct MintToken {
    /// Sign as the test user whose private key is this number. These keys are public knowledge.
    #[arg(long, value_name = "N", group = "key")]
    key_seed: Option<u64>,
    /// Sign with the private key in this file: 64 hex digits, with or without 0x.
    #[arg(long, value_name = "FILE", group = "key")]
    private_key_file: Option<PathBuf>,
    /// Client ID of the application (`aud`) [default: the first in MAGIC_CLIENT_ID].
    #[arg(long, allow_hyphen_values = true, value_name = "ID")]
    client_id: Option<String>,
    /// Lifespan of the token, for example 15m, "1h 30min" or, in seconds, 900.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    lifespan: Duration,
    /// Attachment to sign; the signature becomes `add` [default: the text "none"].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    attachment: Option<String>,
    /// The user's ID at Magic (`sub`) [default: derived from the key].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    subject: Option<String>,
    /// ID of the token (`tid`) [default: random].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    token_id: Option<String>,
    /// Time of issue (`iat`), from which `ext` and `nbf` are derived [default: now].
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    issued_at: Option<i64>,
    /// Issue a token that has just expired.
    #[arg(long, conflicts_with = "issued_at")]
    expired: bool,
    /// Time from which the token is valid (`nbf`) [default: the time of issue].
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    not_before: Option<i64>,
}

impl MintToken {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let user = self.user()?;
        let client_id = match self.client_id {
            Some(client_id) => client_id,
            None => client_ids::from_environment()?.swap_remove(0),
        };
        // No verifier accepts a token for an empty client ID.
        Audience::new(client_id.as_str())?;
        let mut token = Mint::new(client_id).builder(&user).lifespan(self.lifespan);
        if self.expired {
            token = token.expired();
        }
        if let Some(time) = self.issued_at {
            token = token.issued_at(time);
        }
        if let Some(time) = self.not_before {
            token = token.not_before(time);
        }
        if let Some(text) = self.attachment {
            token = token.attachment(text);
        }
        if let Some(id) = self.token_id {
            token = token.token_id(id);
        }
        output.item(&Minted {
            token: token.build(),
            issuer: user.issuer(),
            public_address: user.address(),
        })
    }

    fn user(&self) -> Result<TestUser, Failure> {
        let user = match &self.private_key_file {
            None => TestUser::from_seed(self.key_seed.unwrap_or_default()),
            Some(file) => {
                let about = |problem: &dyn fmt::Display| {
                    let file = file.display();
                    Failure::configuration(format!("the private key file {file}: {problem}"))
                };
                let text =
                    fs::read_to_string(file).map(Zeroizing::new).map_err(|error| about(&error))?;
                text.parse().map_err(|error| about(&error))?
            }
        };
        Ok(match &self.subject {
            None => user,
            Some(subject) => user.with_subject(subject),
        })
    }
}

/// Parses a time in seconds, which the SDKs use for a lifespan, or with units.
fn duration(text: &str) -> Result<Duration, humantime::DurationError> {
    text.parse().map(Duration::from_secs).or_else(|_| humantime::parse_duration(text))
}

/// The text form is only the token, for use in `$(…)`.
#[derive(Serialize)]
struct Minted {
    token: String,
    issuer: Issuer,
    public_address: Address,
}

impl fmt::Display for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

const HELP: &str = "\
Examples:
  TOKEN=$(magic-admin token mint --key-seed 1 --client-id my-app)
  magic-admin token mint --key-seed 1 --client-id my-app --lifespan 1day --attachment 'order 7'
  magic-admin token mint --key-seed 1 --client-id my-app --expired
  magic-admin token mint --private-key-file alice.key --client-id my-app --issued-at 1700000000 --json

JSON: {\"token\", \"issuer\", \"public_address\"}.";
