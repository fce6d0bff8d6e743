use std::{fmt, sync::Arc};

use axum::response::{IntoResponse, Response};
use http::Extensions;

use crate::{AuthRejection, Realm};

/// How refusals look: the realm of their challenges, and a closure that writes the response.
///
/// Give it to a [`RequireToken`](crate::RequireToken) layer or a
/// [`LogoutRouter`](crate::LogoutRouter), or put it into the request's extensions once for the
/// whole application, where extractors, layers and the logout router find it: the [`Extension`](axum::Extension)
/// layer has to be added after them, so that it runs before. A layer's or router's own one goes
/// first.
///
/// ```
/// use axum::{Extension, Json, Router};
/// use magic_admin_axum::{Realm, RejectionConfig};
///
/// #[derive(serde::Serialize)]
/// struct Failure {
///     error: &'static str,
/// }
///
/// let config = RejectionConfig::new()
///     .realm(Realm::new("my shop")?)
///     .respond_with(|rejection| (rejection.status(), Json(Failure { error: rejection.code() })));
/// let app: Router = Router::new().layer(Extension(config));
/// # Ok::<(), magic_admin_axum::InvalidRealm>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RejectionConfig(Option<Arc<Settings>>);

#[derive(Clone, Debug, Default)]
struct Settings {
    realm: Realm,
    responder: Option<Responder>,
}

impl RejectionConfig {
    /// The realm `magic`, and problem bodies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The realm named in `WWW-Authenticate`.
    #[must_use]
    pub fn realm(self, realm: Realm) -> Self {
        self.change(|settings| settings.realm = realm)
    }

    /// Writes the response to a refused request in place of the problem body.
    ///
    /// The closure sees why, and how the default would have answered. What it leaves out is
    /// added: `Cache-Control: no-store`, and, while the status is the rejection's,
    /// `WWW-Authenticate` and `Retry-After`. A success status is replaced by the rejection's:
    /// a forgotten status does not turn a refusal into a 200. Any other, a redirect to a login
    /// page say, is kept.
    #[must_use]
    pub fn respond_with<F, R>(self, respond: F) -> Self
    where
        F: Fn(&AuthRejection) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        let responder = Responder(Arc::new(move |rejection| respond(rejection).into_response()));
        self.change(|settings| settings.responder = Some(responder))
    }

    /// The one that holds for a request: the place's own, else the application's, else the default.
    pub(crate) fn in_force(own: Option<&Self>, extensions: &Extensions) -> Self {
        own.or_else(|| extensions.get()).cloned().unwrap_or_default()
    }

    pub(crate) fn get_realm(&self) -> Realm {
        self.0.as_ref().map(|settings| settings.realm.clone()).unwrap_or_default()
    }

    pub(crate) fn respond(&self, rejection: &AuthRejection) -> Option<Response> {
        let Responder(respond) = self.0.as_ref()?.responder.as_ref()?;
        Some(respond(rejection))
    }

    fn change(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.map(Arc::unwrap_or_clone).unwrap_or_default();
        change(&mut settings);
        Self(Some(Arc::new(settings)))
    }
}

#[derive(Clone)]
struct Responder(Arc<dyn Fn(&AuthRejection) -> Response + Send + Sync>);

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<fn>")
    }
}
