use std::fmt;

use http::{HeaderMap, Method, Uri};
use magic_admin::Issuer;
use serde_json::Value;

use super::endpoint::{Endpoint, Route};

/// A call that the fake Admin API received.
///
/// The secret key is not stored, only whether it was correct. `Debug` omits the query and the body,
/// which may contain e-mail addresses.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use magic_admin_testkit::{FakeMagic, TestUser};
///
/// let fake = FakeMagic::start().await?;
/// fake.magic().users().logout_by_issuer(TestUser::from_seed(1).issuer()).await?;
///
/// let call = &fake.calls()[0];
/// assert_eq!((call.method(), call.path()), ("POST", "/v1/admin/user/logout"));
/// assert_eq!(call.status(), Some(200));
/// # Ok(())
/// # }
/// ```
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

    /// Returns the method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Returns the path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the raw query, still encoded and without the `?`. Empty if there was none.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// Returns the decoded value of the first query parameter with this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.raw_query().as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Returns the value of a header if it is valid text. The header with the secret key is never
    /// included.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body if it is JSON, regardless of its content type.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// Returns the endpoint that was called, or `None` if the API has no endpoint with this path.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.route().map(|route| route.endpoint)
    }

    /// Returns the `issuer` from the query or the body, exactly as sent.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let in_body = self.body.as_ref().and_then(|body| body.get("issuer")?.as_str());
        in_body.map(str::to_owned).or_else(|| self.query("issuer"))
    }

    /// Returns `true` if the call had the correct `X-Magic-Secret-Key`.
    #[must_use]
    pub fn key_accepted(&self) -> bool {
        self.key_accepted
    }

    /// Returns the status of the response, or `None` if there was none or none has been sent yet.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns the number of the TCP connection, starting at 0. Calls with the same number used the
    /// same connection.
    #[must_use]
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// Returns the user whom the call asked to log out.
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
    fn neither_stores_nor_shows_secrets() {
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
