use std::fmt;

use http::{HeaderMap, Method, Uri};
use magic_admin::Issuer;
use serde_json::Value;

use super::endpoint::{Endpoint, Route};

/// One call that the fake Admin API received.
///
/// The secret key is not kept, only whether it was the right one. `Debug` shows method, path,
/// key and status: query and body can hold e-mail addresses.
#[derive(Clone)]
pub struct Call {
    pub(super) id: u64,
    connection: u64,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Option<Value>,
    key_accepted: bool,
    pub(super) status: Option<u16>,
}

impl Call {
    pub(super) fn new(
        connection: u64,
        head: http::request::Parts,
        body: Option<Value>,
        secret_key: &str,
    ) -> Self {
        let mut headers = head.headers;
        let key_accepted =
            headers.get(SECRET_KEY).is_some_and(|key| key.as_bytes() == secret_key.as_bytes());
        headers.remove(SECRET_KEY);
        Self {
            id: 0,
            connection,
            method: head.method,
            uri: head.uri,
            headers,
            body,
            key_accepted,
            status: None,
        }
    }

    /// The method: `GET`, `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query as it was sent, still encoded, without the `?`; empty when there was none.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The decoded value of the first query parameter of this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.raw_query().as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The value of a header, when it is text. The secret key's header is never here.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, when it was JSON. The content type is not looked at.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// What the call was for; `None` when no endpoint of the API has its path.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.route().map(|route| route.endpoint)
    }

    /// The `issuer` it named, as it was written, in its query or its body.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let in_body = self.body.as_ref().and_then(|body| body.get("issuer")?.as_str());
        in_body.map(str::to_owned).or_else(|| self.query("issuer"))
    }

    /// Whether it came with the right `X-Magic-Secret-Key`.
    #[must_use]
    pub fn key_accepted(&self) -> bool {
        self.key_accepted
    }

    /// The status it was answered with; `None` when it was not, or not yet.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The number of the TCP connection it came over, counted from 0: calls with the same number
    /// shared one.
    #[must_use]
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// The user whom it asked to log out.
    pub(super) fn logged_out(&self) -> Option<Issuer> {
        if self.endpoint() != Some(Endpoint::Logout) {
            return None;
        }
        self.issuer()?.parse().ok()
    }

    pub(super) fn route(&self) -> Option<Route> {
        Route::of(self.path())
    }

    pub(super) fn has_method_of(&self, route: Route) -> bool {
        self.method == route.method
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("key_accepted", &self.key_accepted)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

const SECRET_KEY: &str = "x-magic-secret-key";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(uri: &str, body: Option<Value>) -> Call {
        let request = http::Request::builder()
            .method("POST")
            .uri(uri)
            .header("X-Magic-Secret-Key", "sk_live_SECRET")
            .header("user-agent", "test")
            .body(())
            .unwrap();
        Call::new(0, request.into_parts().0, body, "sk_live_SECRET")
    }

    #[test]
    fn decodes_the_query_as_a_form() {
        let call = call("/v2/admin/user?type=email&value=a%2Bb%40example.com&value=x", None);
        assert_eq!(call.query("value").as_deref(), Some("a+b@example.com"));
        assert_eq!(call.query("provider"), None);
        assert_eq!(call.raw_query(), "type=email&value=a%2Bb%40example.com&value=x");
        assert_eq!(call.endpoint(), Some(Endpoint::UserByEmail));
    }

    #[test]
    fn finds_the_issuer_in_body_or_query() {
        assert_eq!(call("/x", Some(json!({"issuer": "b"}))).issuer().as_deref(), Some("b"));
        assert_eq!(call("/x?issuer=q", None).issuer().as_deref(), Some("q"));
        assert_eq!(call("/x", Some(json!(["issuer"]))).issuer(), None);
    }

    #[test]
    fn keeps_and_shows_no_secret() {
        let call = call("/v2/admin/user?value=a%40example.com", Some(json!({"e": "b@x.org"})));
        assert!(call.key_accepted());
        assert_eq!(call.header("X-Magic-Secret-Key"), None);
        assert_eq!(call.header("User-Agent"), Some("test"));
        let shown = format!("{call:?}");
        for secret in ["SECRET", "example.com", "x.org"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
