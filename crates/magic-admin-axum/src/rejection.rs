use std::{error::Error, fmt, time::Duration};

use http::{HeaderValue, StatusCode};
use magic_admin::{
    ApiError, ApiErrorKind, AuthorizationError, AuthorizationErrorKind, VerifyError,
    VerifyErrorKind,
};

use crate::{RejectionConfig, detail::detail, failure::Failure};

/// Why a request was refused, and the answer to it.
///
/// | reason | status | `WWW-Authenticate` |
/// |---|---|---|
/// | no credentials, or another scheme | 401 | `Bearer realm="magic"` |
/// | malformed `Authorization` header | 400 | `Bearer realm="magic", error="invalid_request"` |
/// | token refused | 401 | `Bearer realm="magic", error="invalid_token", error_description="…"` |
/// | the user on file is another one (logout) | 403 | none |
/// | cannot be decided now: client id or a store out of reach | 503 and `Retry-After` | none |
/// | Magic's Admin API limits the rate | 503 and `Retry-After` | none |
/// | Magic's Admin API does not answer in time | 504 | none |
/// | any other failure of Magic's Admin API | 502 | none |
///
/// [`DidToken`](crate::DidToken) and, unless told otherwise, the
/// [`LogoutRouter`](crate::LogoutRouter) answer 400 without a challenge wherever this table has
/// one.
///
/// The body is an [RFC 9457] problem (`application/problem+json`) with the members `type`, `title`,
/// `status`, `detail` and `code`; code and detail are fixed texts, so nothing of a token, of Magic's
/// answer or of the cause gets out. `Cache-Control: no-store` is always set. A
/// [`RejectionConfig`] sets the realm and can replace the response.
///
/// The rejection stays in the response's extensions, for middleware that logs or counts:
///
/// ```
/// use axum::{Router, middleware::map_response, response::Response};
/// use magic_admin_axum::AuthRejection;
///
/// async fn count(response: Response) -> Response {
///     if let Some(rejection) = response.extensions().get::<AuthRejection>() {
///         eprintln!("refused: {}", rejection.code());
///     }
///     response
/// }
///
/// let app: Router = Router::new().layer(map_response(count));
/// ```
///
/// Handlers can return it too: the errors of the core convert into it with `?`.
///
/// ```
/// use axum::extract::State;
/// use magic_admin::Magic;
/// use magic_admin_axum::{AuthRejection, DidToken};
///
/// async fn handler(State(magic): State<Magic>, token: DidToken) -> Result<String, AuthRejection> {
///     let user = magic.verify(&token).await?;
///     let metadata = magic.users().metadata_by_issuer(user.issuer()).await?;
///     Ok(format!("{metadata:?}"))
/// }
/// # axum::Router::new().route("/", axum::routing::get(handler));
/// ```
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Clone, Debug)]
pub struct AuthRejection {
    failure: Failure,
    dialect: Dialect,
    pub(crate) config: RejectionConfig,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthRejectionKind {
    /// The `Authorization` header holds no usable Bearer token.
    Authorization(AuthorizationErrorKind),
    /// The token was refused or, with [`VerifyErrorKind::Unavailable`], could not be checked.
    Token(VerifyErrorKind),
    /// The token is valid, but not of the user that the request acts for, or there is no such
    /// user: from outside the two look the same.
    IssuerMismatch,
    /// The call of Magic's Admin API failed.
    Service(ApiErrorKind),
    /// A store failed: what was done could not be written down.
    Store,
}

impl AuthRejection {
    pub(crate) fn new(failure: impl Into<Failure>, dialect: Dialect) -> Self {
        Self { failure: failure.into(), dialect, config: RejectionConfig::default() }
    }

    /// Sets how the refusal looks: for rejections that a handler returns, because those made by an
    /// extractor, a layer or the logout router have theirs already.
    #[must_use]
    pub fn with_config(mut self, config: RejectionConfig) -> Self {
        self.config = config;
        self
    }

    /// Why, to match on. The cause is the error's [`source`](Error::source).
    #[must_use]
    pub fn kind(&self) -> AuthRejectionKind {
        match &self.failure {
            Failure::Authorization(error) => AuthRejectionKind::Authorization(error.kind()),
            Failure::Token(error) => AuthRejectionKind::Token(error.kind()),
            Failure::IssuerMismatch => AuthRejectionKind::IssuerMismatch,
            Failure::Service(error) => AuthRejectionKind::Service(error.kind()),
            Failure::Store(_) => AuthRejectionKind::Store,
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// The stable word for the reason, such as `ERROR_DIDT_EXPIRED`: what clients match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.failure {
            Failure::Authorization(error) => error.code(),
            Failure::Token(error) => error.code(),
            Failure::IssuerMismatch => "ERROR_ISSUER_MISMATCH",
            Failure::Service(_) => "SERVICE_ERROR",
            Failure::Store(_) => "ERROR_UNAVAILABLE",
        }
    }

    /// One sentence on the reason, fixed for each code.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        detail(self.code())
    }

    /// The value of `WWW-Authenticate`, when the answer has one.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let realm = self.config.get_realm();
        let realm = realm.quoted();
        let challenge = match self.answer().challenge? {
            Challenge::Bare => format!("Bearer realm={realm}"),
            Challenge::InvalidRequest => format!("Bearer realm={realm}, error=\"invalid_request\""),
            Challenge::InvalidToken => format!(
                "Bearer realm={realm}, error=\"invalid_token\", error_description=\"{}\"",
                self.detail()
            ),
        };
        HeaderValue::try_from(challenge).ok()
    }

    /// The value of `Retry-After`, when the answer has one: whole seconds, at least one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer().retry_after.map(whole_seconds)
    }

    /// The table: from what happened to how it is answered. No other place names a status.
    fn answer(&self) -> Answer {
        let answer = match &self.failure {
            Failure::Authorization(error) => match error.kind() {
                AuthorizationErrorKind::Missing | AuthorizationErrorKind::OtherScheme => {
                    Answer::challenge(StatusCode::UNAUTHORIZED, Challenge::Bare)
                }
                // Malformed. What a later core tells apart was sent as a Bearer credential as well.
                _ => Answer::challenge(StatusCode::BAD_REQUEST, Challenge::InvalidRequest),
            },
            Failure::Token(error) => match error.kind() {
                VerifyErrorKind::Unavailable => Answer::later(error.retry_after()),
                // Every other kind is a verdict on the token, those of a later core included.
                _ => Answer::challenge(StatusCode::UNAUTHORIZED, Challenge::InvalidToken),
            },
            Failure::IssuerMismatch => Answer::plain(StatusCode::FORBIDDEN),
            Failure::Service(error) => match error.kind() {
                ApiErrorKind::RateLimiting => Answer::later(error.retry_after()),
                ApiErrorKind::ApiConnection if error.is_timeout() => {
                    Answer::plain(StatusCode::GATEWAY_TIMEOUT)
                }
                _ => Answer::plain(StatusCode::BAD_GATEWAY),
            },
            Failure::Store(_) => Answer::later(None),
        };
        match self.dialect {
            Dialect::Plain if answer.challenge.is_some() => Answer::plain(StatusCode::BAD_REQUEST),
            Dialect::Plain | Dialect::Rfc6750 => answer,
        }
    }
}

impl From<AuthorizationError> for AuthRejection {
    fn from(error: AuthorizationError) -> Self {
        Self::new(error, Dialect::Rfc6750)
    }
}

impl From<VerifyError> for AuthRejection {
    fn from(error: VerifyError) -> Self {
        Self::new(error, Dialect::Rfc6750)
    }
}

impl From<ApiError> for AuthRejection {
    fn from(error: ApiError) -> Self {
        Self::new(error, Dialect::Rfc6750)
    }
}

impl fmt::Display for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused the request: {}", self.code())
    }
}

impl Error for AuthRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.source()
    }
}

/// How to answer what RFC 6750 answers with a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// With the challenge.
    Rfc6750,
    /// With 400.
    Plain,
}

/// An optional extractor's outcome: no credentials, and those of another scheme, are no error.
pub(crate) fn none_without_credentials<T>(
    outcome: Result<T, AuthRejection>,
) -> Result<Option<T>, AuthRejection> {
    use AuthorizationErrorKind::{Missing, OtherScheme};

    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(rejection) => match rejection.kind() {
            AuthRejectionKind::Authorization(Missing | OtherScheme) => Ok(None),
            _ => Err(rejection),
        },
    }
}

struct Answer {
    status: StatusCode,
    challenge: Option<Challenge>,
    /// Outer: is there one; inner: is it known how long.
    retry_after: Option<Option<Duration>>,
}

enum Challenge {
    Bare,
    InvalidRequest,
    InvalidToken,
}

impl Answer {
    const fn plain(status: StatusCode) -> Self {
        Self { status, challenge: None, retry_after: None }
    }

    const fn challenge(status: StatusCode, challenge: Challenge) -> Self {
        Self { status, challenge: Some(challenge), retry_after: None }
    }

    const fn later(retry_after: Option<Duration>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            challenge: None,
            retry_after: Some(retry_after),
        }
    }
}

/// A second that has begun counts; without knowledge, the default.
fn whole_seconds(known: Option<Duration>) -> Duration {
    let known = known.unwrap_or(DEFAULT_RETRY_AFTER);
    let begun = u64::from(known.subsec_nanos() > 0);
    Duration::from_secs(known.as_secs().saturating_add(begun).max(1))
}

const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_whole_seconds_and_at_least_one() {
        let table = [
            (None, 5),
            (Some(Duration::ZERO), 1),
            (Some(Duration::from_millis(1)), 1),
            (Some(Duration::from_secs(2)), 2),
            (Some(Duration::from_millis(2_001)), 3),
            (Some(Duration::MAX), u64::MAX),
        ];
        for (known, seconds) in table {
            assert_eq!(whole_seconds(known).as_secs(), seconds, "{known:?}");
        }
    }
}
