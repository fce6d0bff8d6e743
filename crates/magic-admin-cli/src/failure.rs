use std::{borrow::Cow, error::Error, io};

use magic_admin::{ApiError, ConfigError, VerifyError, VerifyErrorKind, gating::GatingError};
use serde::Serialize;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told on stderr, and with `--json` on stdout.
    Refused(Box<Refusal>),
    /// Stdout has it already; this is the line for stderr.
    Told(String),
    /// Nobody reads stdout any more, so there is nobody to tell.
    ReaderGone,
    /// Nothing is known about the ownership of a token.
    Unknown(Box<Refusal>),
    /// The command line lacks an argument after all, or has a wrong one: the message says which.
    Usage(Cow<'static, str>),
}

/// What `--json` prints when a command fails.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    code: &'static str,
    pub(crate) message: String,
    /// What Magic's answer said, when there was one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    api: Option<ApiDetails>,
}

#[derive(Debug, Serialize)]
struct ApiDetails {
    kind: String,
    status: Option<u16>,
    error_code: Option<String>,
    method: String,
    path: String,
    retry_after: Option<u64>,
}

impl Failure {
    /// Something of the machine, the configuration or a file, not of a token or of Magic. The
    /// message says what to do.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::refused(CONFIGURATION, message.into(), None)
    }

    /// Magic's answer holds no such user.
    pub(crate) fn no_such_user(message: &str) -> Self {
        Self::refused("USER_NOT_FOUND", message.to_owned(), None)
    }

    pub(crate) fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::Told(format!("cannot write to standard output: {error}"))
    }

    fn refused(code: &'static str, message: String, api: Option<ApiDetails>) -> Self {
        Self::Refused(Box::new(Refusal { code, message, api }))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(chain(&error))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let details = ApiDetails {
            kind: error.kind().to_string(),
            status: error.status(),
            error_code: error.error_code().map(str::to_owned),
            method: error.method().to_owned(),
            path: error.path().to_owned(),
            retry_after: error.retry_after().map(|duration| duration.as_secs()),
        };
        Self::refused("SERVICE_ERROR", chain(&error), Some(details))
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let message = format!("{}; {}", chain(&error), advice(error.kind()));
        Self::refused(error.code(), message, None)
    }
}

impl From<GatingError> for Failure {
    fn from(error: GatingError) -> Self {
        let (code, message) = (error.code(), chain(&error));
        Self::Unknown(Box::new(Refusal { code, message, api: None }))
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// What to do about a token that was refused.
pub(crate) const fn advice(kind: VerifyErrorKind) -> &'static str {
    match kind {
        VerifyErrorKind::Malformed => {
            "pass the token exactly as the client sent it; `magic-admin token decode` shows what is in it"
        }
        VerifyErrorKind::FailedRecoveringProof => {
            "the proof is no signature over the claim, or the token was made without this attachment: get a fresh token"
        }
        VerifyErrorKind::IncorrectSigner => {
            "the token was changed or forged, or made with another attachment: do not trust it"
        }
        VerifyErrorKind::Expired => "get a fresh token from the client, or judge it `--at` a time",
        VerifyErrorKind::NotYetValid => {
            "check the clocks of this machine and of the client, or judge it `--at` a time"
        }
        VerifyErrorKind::AudienceMismatch => {
            "compare `aud` in `magic-admin token decode` with the client id of the application"
        }
        VerifyErrorKind::Unavailable => "try again, or set MAGIC_CLIENT_ID",
        _ => "get a fresh token from the client",
    }
}

const CONFIGURATION: &str = "ERROR_CONFIGURATION";
