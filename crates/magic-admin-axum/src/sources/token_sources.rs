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
/// The `Authorization` header is always one of them, and by default the only one. Add others with
/// [`Authenticator::token_sources`](crate::Authenticator::token_sources); they apply to the layer,
/// the extractors and the logout router alike.
///
/// A request may carry only one token. If two sources contain a token, or one source contains two,
/// the response is 400 `EXPECTED_BEARER_STRING`. There is no source for query strings, because URLs
/// end up in logs, browser histories and `Referer` headers.
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

/// The sources other than the header.
#[derive(Clone, Debug, Default)]
struct More {
    cookies: Vec<Cow<'static, str>>,
    websocket_protocol: bool,
    origins: Vec<Cow<'static, str>>,
}

impl TokenSources {
    /// The subprotocol `magic.did-token.v1`, which a client offers together with the one that
    /// contains the token.
    ///
    /// A browser closes a WebSocket if the server selects none of the subprotocols that were
    /// offered. Behind a [`RequireTokenLayer`](crate::RequireTokenLayer), this one is selected if
    /// the application selects no other. A handler that uses only an extractor has to select it
    /// itself:
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

    /// Reads tokens only from the `Authorization` header, which is the default.
    pub const fn header() -> Self {
        Self(None)
    }

    /// Also reads tokens from the cookie with this name.
    ///
    /// Values that mean "no token" in a header, such as `null`, mean the same in a cookie. The
    /// token may be percent-encoded, which axum-extra's `CookieJar` does.
    ///
    /// # Security
    ///
    /// Browsers add cookies to requests from any site. A token from a cookie is therefore accepted
    /// only on same-origin requests, that is, if `Sec-Fetch-Site` is `same-origin` or `none`. If
    /// the browser does not send that header, `Origin` must match the host of the request; only
    /// `GET` and `HEAD` requests that are not upgrades may omit it. The rule applies to WebSockets
    /// as well. Any other request gets a 403 `ERROR_CROSS_SITE`, unless its origin is
    /// [allowed](Self::allow_origin). Behind a proxy, `Host` must be the host that the browser
    /// sees.
    ///
    /// Choose a name that starts with `__Host-`, so that neither a subdomain nor a page loaded over
    /// plain HTTP can set the cookie. Set it with `HttpOnly`, `Secure` and `SameSite=Strict`.
    pub fn or_cookie(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.more_mut().cookies.push(name.into());
        self
    }

    /// Also reads tokens from the subprotocols that a WebSocket client offers.
    ///
    /// A page cannot set any other header of a WebSocket.
    ///
    /// The client offers `magic.did-token.v1` and `magic.did-token.v1.<token>`, where the token is
    /// in base64url without padding. The pair `bearer` and `<token>` also works. Names of
    /// subprotocols are case-sensitive (RFC 6455), so `Bearer` does not.
    /// [`RequireTokenLayer`](crate::RequireTokenLayer) removes the subprotocol that contains the
    /// token before it passes the request on, and never sends it back.
    /// [`WEBSOCKET_PROTOCOL`](Self::WEBSOCKET_PROTOCOL) describes the response.
    pub fn or_websocket_protocol(mut self) -> Self {
        self.more_mut().websocket_protocol = true;
        self
    }

    /// Accepts tokens from cookies on requests from another origin, such as `https://app.example`.
    ///
    /// [`LogoutRouter::accept_without_token`](crate::LogoutRouter::accept_without_token) then
    /// accepts requests from that origin, too. The origin must be exactly what browsers send:
    /// patterns are not supported, and `null` never matches.
    ///
    /// # Security
    ///
    /// Scripts from that origin can act as the user. To send cookies across sites, you also need
    /// `SameSite=None` and a CORS layer that allows credentials.
    pub fn allow_origin(mut self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.more_mut().origins.push(origin.into());
        self
    }

    /// Returns the request's token, provided that there is exactly one.
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

    /// Returns `true` if a page of the application or of an allowed origin sent the request.
    pub(crate) fn is_same_origin(&self, parts: &Parts) -> bool {
        is_same_origin(parts, self.0.as_ref().map_or(&[], |more| &more.origins))
    }

    /// Marks the credentials as sensitive, so that inner layers do not print them.
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

    /// Moves the token from the WebSocket's subprotocols to the extensions, where the extractors
    /// find it.
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

/// The reason why a browser sent a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Via {
    /// The browser added it automatically.
    Cookie,
    /// A script that knows the token added it.
    Header,
}
