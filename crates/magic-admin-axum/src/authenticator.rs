use std::{borrow::Cow, fmt, sync::Arc};

use axum::{
    extract::FromRef,
    response::{IntoResponse, Response},
};
use http::request::Parts;
#[cfg(feature = "online")]
use magic_admin::Magic;
use magic_admin::Verifier;

use crate::{
    rejection::{Appearance, AuthRejection, Realm, RejectionLayer},
    sources::TokenSources,
    verifying::Verifying,
};

/// Configures how an application verifies tokens, where it reads them from, and how it responds to
/// rejected requests.
///
/// Create one at start-up, put it into the router's state, and hand clones to
/// [`RequireTokenLayer`](crate::RequireTokenLayer) and
/// [`logout_router`](crate::logout_router()). Cheap to clone.
///
/// An authenticator is created from a [`Magic`](magic_admin::Magic). A service that only verifies
/// tokens and needs no secret key can create one from a [`Verifier`] instead. To serve several
/// Magic applications in one process, use [`per_request`](Self::per_request).
///
/// # Examples
///
/// ```
/// use axum::{Json, Router, extract::FromRef, routing::get};
/// use magic_admin::Magic;
/// use magic_admin_axum::{Authenticated, Authenticator, Realm, RequireTokenLayer};
/// # #[derive(Clone)] struct Database;
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     auth: Authenticator,
///     database: Database,
/// }
///
/// async fn orders(user: Authenticated) -> String {
///     format!("orders of {}", user.issuer())
/// }
///
/// fn app(magic: Magic, database: Database) -> Result<Router, magic_admin_axum::InvalidRealm> {
///     let auth = Authenticator::new(magic)
///         .realm(Realm::new("shop")?)
///         .respond_with(|rejection, request| {
///             (rejection.status(), format!("{}: {}", request.uri.path(), rejection.code()))
///         });
///     Ok(Router::new()
///         .route("/orders", get(orders))
///         .route_layer(RequireTokenLayer::new(auth.clone()))
///         .with_state(AppState { auth, database }))
/// }
/// ```
///
/// If the state contains nothing else, `with_state(magic)` works as well. An `Arc` of a state that
/// contains an `Authenticator` works, too.
#[derive(Clone, Debug)]
pub struct Authenticator {
    verification: Verification,
    /// `None` if not set; the sources of an outer authenticator then apply.
    sources: Option<TokenSources>,
    appearance: Appearance,
}

#[derive(Clone)]
enum Verification {
    Fixed(Verifying),
    PerRequest(Arc<Choose>),
}

/// The response is boxed because it is large.
type Choose = dyn Fn(&Parts) -> Result<Authenticator, Box<Response>> + Send + Sync;

impl Authenticator {
    /// Creates an authenticator from a [`Magic`](magic_admin::Magic) or a [`Verifier`], with the
    /// realm `magic` and the default responses.
    #[must_use]
    pub fn new(verifier: impl Into<Self>) -> Self {
        verifier.into()
    }

    /// Chooses a `Magic`, a `Verifier` or another `Authenticator` for each request, based on its
    /// host, path or headers.
    ///
    /// Use it to serve several Magic applications in one process. A token of one tenant is rejected
    /// with `ERROR_AUDIENCE_MISMATCH` by any other. If the request belongs to no known tenant,
    /// return an error from the closure; it becomes the response. If the closure returns an
    /// `Authenticator`, its sources, realm and responses take precedence over those set here.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use axum::http::StatusCode;
    /// use magic_admin::Magic;
    /// use magic_admin_axum::Authenticator;
    ///
    /// fn tenants(by_path: HashMap<String, Magic>) -> Authenticator {
    ///     Authenticator::per_request(move |request| {
    ///         let name = request.uri.path().split('/').nth(1);
    ///         name.and_then(|name| by_path.get(name)).cloned().ok_or(StatusCode::NOT_FOUND)
    ///     })
    /// }
    /// ```
    ///
    /// If you choose by host, note that HTTP/2 requests usually have no `Host` header; their host is
    /// `request.uri.host()`.
    ///
    /// The closure runs for every request, in each layer and extractor, so create the tenants in
    /// advance: a `Magic` that is created anew for each request starts with empty caches. Inside
    /// [`Router::nest`], the closure sees the path without the prefix; axum's `OriginalUri` in the
    /// request's extensions has the full path.
    ///
    /// [`Router::nest`]: axum::Router::nest
    pub fn per_request<F, A, R>(choose: F) -> Self
    where
        F: Fn(&Parts) -> Result<A, R> + Send + Sync + 'static,
        A: Into<Self>,
        R: IntoResponse,
    {
        let choose = move |parts: &Parts| match choose(parts) {
            Ok(chosen) => Ok(chosen.into()),
            Err(answer) => Err(Box::new(answer.into_response())),
        };
        Self::of(Verification::PerRequest(Arc::new(choose)))
    }

    /// Sets the places where requests may carry their token. Default: only the `Authorization`
    /// header.
    #[must_use]
    pub fn token_sources(mut self, sources: TokenSources) -> Self {
        self.sources = Some(sources);
        self
    }

    /// Sets the realm of the `WWW-Authenticate` challenges. Default: `magic`.
    #[must_use]
    pub fn realm(mut self, realm: Realm) -> Self {
        self.appearance.set_realm(realm);
        self
    }

    /// Sets the response to rejected requests. Default: an RFC 9457 problem details body.
    ///
    /// The closure receives the rejection and the request without its body. It can redirect to
    /// `/login?next=…`, negotiate by `Accept`, or add a request ID, for example. The closure is not
    /// called for gRPC calls, which always get the response that gRPC clients expect.
    ///
    /// If the response it returns has a success status, that is replaced by the rejection's status.
    /// If it lacks `Cache-Control`, `no-store` is added. If it lacks `WWW-Authenticate` or
    /// `Retry-After`, those of the rejection are added, but only if both have the same status: a
    /// redirect gets neither.
    ///
    /// A handler may return a rejection after it has consumed the request. Once a closure is set,
    /// the layers therefore keep a copy of each request's head, which costs a few allocations per
    /// request.
    #[must_use]
    pub fn respond_with<F, R>(mut self, respond: F) -> Self
    where
        F: Fn(&AuthRejection, &Parts) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.appearance
            .set_responder(move |rejection, request| respond(rejection, request).into_response());
        self
    }

    /// Creates a layer that applies this configuration to rejections returned by handlers.
    ///
    /// An [`AuthRejection`] that a handler returns with `?` has neither the realm nor the response
    /// set here. [`RequireTokenLayer`](crate::RequireTokenLayer) and
    /// [`logout_router`](crate::logout_router()) add both. If other handlers return rejections, add
    /// this layer once, around all routes. It also turns rejections of gRPC calls into responses
    /// that gRPC clients expect.
    ///
    /// The layer leaves a response alone if another layer has replaced its body.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::{Router, extract::State, routing::post};
    /// use magic_admin::Magic;
    /// use magic_admin_axum::{AuthRejection, Authenticator, DidToken};
    ///
    /// async fn order(State(magic): State<Magic>, token: DidToken) -> Result<String, AuthRejection> {
    ///     let user = magic.verify_with_attachment(&token, "order 1001").await?;
    ///     Ok(format!("ordered by {}", user.issuer()))
    /// }
    ///
    /// fn app(magic: Magic) -> Router {
    ///     let auth = Authenticator::new(magic.clone())
    ///         .respond_with(|rejection, _| (rejection.status(), rejection.code()));
    ///     Router::new()
    ///         .route("/order", post(order))
    ///         .layer(auth.rejection_layer())
    ///         .with_state(magic)
    /// }
    /// ```
    pub fn rejection_layer(&self) -> RejectionLayer {
        let auth = self.clone();
        RejectionLayer::new(move |parts| match auth.for_request(parts) {
            Ok(chosen) => chosen.appearance.for_later(parts),
            Err(_) => auth.appearance.for_later(parts),
        })
    }

    /// Returns the configuration for this request, or the application's response if the request
    /// belongs to no known tenant.
    pub(crate) fn for_request(&self, parts: &Parts) -> Result<Chosen<'_>, Box<Response>> {
        match &self.verification {
            Verification::Fixed(verifying) => Ok(Chosen {
                verifying: Cow::Borrowed(verifying),
                sources: self.sources.as_ref().map(Cow::Borrowed),
                appearance: Cow::Borrowed(&self.appearance),
            }),
            Verification::PerRequest(choose) => {
                let chosen = choose(parts)?;
                let Chosen { verifying, sources, appearance } = chosen.for_request(parts)?;
                let appearance = appearance.into_owned().or(&self.appearance);
                let inner = sources.map(|sources| Cow::Owned(sources.into_owned()));
                Ok(Chosen {
                    verifying: Cow::Owned(verifying.into_owned()),
                    sources: inner.or(self.sources.as_ref().map(Cow::Borrowed)),
                    appearance: Cow::Owned(appearance),
                })
            }
        }
    }

    fn of(verification: Verification) -> Self {
        Self { verification, sources: None, appearance: Appearance::default() }
    }
}

#[cfg(feature = "online")]
impl From<Magic> for Authenticator {
    fn from(magic: Magic) -> Self {
        Self::of(Verification::Fixed(Verifying::Magic(magic)))
    }
}

impl From<Verifier> for Authenticator {
    fn from(verifier: Verifier) -> Self {
        Self::of(Verification::Fixed(Verifying::Verifier(verifier)))
    }
}

#[cfg(feature = "online")]
impl FromRef<Magic> for Authenticator {
    fn from_ref(magic: &Magic) -> Self {
        magic.clone().into()
    }
}

impl FromRef<Verifier> for Authenticator {
    fn from_ref(verifier: &Verifier) -> Self {
        verifier.clone().into()
    }
}

impl<S> FromRef<Arc<S>> for Authenticator
where
    Self: FromRef<S>,
{
    fn from_ref(state: &Arc<S>) -> Self {
        Self::from_ref(&**state)
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(verifying) => verifying.fmt(f),
            Self::PerRequest(_) => f.write_str("<fn>"),
        }
    }
}

/// The configuration that applies to one request.
#[derive(Clone)]
pub(crate) struct Chosen<'a> {
    pub(crate) verifying: Cow<'a, Verifying>,
    sources: Option<Cow<'a, TokenSources>>,
    pub(crate) appearance: Cow<'a, Appearance>,
}

impl Chosen<'_> {
    pub(crate) fn sources(&self) -> &TokenSources {
        static HEADER: TokenSources = TokenSources::header();

        self.sources.as_deref().unwrap_or(&HEADER)
    }

    pub(crate) fn into_owned(self) -> (Verifying, Appearance) {
        (self.verifying.into_owned(), self.appearance.into_owned())
    }
}

/// A router's state that contains an [`Authenticator`] for the extractors.
///
/// Implemented for every state from which an `Authenticator` can be obtained through [`FromRef`].
/// Do not implement it yourself.
///
/// # Examples
///
/// Routes that work with any state that contains an authenticator:
///
/// ```
/// use axum::{Router, routing::get};
/// use magic_admin_axum::{Authenticated, HasAuthenticator};
///
/// fn routes<S>() -> Router<S>
/// where
///     S: HasAuthenticator + Clone + Send + Sync + 'static,
/// {
///     Router::new().route("/me", get(|user: Authenticated| async move { user.issuer().to_string() }))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` holds no `Authenticator`",
    label = "extractors of magic-admin-axum need an `Authenticator` in the state",
    note = "add a field `auth: Authenticator` to `{Self}` and `#[derive(axum::extract::FromRef)]` (axum's feature `macros`), or write `impl FromRef<{Self}> for Authenticator`; a `Magic` or a `Verifier` as the whole state works too; for an `Arc<T>`, do this for `T`"
)]
pub trait HasAuthenticator {
    /// Returns the authenticator.
    fn authenticator(&self) -> Authenticator;
}

#[diagnostic::do_not_recommend]
impl<S> HasAuthenticator for S
where
    Authenticator: FromRef<S>,
{
    fn authenticator(&self) -> Authenticator {
        Authenticator::from_ref(self)
    }
}
