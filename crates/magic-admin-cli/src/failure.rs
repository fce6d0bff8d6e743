use std::{borrow::Cow, error::Error, io};

use magic_admin::{ApiError, ConfigError, VerifyError, VerifyErrorKind, gating::GatingError};
use serde::Serialize;

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Reported on stderr and, with `--json`, on stdout.
    Refused(Box<Refusal>),
    /// Already reported on stdout; this line is for stderr.
    Told(String),
    /// The reader of stdout has gone, so nothing is reported.
    ReaderGone,
    /// The ownership of a token cannot be determined.
    Unknown(Box<Refusal>),
    /// An argument is missing or invalid in a way that clap cannot detect. The message names it.
    Usage(Cow<'static, str>),
}

/// The object that `--json` prints when a command fails.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
    /// The details of Magic's response, if there was one.
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
    /// Creates a failure that is caused by the machine, the configuration or a file rather than by a token or
    /// Magic. The message should say what to do.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::refused(CONFIGURATION, message.into(), None)
    }

    /// Creates the failure for a response from Magic that does not contain the user.
    pub(crate) fn no_such_user(message: &str) -> Self {
        Self::refused("USER_NOT_FOUND", message.to_owned(), None)
    }

    pub(crate) fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::Told(format!("cannot write to standard output: {error}"))
    }

    /// Turns a configuration error into a usage error.
    pub(crate) fn into_usage(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Usage(refusal.message.into()),
            other => other,
        }
    }

    fn refused(code: &'static str, message: String, api: Option<ApiDetails>) -> Self {
        Self::Refused(Box::new(Refusal { code, message, api }))
    }
}

impl Refusal {
    /// Creates the object for an invalid command line.
    pub(crate) fn usage(message: &str) -> Self {
        Self { code: USAGE, message: message.to_owned(), api: None }
    }

    /// Returns the line for stderr. Configuration errors are shown without their code, because the message
    /// says everything.
    pub(crate) fn line(&self) -> Cow<'_, str> {
        match self.code {
            CONFIGURATION => (&self.message).into(),
            code => format!("{code}: {}", self.message).into(),
        }
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

/// Joins an error and its causes into one line without a trailing full stop, so that text can be appended.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut sentences = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        sentences.push(error.to_string().trim_end_matches('.').to_owned());
        next = error.source();
    }
    sentences.join(": ")
}

/// Returns advice on what to do about a rejected token.
pub(crate) const fn advice(kind: VerifyErrorKind) -> &'static str {
    match kind {
        VerifyErrorKind::Malformed => {
            "check that the token was copied completely: a DID token is one line of base64, about 800 characters long"
        }
        VerifyErrorKind::FailedRecoveringProof => {
            "the proof is not a signature of the claim, or the token lacks this attachment: get a fresh token"
        }
        VerifyErrorKind::IncorrectSigner => {
            "the token was modified or forged, or has a different attachment: do not trust it"
        }
        VerifyErrorKind::Expired => {
            "get a fresh token from the client; to validate it at an earlier time, use `token validate --at`"
        }
        VerifyErrorKind::NotYetValid => {
            "check the clocks of this machine and of the client; to validate it at a later time, use `token validate --at`"
        }
        VerifyErrorKind::AudienceMismatch => {
            "compare the client ID with `aud` in the output of `magic-admin token decode`"
        }
        VerifyErrorKind::Unavailable => "try again, or set MAGIC_CLIENT_ID",
        _ => "get a fresh token from the client",
    }
}

const CONFIGURATION: &str = "ERROR_CONFIGURATION";
const USAGE: &str = "ERROR_USAGE";
