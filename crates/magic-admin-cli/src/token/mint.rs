use std::{fmt, fs, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args};
use magic_admin::{Address, Audience, Issuer};
use magic_admin_testkit::{Mint, TestUser};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{failure::Failure, output::Output};

#[derive(Debug, Args)]
#[command(after_help = HELP, group = ArgGroup::new("key").required(true))]
pub(crate) struct MintToken {
    /// Sign as the test user with this number as private key; everybody knows these keys.
    #[arg(long, value_name = "N", group = "key")]
    key_seed: Option<u64>,
    /// Sign with the private key in this file: 64 hex digits, with or without 0x.
    #[arg(long, value_name = "FILE", group = "key")]
    private_key_file: Option<PathBuf>,
    /// The application that the token is for (`aud`).
    #[arg(long, allow_hyphen_values = true, value_name = "ID")]
    client_id: String,
    /// How long the token is valid: 15m, 1h 30min, 90s.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = humantime::parse_duration)]
    lifespan: Duration,
    /// The text that the token is made for (`add` is its signature) [default: none].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    attachment: Option<String>,
    /// The user's id at Magic (`sub`) [default: derived from the key].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    subject: Option<String>,
    /// The id of the token (`tid`) [default: random].
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    token_id: Option<String>,
    /// When the token was made (`iat`; `ext` and `nbf` follow it) [default: now].
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    issued_at: Option<i64>,
    /// When the token begins to be valid (`nbf`) [default: when it was made].
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    not_before: Option<i64>,
}

impl MintToken {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        // Nothing accepts a token for an empty client id.
        Audience::new(self.client_id.as_str())?;
        let user = self.user()?;
        let mut token = Mint::new(self.client_id).builder(&user).lifespan(self.lifespan);
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

/// Displays as the token alone, for `$(…)`.
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
  magic-admin token mint --private-key-file alice.key --client-id my-app --issued-at 1700000000 --json

JSON: {\"token\", \"issuer\", \"public_address\"}.";
