use std::{fmt, sync::Arc};

use axum::response::Response;
use http::{
    HeaderName, Method,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER,
        SET_COOKIE, TRANSFER_ENCODING, VARY, WWW_AUTHENTICATE,
    },
    request::Parts,
};

use super::{auth_rejection::AuthRejection, body::RejectionBody, grpc::Grpc, realm::Realm};

/// The realm and the response configured for an application's rejections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Appearance(Option<Arc<Settings>>);

#[derive(Clone, Debug, Default)]
struct Settings {
    realm: Option<Realm>,
    responder: Option<Responder>,
}

impl Appearance {
    pub(crate) fn set_realm(&mut self, realm: Realm) {
        self.settings_mut().realm = Some(realm);
    }

    pub(crate) fn set_responder<F>(&mut self, respond: F)
    where
        F: Fn(&AuthRejection, &Parts) -> Response + Send + Sync + 'static,
    {
        self.settings_mut().responder = Some(Responder(Arc::new(respond)));
    }

    /// Uses the settings of another one for everything that is not set here.
    pub(crate) fn or(self, other: &Self) -> Self {
        match (self.0, &other.0) {
            (None, _) => other.clone(),
            (own, None) => Self(own),
            (Some(own), Some(other)) => Self(Some(Arc::new(Settings {
                realm: own.realm.clone().or_else(|| other.realm.clone()),
                responder: own.responder.clone().or_else(|| other.responder.clone()),
            }))),
        }
    }

    /// Applies the application's realm and response to a rejection.
    pub(crate) fn apply(&self, mut rejection: AuthRejection, parts: &Parts) -> AuthRejection {
        self.apply_to(&mut rejection, Grpc::of(&parts.headers), Some(parts));
        rejection
    }

    /// Returns what is needed to do so later, for a rejection that a handler returns, or `None` if
    /// there is nothing to do.
    ///
    /// The request's head is copied only if there is a closure, which needs it.
    pub(crate) fn for_later(&self, parts: &Parts) -> Option<Restyle> {
        let grpc = Grpc::of(&parts.headers);
        if self.0.is_none() && grpc.is_none() {
            return None;
        }
        let copied =
            (grpc.is_none() && self.responder().is_some()).then(|| Box::new(parts.clone()));
        let is_head = parts.method == Method::HEAD;
        Some(Restyle { appearance: self.clone(), grpc, parts: copied, is_head })
    }

    /// Renders a response again if it is a rejection returned by a handler or a hook.
    #[cfg(feature = "online")]
    pub(crate) fn restyle(&self, response: Response, parts: &Parts) -> Response {
        match returned(&response, false) {
            None => response,
            Some(rejection) => replace(response, self.apply(rejection, parts).render()),
        }
    }

    fn apply_to(&self, rejection: &mut AuthRejection, grpc: Option<Grpc>, parts: Option<&Parts>) {
        rejection.set_styled();
        if let Some(realm) = self.0.as_ref().and_then(|settings| settings.realm.clone()) {
            rejection.set_realm(realm);
        }
        if let Some(grpc) = grpc {
            // gRPC clients understand only this response, so it takes precedence over the
            // application's own.
            rejection.set_grpc(grpc);
        } else if let (Some(Responder(respond)), Some(parts)) = (self.responder(), parts) {
            let response = respond(rejection, parts);
            rejection.set_response(response);
        }
    }

    fn responder(&self) -> Option<&Responder> {
        self.0.as_ref()?.responder.as_ref()
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

/// An [`Appearance`] to apply to the response of a handler.
pub(crate) struct Restyle {
    appearance: Appearance,
    grpc: Option<Grpc>,
    /// Set if the application's closure needs it.
    parts: Option<Box<Parts>>,
    is_head: bool,
}

impl Restyle {
    /// Renders the response again if it is a rejection returned by a handler.
    pub(crate) fn finish<B>(self, response: http::Response<B>) -> http::Response<RejectionBody<B>> {
        let Self { appearance, grpc, parts, is_head } = self;
        match returned(&response, is_head) {
            None => response.map(RejectionBody::forward),
            Some(mut rejection) => {
                appearance.apply_to(&mut rejection, grpc, parts.as_deref());
                replace(response, rejection.render()).map(RejectionBody::own)
            }
        }
    }
}

/// Returns the rejection that a handler or a hook has returned, unless its response has been
/// replaced since.
fn returned<B>(response: &http::Response<B>, is_head: bool) -> Option<AuthRejection> {
    let rejection = response.extensions().get::<AuthRejection>()?;
    // axum removes the body of a response to `HEAD`.
    let is_ours = !rejection.is_styled() && (is_head || rejection.has_its_body());
    is_ours.then(|| rejection.clone())
}

/// Replaces the response to a rejection, and keeps what layers have added to it since: session
/// cookies, CORS headers, request IDs.
fn replace<B>(replaced: http::Response<B>, rejection: Response) -> Response {
    let (mut head, _body) = replaced.into_parts();
    let (new, body) = rejection.into_parts();
    let lists = [SET_COOKIE, VARY];
    for name in
        OF_THE_REPLACED.iter().chain(new.headers.keys().filter(|name| !lists.contains(name)))
    {
        head.headers.remove(name);
    }
    for (name, value) in &new.headers {
        head.headers.append(name, value.clone());
    }
    head.status = new.status;
    head.extensions.extend(new.extensions);
    Response::from_parts(head, body)
}

/// The headers that a rejection sets, and those that describe its body.
const OF_THE_REPLACED: [HeaderName; 8] = [
    WWW_AUTHENTICATE,
    RETRY_AFTER,
    CACHE_CONTROL,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
    ETAG,
];

#[derive(Clone)]
struct Responder(Arc<Respond>);

type Respond = dyn Fn(&AuthRejection, &Parts) -> Response + Send + Sync;

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<fn>")
    }
}
