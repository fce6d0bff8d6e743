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

/// A rejected request: why, and the response to it.
///
/// | reason | status | `WWW-Authenticate` |
/// |---|---|---|
/// | no credentials, or another scheme | 401 | `Bearer realm="magic"` |
/// | malformed `Authorization` header, or more than one token | 400 | `Bearer realm="magic", error="invalid_request"` |
/// | token rejected | 401 | `Bearer realm="magic", error="invalid_token", error_description="…"` |
/// | the user is not allowed to do this | 403 | none |
/// | the user on record is another one (logout) | 403 | none |
/// | the token of a cookie, or no token at a logout, from another site | 403 | none |
/// | Magic does not know the user | 403 | none |
/// | the user does not own the required token (feature `gating`) | 403 | none |
/// | ownership cannot be checked (feature `gating`) | 503 and `Retry-After` | none |
/// | client id unknown, or a store unreachable | 503 and `Retry-After` | none |
/// | Magic's Admin API limits the rate | 503 and `Retry-After` | none |
/// | Magic's Admin API times out | 504 | none |
/// | any other failure of Magic's Admin API | 502 | none |
///
/// [`DidToken`](crate::DidToken) and, by default, the [`LogoutRouter`](crate::LogoutRouter) answer
/// 400 without a challenge wherever this table has one ([`RejectionStyle::BadRequest`]).
///
/// The body is an [RFC 9457] problem (`application/problem+json`) with the members `type`, `title`,
/// `status`, `detail` and `code`. Code and detail are fixed texts, so nothing of a token, of Magic's
/// response or of the cause is disclosed. `Cache-Control: no-store` is always set. An
/// [`Authenticator`](crate::Authenticator) sets the realm and can replace the response.
///
/// gRPC calls, whose `Content-Type` is `application/grpc` or begins with `application/grpc+` or
/// `application/grpc-web`, are answered as gRPC clients expect: HTTP 200 without a body, and
/// `grpc-status` 16 (unauthenticated) for 400 and 401, 7 (permission denied) for 403, 14 (unavailable)
/// for 503 and 13 (internal) otherwise. `grpc-message` is the code, and `Retry-After` becomes
/// `grpc-retry-pushback-ms`.
///
/// The rejection is also in the response's extensions, for middleware that logs or counts:
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
/// Handlers can return one: the errors of the core convert into it with `?`, and
/// [`forbidden`](Self::forbidden) rejects a user who may not do something.
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
/// To make these look like the application's other rejections, see
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
    /// The request is a gRPC call.
    grpc: Option<Grpc>,
    /// It has the application's realm and response.
    is_styled: bool,
    response: Option<Prepared>,
    /// Tells whether the problem that was rendered still exists.
    problem: Weak<()>,
}

/// The reason for an [`AuthRejection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthRejectionKind {
    /// The request holds no token that can be used: none, a malformed one, or more than one.
    Authorization(AuthorizationErrorKind),
    /// The token was rejected or, with [`VerifyErrorKind::Unavailable`], could not be verified.
    Token(VerifyErrorKind),
    /// The token is valid, but its user is not allowed to do this.
    Forbidden,
    /// The request came from another site, with a credential that browsers add by themselves.
    CrossSite,
    /// The token is valid, but belongs to another user than the request acts for, or there is no
    /// such user: from outside the two look the same.
    IssuerMismatch,
    /// The token is valid, but Magic does not know its user.
    UnknownUser,
    /// A call of Magic's Admin API failed.
    #[cfg(feature = "online")]
    Service(ApiErrorKind),
    /// There is no Admin API to call: the authenticator was made from a `Verifier`.
    NoService,
    /// A store failed, so nothing is known to be recorded.
    Store,
    /// The user does not own the required token or, with any kind but
    /// [`GatingErrorKind::NotOwned`], ownership could not be checked.
    #[cfg(feature = "gating")]
    Ownership(GatingErrorKind),
    /// The application chose no authenticator for the request, and answered it itself.
    ///
    /// The rejection's status is that of the application's response, and its code `ERROR_UNSERVED` is
    /// not sent: it is for middleware that logs or counts.
    Unserved,
}

impl AuthRejection {
    /// Rejects a user who is authenticated but not allowed to do something: 403 `ERROR_FORBIDDEN`.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::rfc6750(Reason::Forbidden)
    }

    /// Rejects a request of nobody, such as one without a session: 401 `ERROR_MISSING_AUTH_HEADER`.
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

    /// Returns the reason, to match on. The cause is the error's [`source`](Error::source).
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

    /// Returns the status of the response. To a gRPC call it is sent as `grpc-status`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// Returns the stable code, such as `ERROR_DIDT_EXPIRED`, that clients match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.answer().code
    }

    /// Returns one sentence on the reason, fixed for each reason.
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

    /// Returns the value of `Retry-After`, if the response has one: whole seconds, from one second
    /// to one day.
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

    /// A request that the application answered itself.
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

    /// Returns `true` if the problem that was rendered is not gone: a layer that answers in its own
    /// way drops it, and may keep the extensions.
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
            // With `about:blank` the title is the status phrase (RFC 9457, 4.2.1).
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail,
            code,
        };
        // Strings and a number always serialise; were it otherwise, the status says enough.
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

    /// A response of the application that forgot the status is no success because of that.
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

    /// A user's mistake is for whoever debugs; what operators have to act upon is a warning.
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

/// Shows nothing of the cause, which may be the error of an application's store.
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

/// The application's response, until it is sent. Clones share it: the first one that is sent takes
/// it.
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

/// The text of a problem, while a response or whoever has read its body keeps it.
struct Rendered {
    text: Vec<u8>,
    _exists: Arc<()>,
}

impl AsRef<[u8]> for Rendered {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// The members of an RFC 9457 problem, with the stable code as extension member.
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

/// Independent of the module's path, which is nobody's business.
const TARGET: &str = "magic_admin_axum::rejection";
