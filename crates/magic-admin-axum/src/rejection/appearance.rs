use std::{fmt, sync::Arc};

use axum::response::Response;
use http::{
    HeaderName,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER,
        SET_COOKIE, TRANSFER_ENCODING, VARY, WWW_AUTHENTICATE,
    },
    request::Parts,
};

use super::{auth_rejection::AuthRejection, body::RejectionBody, realm::Realm};

/// The realm and the response of an application's rejections.
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

    /// Takes from another one what is not set here.
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

    /// Makes a rejection look like the application's others.
    pub(crate) fn apply(&self, mut rejection: AuthRejection, parts: &Parts) -> AuthRejection {
        self.apply_to(&mut rejection, Some(parts));
        rejection
    }

    /// Notes what is needed to do so later, with a rejection that a handler returns; `None` when
    /// nothing is set.
    ///
    /// Only with a closure that sees the request does this copy the request's head.
    pub(crate) fn for_later(&self, parts: &Parts) -> Option<Restyle> {
        let settings = self.0.as_ref()?;
        let parts = settings.responder.is_some().then(|| Box::new(parts.clone()));
        Some(Restyle { appearance: self.clone(), parts })
    }

    /// Renders a response anew if it is a rejection that a handler or a hook made.
    #[cfg(feature = "online")]
    pub(crate) fn restyle(&self, response: Response, parts: &Parts) -> Response {
        match self.rerender(&response, Some(parts)) {
            None => response,
            Some(rejection) => replace(response, rejection),
        }
    }

    fn rerender<B>(&self, response: &http::Response<B>, parts: Option<&Parts>) -> Option<Response> {
        let returned = response.extensions().get::<AuthRejection>()?;
        let mut rejection = Some(returned).filter(|returned| !returned.is_styled())?.clone();
        self.apply_to(&mut rejection, parts);
        Some(rejection.render())
    }

    fn apply_to(&self, rejection: &mut AuthRejection, parts: Option<&Parts>) {
        rejection.set_styled();
        let Some(settings) = &self.0 else { return };
        if let Some(realm) = &settings.realm {
            rejection.set_realm(realm.clone());
        }
        if let (Some(Responder(respond)), Some(parts)) = (&settings.responder, parts) {
            let response = respond(rejection, parts);
            rejection.set_response(response);
        }
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

/// An [`Appearance`] that waits for the response of a handler.
pub(crate) struct Restyle {
    appearance: Appearance,
    /// Present when the application's closure needs it.
    parts: Option<Box<Parts>>,
}

impl Restyle {
    /// Renders the response anew if it is a rejection that a handler made.
    pub(crate) fn finish<B>(self, response: http::Response<B>) -> http::Response<RejectionBody<B>> {
        match self.appearance.rerender(&response, self.parts.as_deref()) {
            None => response.map(RejectionBody::forward),
            Some(rejection) => replace(response, rejection).map(RejectionBody::own),
        }
    }
}

/// Replaces a response to a rejection by another one, and keeps what layers have added to it since:
/// session cookies, CORS headers, request ids.
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

/// The headers that a rejection sets itself, and those that describe its body.
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
