use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
#[cfg(feature = "gating")]
use magic_admin::gating::{GatingError, GatingErrorKind};
#[cfg(feature = "online")]
use magic_admin::{ApiError, ApiErrorKind};
use magic_admin::{
    AuthorizationError, AuthorizationErrorKind, StoreError, VerifyError, VerifyErrorKind,
};
use serde::Serialize;

use super::{
    grpc::Grpc,
    realm::Realm,
    reason::Reason,
    table::{Answer, Challenge, RejectionStyle},
};
use crate::metrics;

/// A rejected request, with the reason and the response.
///
/// | reason | status | `WWW-Authenticate` |
/// |---|---|---|
/// | no credentials, or another scheme | 401 | `Bearer realm="magic"` |
/// | malformed `Authorization` header, or more than one token | 400 | `Bearer realm="magic", error="invalid_request"` |
/// | token rejected | 401 | `Bearer realm="magic", error="invalid_token", error_description="…"` |
/// | the user is not allowed to do this | 403 | none |
/// | the user on record is a different one (logout) | 403 | none |
/// | a token in a cookie, a logout without a token, or a route with [`SameOrigin`](crate::SameOrigin), on a request from another site | 403 | none |
/// | Magic does not know the user | 403 | none |
/// | the user does not own the required token (feature `gating`) | 403 | none |
/// | ownership cannot be checked (feature `gating`) | 503 and `Retry-After` | none |
/// | client ID not known yet, or a store unreachable | 503 and `Retry-After` | none |
/// | the rate limit of Magic's Admin API was reached | 503 and `Retry-After` | none |
/// | Magic's Admin API timed out | 504 | none |
/// | any other failure of Magic's Admin API | 502 | none |
///
/// For [`DidToken`](crate::DidToken) and, by default, the [`LogoutRouter`](crate::LogoutRouter),
/// the response is a 400 without a challenge wherever this table has a challenge
/// ([`RejectionStyle::BadRequest`]).
///
/// The body is an [RFC 9457] problem (`application/problem+json`) with the members `type`, `title`,
/// `status`, `detail` and `code`. The code and the detail are fixed texts, so they disclose nothing
/// about the token, Magic's response or the cause. `Cache-Control: no-store` is set. An
/// [`Authenticator`](crate::Authenticator) sets the realm and can replace the response.
///
/// Calls whose `Content-Type` is `application/grpc` or starts with `application/grpc+` or
/// `application/grpc-web` get the response that gRPC clients expect: HTTP 200 without a body.
/// `grpc-status` is 16 (unauthenticated) for 400 and 401, 7 (permission denied) for 403, 14
/// (unavailable) for 503, and 13 (internal) otherwise. `grpc-message` is the code, and
/// `Retry-After` becomes `grpc-retry-pushback-ms`.
///
/// Middleware that logs or counts rejections finds them in the response's extensions:
///
/// ```
/// use axum::{Router, middleware::map_response, response::Response};
/// use magic_admin_axum::AuthRejection;
///
/// async fn count(response: Response) -> Response {
///     if let Some(rejection) = response.extensions().get::<AuthRejection>() {
///         eprintln!("rejected: {}", rejection.code());
///     }
///     response
/// }
///
/// let app: Router = Router::new().layer(map_response(count));
/// ```
///
/// Handlers can return a rejection as well: the errors of `magic-admin` convert into it with `?`,
/// and [`forbidden`](Self::forbidden) rejects a user who lacks a permission.
///
/// ```
/// use axum::extract::State;
/// use magic_admin::Magic;
/// use magic_admin_axum::{AuthRejection, Authenticated};
///
/// async fn handler(State(magic): State<Magic>, user: Authenticated) -> Result<String, AuthRejection> {
///     let metadata = magic.users().metadata_by_token(&user).await?;
///     if metadata.email() != Some("admin@example.com") {
///         return Err(AuthRejection::forbidden());
///     }
///     Ok("Welcome!".to_owned())
/// }
/// # axum::Router::new().route("/", axum::routing::get(handler)).with_state::<()>(
/// #     Magic::builder(magic_admin::SecretKey::new("sk_live_1")?).build()?);
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
///
/// To apply the application's realm and response to these rejections, use
/// [`Authenticator::rejection_layer`](crate::Authenticator::rejection_layer).
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Clone)]
pub struct AuthRejection(Box<Inner>);

#[derive(Clone)]
struct Inner {
    reason: Reason,
    style: RejectionStyle,
    realm: Realm,
    /// Set if the request is a gRPC call.
    grpc: Option<Grpc>,
    /// `true` if the application's realm and response have been applied.
    is_styled: bool,
    response: Option<Prepared>,
    /// Used to find out whether the rendered problem still exists.
    problem: Weak<()>,
}

/// The reason for an [`AuthRejection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthRejectionKind {
    /// The request contains no usable token: it has none, a malformed one, or more than one.
    Authorization(AuthorizationErrorKind),
    /// The token was rejected or, with [`VerifyErrorKind::Unavailable`], could not be verified.
    Token(VerifyErrorKind),
    /// The token is valid, but its user is not allowed to do this.
    Forbidden,
    /// The request came from another site, with a credential that browsers add automatically.
    CrossSite,
    /// The token is valid, but it belongs to a different user from the one that the request acts
    /// for, or there is no such user.
    ///
    /// From the outside, these two cases look the same.
    IssuerMismatch,
    /// The token is valid, but Magic does not know its user.
    UnknownUser,
    /// A call to Magic's Admin API failed.
    #[cfg(feature = "online")]
    Service(ApiErrorKind),
    /// There is no Admin API to call, because the authenticator was created from a `Verifier`.
    NoService,
    /// A store failed, so the operation may not have been recorded.
    Store,
    /// The user does not own the required token. With any kind other than
    /// [`GatingErrorKind::NotOwned`], ownership could not be checked.
    #[cfg(feature = "gating")]
    Ownership(GatingErrorKind),
    /// The application chose no authenticator for the request and responded to it itself.
    ///
    /// The rejection's status is that of the application's response. Its code, `ERROR_UNSERVED`, is
    /// not sent; it is for middleware that logs or counts.
    Unserved,
}

impl AuthRejection {
    /// Rejects a user who is authenticated but not allowed to do something, with 403
    /// `ERROR_FORBIDDEN`.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::rfc6750(Reason::Forbidden)
    }

    /// Rejects a request without a user, such as one without a session, with 401
    /// `ERROR_MISSING_AUTH_HEADER`.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Issuer, RevocationList, UnixSeconds};
    /// use magic_admin_axum::AuthRejection;
    ///
    /// /// Returns the user of a session that is still valid.
    /// fn user(
    ///     list: &RevocationList,
    ///     session: Option<(Issuer, UnixSeconds)>,
    /// ) -> Result<Issuer, AuthRejection> {
    ///     let (issuer, signed_in_at) = session.ok_or_else(AuthRejection::unauthenticated)?;
    ///     list.check_session(issuer, signed_in_at)?;
    ///     Ok(issuer)
    /// }
    ///
    /// let nobody = user(&RevocationList::in_memory(), None).unwrap_err();
    /// assert_eq!((nobody.status().as_u16(), nobody.code()), (401, "ERROR_MISSING_AUTH_HEADER"));
    /// ```
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::rfc6750(AuthorizationError::missing())
    }

    /// Returns the kind of the rejection. The error's [`source`](Error::source) is the cause.
    #[must_use]
    pub fn kind(&self) -> AuthRejectionKind {
        match &self.0.reason {
            Reason::Authorization(error) => AuthRejectionKind::Authorization(error.kind()),
            Reason::Token(error) => AuthRejectionKind::Token(error.kind()),
            Reason::Forbidden => AuthRejectionKind::Forbidden,
            Reason::CrossSite => AuthRejectionKind::CrossSite,
            #[cfg(feature = "online")]
            Reason::IssuerMismatch => AuthRejectionKind::IssuerMismatch,
            #[cfg(feature = "online")]
            Reason::UnknownUser(_) => AuthRejectionKind::UnknownUser,
            #[cfg(feature = "online")]
            Reason::Service(error) => AuthRejectionKind::Service(error.kind()),
            #[cfg(feature = "online")]
            Reason::NoService => AuthRejectionKind::NoService,
            Reason::Store(_) => AuthRejectionKind::Store,
            #[cfg(feature = "gating")]
            Reason::Ownership(error) => AuthRejectionKind::Ownership(error.kind()),
            Reason::Unserved(_) => AuthRejectionKind::Unserved,
        }
    }

    /// Returns the status of the response. For a gRPC call, it is sent as `grpc-status`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// Returns the stable code that clients match on, such as `ERROR_DIDT_EXPIRED`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.answer().code
    }

    /// Returns the sentence that describes the reason. It is the same for every rejection of that
    /// kind.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.answer().detail
    }

    /// Returns the value of `WWW-Authenticate`, if the response has one.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let Answer { challenge, detail, .. } = self.answer();
        let realm = self.0.realm.quoted();
        let challenge = match challenge? {
            Challenge::Bare => format!("Bearer realm={realm}"),
            Challenge::InvalidRequest => format!("Bearer realm={realm}, error=\"invalid_request\""),
            Challenge::InvalidToken => format!(
                "Bearer realm={realm}, error=\"invalid_token\", error_description=\"{detail}\""
            ),
        };
        HeaderValue::try_from(challenge).ok()
    }

    /// Returns the value of `Retry-After`, if the response has one.
    ///
    /// It is in whole seconds, between one second and one day.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer().retry_after
    }

    pub(crate) fn rfc6750(reason: impl Into<Reason>) -> Self {
        Self::new(reason, RejectionStyle::Rfc6750)
    }

    pub(crate) fn new(reason: impl Into<Reason>, style: RejectionStyle) -> Self {
        Self(Box::new(Inner {
            reason: reason.into(),
            style,
            realm: Realm::default(),
            grpc: None,
            is_styled: false,
            response: None,
            problem: Weak::new(),
        }))
    }

    /// Creates the rejection for a request that the application responded to itself.
    pub(crate) fn unserved(response: Response) -> Self {
        let reason = Reason::Unserved(response.status());
        let mut rejection = Self::rfc6750(reason);
        rejection.set_response(response);
        rejection.set_styled();
        rejection
    }

    pub(super) fn set_realm(&mut self, realm: Realm) {
        self.0.realm = realm;
    }

    pub(super) fn set_response(&mut self, response: Response) {
        self.0.response = Some(Prepared::new(response));
    }

    pub(super) fn set_grpc(&mut self, grpc: Grpc) {
        self.0.grpc = Some(grpc);
    }

    pub(super) fn set_styled(&mut self) {
        self.0.is_styled = true;
    }

    pub(super) const fn is_styled(&self) -> bool {
        self.0.is_styled
    }

    /// Returns `true` if the rendered problem still exists. A layer that replaces the response
    /// drops it, but may keep the extensions.
    pub(super) fn has_its_body(&self) -> bool {
        self.0.grpc.is_some() || self.0.problem.strong_count() > 0
    }

    fn answer(&self) -> Answer {
        Answer::of(&self.0.reason, self.0.style)
    }

    fn problem(&mut self) -> Response {
        let Answer { status, code, detail, .. } = self.answer();
        let problem = Problem {
            r#type: "about:blank",
            // With `about:blank`, the title is the status phrase (RFC 9457, 4.2.1).
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail,
            code,
        };
        // Strings and a number always serialise. If they did not, the status would have to suffice.
        let text = serde_json::to_vec(&problem).unwrap_or_default();
        let exists = Arc::new(());
        self.0.problem = Arc::downgrade(&exists);
        let body = Bytes::from_owner(Rendered { text, _exists: exists });
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }

    /// Completes the application's response. If it has a success status, that is replaced.
    fn complete(&self, mut response: Response) -> Response {
        let status = self.status();
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        let same_status = response.status() == status;
        let headers = response.headers_mut();
        add_no_store(headers);
        if same_status {
            let retry_after = self.retry_after().map(|wait| HeaderValue::from(wait.as_secs()));
            let added = [(WWW_AUTHENTICATE, self.challenge()), (RETRY_AFTER, retry_after)];
            for (name, value) in added {
                if let Some(value) = value {
                    headers.entry(name).or_insert(value);
                }
            }
        }
        response
    }

    fn trailers(&self, grpc: Grpc) -> Response {
        let answer = self.answer();
        let mut response = grpc.response(answer.grpc_status(), answer.code, answer.retry_after);
        add_no_store(response.headers_mut());
        response
    }

    /// Logs mistakes of users for debugging, and failures that operators have to act on as
    /// warnings.
    fn trace(&self) {
        let (status, code) = (self.status().as_u16(), self.code());
        if status >= 500 {
            let cause = Causes(self.source());
            tracing::warn!(target: TARGET, status, code, %cause, "cannot authenticate a request");
        } else {
            tracing::debug!(target: TARGET, status, code, "rejected a request");
        }
    }
}

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        self.trace();
        metrics::rejected(self.code());
        self.render()
    }
}

impl AuthRejection {
    /// Builds the response without logging it.
    pub(super) fn render(mut self) -> Response {
        let mut response = match (self.0.response.take().and_then(Prepared::take), self.0.grpc) {
            (Some(response), _) if matches!(self.0.reason, Reason::Unserved(_)) => response,
            (_, Some(grpc)) => self.trailers(grpc),
            (Some(response), None) => self.complete(response),
            (None, None) => {
                let problem = self.problem();
                self.complete(problem)
            }
        };
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AuthorizationError> for AuthRejection {
    fn from(error: AuthorizationError) -> Self {
        Self::rfc6750(error)
    }
}

impl From<VerifyError> for AuthRejection {
    fn from(error: VerifyError) -> Self {
        Self::rfc6750(error)
    }
}

#[cfg(feature = "online")]
impl From<ApiError> for AuthRejection {
    fn from(error: ApiError) -> Self {
        Self::rfc6750(error)
    }
}

#[cfg(feature = "gating")]
impl From<GatingError> for AuthRejection {
    fn from(error: GatingError) -> Self {
        Self::rfc6750(error)
    }
}

impl From<StoreError> for AuthRejection {
    fn from(error: StoreError) -> Self {
        Self::rfc6750(error)
    }
}

impl fmt::Display for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected the request: {}", self.code())
    }
}

/// Omits the cause, which may be the error of an application's store.
impl fmt::Debug for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { status, code, .. } = self.answer();
        f.debug_struct("AuthRejection")
            .field("kind", &self.kind())
            .field("code", &code)
            .field("status", &status.as_u16())
            .finish_non_exhaustive()
    }
}

impl Error for AuthRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.reason.source()
    }
}

pub(crate) fn add_no_store(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The application's response, until it is sent. Clones share it, and the first one that is sent
/// takes it.
#[derive(Clone)]
struct Prepared(Arc<Mutex<Option<Response>>>);

impl Prepared {
    fn new(response: Response) -> Self {
        Self(Arc::new(Mutex::new(Some(response))))
    }

    fn take(self) -> Option<Response> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The text of a problem, for as long as a response or a reader of its body keeps it.
struct Rendered {
    text: Vec<u8>,
    _exists: Arc<()>,
}

impl AsRef<[u8]> for Rendered {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// The members of an RFC 9457 problem, with the stable code as an extension member.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
}

struct Causes<'a>(Option<&'a (dyn Error + 'static)>);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for error in std::iter::successors(self.0, |error| (*error).source()) {
            write!(f, "{separator}{error}")?;
            separator = ": ";
        }
        Ok(())
    }
}

/// A fixed target, which does not depend on the private module path.
const TARGET: &str = "magic_admin_axum::rejection";
