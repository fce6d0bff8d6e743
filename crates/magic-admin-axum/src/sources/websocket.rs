use std::{iter, mem, str};

use http::{
    HeaderMap, HeaderValue, Method, Response, header::SEC_WEBSOCKET_PROTOCOL, request::Parts,
};
use magic_admin::{AuthorizationError, DidToken};

use super::header::is_no_token;

/// The subprotocol that stands beside the one with the token, so that a server can choose it.
pub(super) const MARKER: &str = "magic.did-token.v1";
/// The first one of the pair `bearer, <token>`. Unlike the scheme of the `Authorization` header, names of
/// subprotocols are case-sensitive.
const BEARER: &str = "bearer";

/// Returns the tokens among the subprotocols that a client offers, or the one that a layer has taken
/// from among them.
pub(super) fn tokens(parts: &Parts) -> impl Iterator<Item = Result<&str, AuthorizationError>> {
    let taken = parts.extensions.get().map(|Taken(token)| match token {
        Ok(token) => Ok(token.as_str()),
        Err(error) => Err(*error),
    });
    // What is left may look like a token: the name after `bearer`.
    let offered = taken.is_none().then(|| offers(&parts.headers).filter_map(Offer::into_token));
    taken.into_iter().chain(offered.into_iter().flatten())
}

/// Takes the token out of the subprotocols that a client offers, before an application sees them,
/// and keeps it for the extractors. Returns what to answer with.
pub(super) fn take(parts: &mut Parts) -> Option<Echo> {
    if !parts.headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return None;
    }
    let (mut has_marker, mut is_pair) = (false, false);
    let mut taken = None;
    let mut rest = Vec::new();
    for offer in offers(&parts.headers) {
        match offer {
            Offer::Token { text, in_pair } => {
                let token = text.map(DidToken::new);
                taken = Some(if taken.is_some() {
                    Err(AuthorizationError::malformed())
                } else {
                    token
                });
                is_pair |= in_pair;
            }
            Offer::Other(name) => {
                has_marker |= name == MARKER.as_bytes();
                if !rest.is_empty() {
                    rest.extend_from_slice(b", ");
                }
                rest.extend_from_slice(name);
            }
        }
    }
    let is_first = parts.extensions.get::<Taken>().is_none();
    if let Some(taken) = taken.filter(|_| is_first) {
        parts.extensions.insert(Taken(taken));
        // One line, because axum 0.8 read no more than the first one at times.
        match HeaderValue::try_from(rest) {
            Ok(rest) if !rest.is_empty() => {
                parts.headers.insert(SEC_WEBSOCKET_PROTOCOL, rest);
            }
            _ => {
                parts.headers.remove(SEC_WEBSOCKET_PROTOCOL);
            }
        }
    }
    let is_connect = parts.method == Method::CONNECT;
    (has_marker || is_pair).then_some(Echo { has_marker, is_connect })
}

/// The subprotocol to choose when the application chooses none: without one, browsers close the
/// connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    /// Else it is `bearer`.
    has_marker: bool,
    is_connect: bool,
}

impl Echo {
    const fn protocol(self) -> &'static str {
        if self.has_marker { MARKER } else { BEARER }
    }

    pub(crate) fn add_to<B>(self, response: &mut Response<B>) {
        // Over HTTP/2 a WebSocket begins with a success of CONNECT (RFC 8441).
        let status = response.status();
        if status == 101 || self.is_connect && status.is_success() {
            let chosen = response.headers_mut().entry(SEC_WEBSOCKET_PROTOCOL);
            chosen.or_insert(HeaderValue::from_static(self.protocol()));
        }
    }
}

/// The token of a request whose header no longer holds it.
#[derive(Clone)]
struct Taken(Result<DidToken, AuthorizationError>);

/// A subprotocol that a client offers.
enum Offer<'r> {
    Token { text: Result<&'r str, AuthorizationError>, in_pair: bool },
    Other(&'r [u8]),
}

impl<'r> Offer<'r> {
    fn token(text: &'r [u8], in_pair: bool) -> Self {
        let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let text = Some(text).filter(|text| text.iter().all(is_base64url));
        let text = text.and_then(|text| str::from_utf8(text).ok());
        Self::Token { text: text.ok_or(AuthorizationError::malformed()), in_pair }
    }

    fn into_token(self) -> Option<Result<&'r str, AuthorizationError>> {
        match self {
            Self::Token { text, .. } => Some(text),
            Self::Other(_) => None,
        }
    }
}

fn offers(headers: &HeaderMap) -> impl Iterator<Item = Offer<'_>> {
    let mut names = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty());
    let mut after_bearer = false;
    iter::from_fn(move || {
        let name = names.next()?;
        let in_pair = mem::take(&mut after_bearer);
        let marked = name.strip_prefix(MARKER.as_bytes()).and_then(|rest| rest.strip_prefix(b"."));
        Some(match marked.or(in_pair.then_some(name)) {
            Some(text) if !is_no_token(text) => Offer::token(text, marked.is_none()),
            _ => {
                after_bearer = name == BEARER.as_bytes();
                Offer::Other(name)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(values: &[&str]) -> Parts {
        let mut parts = Request::new(()).into_parts().0;
        for value in values {
            parts.headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(value).unwrap());
        }
        parts
    }

    fn found(parts: &Parts) -> Vec<Result<&str, &'static str>> {
        tokens(parts).map(|token| token.map_err(AuthorizationError::code)).collect()
    }

    #[test]
    fn finds_the_token_and_takes_it_out() {
        const MALFORMED: Result<&str, &str> = Err("EXPECTED_BEARER_STRING");
        type Case<'c> =
            (&'c [&'c str], &'c [Result<&'c str, &'c str>], Option<&'c str>, Option<&'c str>);
        let table: &[Case<'_>] = &[
            (&[], &[], None, None),
            (&["chat"], &[], Some("chat"), None),
            (
                &["magic.did-token.v1, magic.did-token.v1.a-_9"],
                &[Ok("a-_9")],
                Some("magic.did-token.v1"),
                Some("magic.did-token.v1"),
            ),
            (
                &["chat", "magic.did-token.v1.abc,,magic.did-token.v1 ,\tv2"],
                &[Ok("abc")],
                Some("chat, magic.did-token.v1, v2"),
                Some("magic.did-token.v1"),
            ),
            (&["magic.did-token.v1.abc"], &[Ok("abc")], None, None),
            (&["chat, bearer, abc"], &[Ok("abc")], Some("chat, bearer"), Some("bearer")),
            (&["bearer", "abc, def"], &[Ok("abc")], Some("bearer, def"), Some("bearer")),
            // Names of subprotocols are case-sensitive (RFC 6455, 4.1).
            (&["Bearer, abc"], &[], Some("Bearer, abc"), None),
            (&["BEARER", "abc"], &[], Some("BEARER, abc"), None),
            (&["Magic.did-token.v1.abc"], &[], Some("Magic.did-token.v1.abc"), None),
            // The marker comes before `bearer`, wherever it stands.
            (
                &["magic.did-token.v1, bearer, abc"],
                &[Ok("abc")],
                Some("magic.did-token.v1, bearer"),
                Some("magic.did-token.v1"),
            ),
            // No token.
            (&["bearer"], &[], Some("bearer"), None),
            (&["bearer, null"], &[], Some("bearer, null"), None),
            (&["magic.did-token.v1."], &[], Some("magic.did-token.v1."), None),
            (
                &["magic.did-token.v1, magic.did-token.v1.None"],
                &[],
                Some("magic.did-token.v1, magic.did-token.v1.None"),
                Some("magic.did-token.v1"),
            ),
            (&["magic.did-token.v2.abc"], &[], Some("magic.did-token.v2.abc"), None),
            // A subprotocol has neither padding nor slashes.
            (&["magic.did-token.v1.abc="], &[MALFORMED], None, None),
            (&["bearer, a/b, v2"], &[MALFORMED], Some("bearer, v2"), Some("bearer")),
            (&["bearer, a.b"], &[MALFORMED], Some("bearer"), Some("bearer")),
            (
                &["magic.did-token.v1.abc", "bearer, abc"],
                &[Ok("abc"), Ok("abc")],
                Some("bearer"),
                Some("bearer"),
            ),
        ];
        for (values, offered, rest, echo) in table {
            let mut parts = request(values);
            assert_eq!(found(&parts), *offered, "{values:?}");
            let answer = take(&mut parts);
            assert_eq!(answer.map(Echo::protocol), *echo, "{values:?}");
            let left: Vec<_> = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().collect();
            if !offered.is_empty() {
                assert_eq!(left, rest.as_slice(), "{values:?}");
            }
            // Afterwards it is found all the same, and two are still too many.
            let taken = if offered.len() > 1 { &[MALFORMED] } else { *offered };
            assert_eq!(found(&parts), taken, "{values:?}");
            // A second layer changes nothing more.
            let before = parts.headers.clone();
            take(&mut parts);
            assert_eq!((found(&parts), &parts.headers), (taken.to_vec(), &before), "{values:?}");
        }
    }

    #[test]
    fn the_echo_is_for_a_connection_without_a_protocol() {
        let answered = |method, status, chosen: Option<&'static str>| {
            let mut parts = request(&["magic.did-token.v1, magic.did-token.v1.abc"]);
            parts.method = method;
            let mut response = Response::builder().status(status);
            if let Some(chosen) = chosen {
                response = response.header(SEC_WEBSOCKET_PROTOCOL, chosen);
            }
            let mut response = response.body(()).unwrap();
            take(&mut parts).unwrap().add_to(&mut response);
            let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL).cloned();
            chosen.map(|chosen| chosen.to_str().unwrap().to_owned())
        };
        assert_eq!(answered(Method::GET, 101, None).as_deref(), Some(MARKER));
        assert_eq!(answered(Method::GET, 101, Some("chat")).as_deref(), Some("chat"));
        assert_eq!(answered(Method::GET, 200, None), None);
        assert_eq!(answered(Method::GET, 400, None), None);
        assert_eq!(answered(Method::CONNECT, 200, None).as_deref(), Some(MARKER));
        assert_eq!(answered(Method::CONNECT, 403, None), None);
    }
}
