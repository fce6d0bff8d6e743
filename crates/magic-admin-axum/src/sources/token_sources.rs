use std::{borrow::Cow, sync::Arc};

use http::{
    HeaderMap,
    header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL},
    request::Parts,
};
use magic_admin::{AuthorizationError, AuthorizationErrorKind};

use super::{
    cookie,
    header::bearer_token,
    origin::is_same_origin,
    websocket::{self, Echo},
};
use crate::rejection::Reason;

/// The places where a request may carry its DID token.
///
/// The `Authorization` header is always one of them, and the only one by default. Set others with
/// [`Authenticator::token_sources`](crate::Authenticator::token_sources): they then apply to the
/// layer, the extractors and the logout router alike.
///
/// A request may carry one token. Two sources that both hold one, or one that holds two, are
/// answered 400 `EXPECTED_BEARER_STRING`. Query strings are not offered as a source, because URLs end
/// up in logs, histories and `Referer`.
///
/// # Examples
///
/// ```
/// use magic_admin::Magic;
/// use magic_admin_axum::{Authenticator, TokenSources};
///
/// fn authenticator(magic: Magic) -> Authenticator {
///     let sources = TokenSources::header().or_cookie("__Host-did").or_websocket_protocol();
///     Authenticator::new(magic).token_sources(sources)
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TokenSources(Option<Arc<More>>);

/// The sources besides the header.
#[derive(Clone, Debug, Default)]
struct More {
    cookies: Vec<Cow<'static, str>>,
    websocket_protocol: bool,
    origins: Vec<Cow<'static, str>>,
}

impl TokenSources {
    /// The subprotocol `magic.did-token.v1`, which stands beside the one that holds the token.
    ///
    /// A browser closes a WebSocket if the server chooses none of the subprotocols that were offered.
    /// Behind a [`RequireTokenLayer`](crate::RequireTokenLayer) this one is chosen if the application
    /// chooses no other. A handler that only has an extractor chooses it by itself:
    ///
    /// ```
    /// use axum::{extract::WebSocketUpgrade, response::Response};
    /// use magic_admin_axum::{Authenticated, TokenSources};
    ///
    /// async fn events(user: Authenticated, upgrade: WebSocketUpgrade) -> Response {
    ///     upgrade
    ///         .protocols([TokenSources::WEBSOCKET_PROTOCOL])
    ///         .on_upgrade(async move |socket| println!("{} is here: {socket:?}", user.issuer()))
    /// }
    /// ```
    pub const WEBSOCKET_PROTOCOL: &str = websocket::MARKER;

    /// Takes tokens from the `Authorization` header alone: the default.
    pub const fn header() -> Self {
        Self(None)
    }

    /// Takes tokens from the cookie of this name, too.
    ///
    /// The values that count as no token in a header, such as `null`, do so in a cookie. A token may
    /// be percent-encoded, as axum-extra's `CookieJar` does it.
    ///
    /// # Security
    ///
    /// A browser adds cookies to requests of any site. The token of a cookie therefore counts only on
    /// requests from the same origin: `Sec-Fetch-Site` is `same-origin` or `none`. In browsers that do
    /// not send it, `Origin` must name the host of the request; it may be absent on a `GET` or `HEAD`
    /// that is no upgrade. WebSockets are under this rule, too. Everything else is answered 403
    /// `ERROR_CROSS_SITE`, unless the origin is [allowed](Self::allow_origin). Behind a proxy, `Host`
    /// must be the host that the browser sees.
    ///
    /// Choose a name that starts with `__Host-`, so that neither a subdomain nor plain HTTP can set
    /// the cookie, and set it with `HttpOnly`, `Secure` and `SameSite=Strict`.
    pub fn or_cookie(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.more_mut().cookies.push(name.into());
        self
    }

    /// Takes tokens from the subprotocols that a WebSocket client offers, too: browsers cannot set
    /// any other header of a WebSocket.
    ///
    /// The client offers `magic.did-token.v1` and `magic.did-token.v1.<token>`, with the token in
    /// base64url without padding. The pair `bearer` and `<token>` is understood as well. Names of
    /// subprotocols are case-sensitive (RFC 6455), so `Bearer` is not.
    /// [`RequireTokenLayer`](crate::RequireTokenLayer) removes the one that holds the token before the
    /// request goes on, and never sends it back; see
    /// [`WEBSOCKET_PROTOCOL`](Self::WEBSOCKET_PROTOCOL) for the response.
    pub fn or_websocket_protocol(mut self) -> Self {
        self.more_mut().websocket_protocol = true;
        self
    }

    /// Accepts the tokens of cookies on requests of another origin, such as `https://app.example`.
    ///
    /// [`LogoutRouter::accept_without_token`](crate::LogoutRouter::accept_without_token) accepts the
    /// requests of that origin, too. The origin must be exactly what browsers send: there are no
    /// patterns, and `null` never counts.
    ///
    /// # Security
    ///
    /// Scripts of that origin can act as the user. Sending cookies across sites also takes
    /// `SameSite=None` and a CORS layer that allows credentials.
    pub fn allow_origin(mut self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.more_mut().origins.push(origin.into());
        self
    }

    /// Returns the request's one token.
    pub(crate) fn token<'r>(&self, parts: &'r Parts) -> Result<Cow<'r, str>, Reason> {
        let in_header = bearer_token(&parts.headers).map(Cow::Borrowed);
        let Some(more) = &self.0 else { return Ok(in_header?) };
        let absence = match &in_header {
            Err(error) if error.kind() == AuthorizationErrorKind::Malformed => {
                return Err((*error).into());
            }
            Err(absence) => *absence,
            Ok(_) => AuthorizationError::missing(),
        };
        let mut all =
            more.tokens(parts).chain(in_header.ok().map(|token| (Ok(token), Via::Header)));
        let (token, via) = all.next().ok_or(absence)?;
        let token = token?;
        if all.next().is_some() {
            return Err(AuthorizationError::malformed().into());
        }
        if via == Via::Cookie && !self.is_same_origin(parts) {
            return Err(Reason::CrossSite);
        }
        Ok(token)
    }

    /// Returns `true` if a page of the application sent the request, or one of an allowed origin.
    pub(crate) fn is_same_origin(&self, parts: &Parts) -> bool {
        is_same_origin(parts, self.0.as_ref().map_or(&[], |more| &more.origins))
    }

    /// Keeps the credentials out of whatever prints the request's headers from here on.
    pub(crate) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        let more = self.0.as_deref();
        let cookies = more.is_some_and(|more| !more.cookies.is_empty());
        let protocols = more.is_some_and(|more| more.websocket_protocol);
        for (name, value) in headers.iter_mut() {
            if *name == AUTHORIZATION
                || cookies && *name == COOKIE
                || protocols && *name == SEC_WEBSOCKET_PROTOCOL
            {
                value.set_sensitive(true);
            }
        }
    }

    /// Takes the token out of the WebSocket's subprotocols, for the extractors to find it elsewhere.
    pub(crate) fn take_from_protocols(&self, parts: &mut Parts) -> Option<Echo> {
        self.0.as_ref().filter(|more| more.websocket_protocol).and_then(|_| websocket::take(parts))
    }

    fn more_mut(&mut self) -> &mut More {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl More {
    fn tokens<'r>(
        &self,
        parts: &'r Parts,
    ) -> impl Iterator<Item = (Result<Cow<'r, str>, AuthorizationError>, Via)> {
        let cookies = self.cookies.iter().flat_map(|name| cookie::tokens(&parts.headers, name));
        let protocols = self.websocket_protocol.then(|| websocket::tokens(parts));
        let protocols = protocols.into_iter().flatten().map(|token| token.map(Cow::Borrowed));
        cookies.map(|token| (token, Via::Cookie)).chain(protocols.map(|token| (token, Via::Header)))
    }
}

/// The way in which a browser came to send a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Via {
    /// By itself.
    Cookie,
    /// Because a script that knows the token said so.
    Header,
}
