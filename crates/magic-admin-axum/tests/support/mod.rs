//! A fake of Magic, a `Magic` that uses it, and requests with every kind of credentials.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::time::Duration;

use axum::{Router, body::Body};
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE},
};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use magic_admin::{Magic, MagicBuilder, SecretKey};
use magic_admin_testkit::{FakeMagic, Mint, SettableClock, TestUser};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) struct World {
    pub(crate) fake: FakeMagic,
    pub(crate) clock: SettableClock,
    pub(crate) magic: Magic,
    pub(crate) mint: Mint,
    pub(crate) alice: TestUser,
    pub(crate) bob: TestUser,
}

impl World {
    /// Creates a world whose client ID is configured.
    pub(crate) async fn new() -> Self {
        Self::build(true).await
    }

    /// Creates a world whose client ID has to be fetched.
    pub(crate) async fn without_client_id() -> Self {
        Self::build(false).await
    }

    async fn build(with_client_id: bool) -> Self {
        let fake = FakeMagic::start().await.unwrap();
        let clock = SettableClock::at(NOW);
        let magic = magic(&fake, &clock, with_client_id.then(|| fake.client_id()));
        let mint = fake.mint().with_clock(clock.clone());
        let (alice, bob) = (TestUser::from_seed(1), TestUser::from_seed(2));
        Self { fake, clock, magic, mint, alice, bob }
    }

    pub(crate) fn token(&self) -> String {
        self.mint.token(&self.alice)
    }
}

pub(crate) fn magic(fake: &FakeMagic, clock: &SettableClock, client_id: Option<&str>) -> Magic {
    let mut builder = magic_builder(fake, clock);
    if let Some(client_id) = client_id {
        builder = builder.client_id(client_id);
    }
    builder.build().unwrap()
}

pub(crate) fn magic_builder(fake: &FakeMagic, clock: &SettableClock) -> MagicBuilder {
    Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
        .base_url(fake.base_url())
        .verifier(|verifier| verifier.clock(clock.clone()))
        .api(|client| client.retries(0).timeout(Duration::from_millis(300)))
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Returns a request with these values of `Authorization`, one header each.
pub(crate) fn request(method: &str, path: &str, authorization: &[&str]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    for value in authorization {
        request.headers_mut().append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    request
}

pub(crate) async fn get(app: &Router, path: &str, authorization: &[&str]) -> Answer {
    send(app, request("GET", path, authorization)).await
}

pub(crate) async fn post(app: &Router, path: &str, authorization: &[&str]) -> Answer {
    send(app, request("POST", path, authorization)).await
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    Answer::of(app.clone().oneshot(request).await.unwrap()).await
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: http::Extensions,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: HttpBody,
        B::Error: std::fmt::Debug,
    {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            extensions: parts.extensions,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }

    /// Asserts that the handler succeeded with this body.
    #[track_caller]
    pub(crate) fn assert_ok(&self, text: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (200, text));
    }

    /// Asserts that the response is a rejection in the default form, and checks every part of it.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str, challenge: Option<&str>) {
        assert_eq!((self.status.as_u16(), self.header("www-authenticate")), (status, challenge));
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.headers[CACHE_CONTROL], "no-store");

        let mut problem: Value = serde_json::from_str(&self.text).unwrap();
        let detail = problem["detail"].take();
        assert!(detail.as_str().is_some_and(|detail| detail.ends_with('.')), "{detail}");
        let title = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            other => panic!("no answer of ours: {other}"),
        };
        let expected = json!({
            "type": "about:blank", "title": title, "status": status, "detail": null, "code": code,
        });
        assert_eq!(problem, expected);
        assert_eq!(self.header("retry-after").is_some(), status == 503, "{:?}", self.headers);
    }
}

pub(crate) const BARE: &str = "Bearer realm=\"magic\"";
pub(crate) const INVALID_REQUEST: &str = "Bearer realm=\"magic\", error=\"invalid_request\"";

pub(crate) fn invalid_token(description: &str) -> String {
    format!("Bearer realm=\"magic\", error=\"invalid_token\", error_description=\"{description}\"")
}

/// Headers that contain no credentials, with their codes.
pub(crate) const ABSENT: [(&[&str], &str); 6] = [
    (&[], "ERROR_MISSING_AUTH_HEADER"),
    (&["Bearer"], "ERROR_MISSING_AUTH_HEADER"),
    (&["Bearer null"], "ERROR_MISSING_AUTH_HEADER"),
    (&["bearer  None"], "ERROR_MISSING_AUTH_HEADER"),
    (&["Basic dXNlcjpwYXNz"], "EXPECTED_BEARER_STRING"),
    (&["Bear abc"], "EXPECTED_BEARER_STRING"),
];

/// Malformed `Bearer` credentials.
pub(crate) const MALFORMED: [&[&str]; 5] = [
    &["Bearer a b"],
    &["Bearer a,Bearer b"],
    &["Bearer abc", "Bearer abc"],
    &["Bearer abc", "Basic dXNlcjpwYXNz"],
    &["Basic dXNlcjpwYXNz", "Bearer abc"],
];

impl World {
    /// Returns tokens that are rejected, with their codes and descriptions.
    pub(crate) fn refused(&self) -> Vec<(String, &'static str, &'static str)> {
        let builder = || self.mint.builder(&self.alice);
        vec![
            ("WyJh".to_owned(), "ERROR_MALFORMED_TOKEN", "The DID token cannot be decoded."),
            (
                builder().recovery_byte(29).build(),
                "ERROR_FAILED_RECOVERING_PROOF",
                "The signer of the DID token cannot be recovered.",
            ),
            (
                builder().signed_by(&self.bob).build(),
                "ERROR_INCORRECT_SIGNER_ADDR",
                "The DID token is not signed by its issuer.",
            ),
            (builder().expired().build(), "ERROR_DIDT_EXPIRED", "The DID token has expired."),
            (
                builder().not_yet_valid().build(),
                "ERROR_DIDT_CANNOT_BE_USED_YET",
                "The DID token cannot be used yet.",
            ),
            (
                builder().audience("somebody else").build(),
                "ERROR_AUDIENCE_MISMATCH",
                "The DID token is for another application.",
            ),
        ]
    }
}

/// Serves an application on a free port, and returns `host:port`.
pub(crate) async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address.to_string()
}
