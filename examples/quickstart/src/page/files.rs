use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::settings::{Page, SDK_URL};

type Headers<const N: usize> = [(HeaderName, &'static str); N];

/// Serves the page. Its content security policy allows nothing but the application's own files, the SDK and
/// the SDK's iframe.
pub(super) async fn index(State(page): State<Page>) -> Response {
    let sdk = if page.magic.sdk.is_none() { SDK_URL } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self' {sdk}; style-src 'self'; img-src 'self'; \
         connect-src 'self'; frame-src {}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        page.magic.endpoint()
    );
    let headers: Headers<3> = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    (headers, policy, include_str!("files/index.html")).into_response()
}

pub(super) async fn style() -> impl IntoResponse {
    file("text/css; charset=utf-8", include_str!("files/page.css"))
}

pub(super) async fn script() -> impl IntoResponse {
    file("text/javascript; charset=utf-8", include_str!("files/page.js"))
}

pub(super) async fn icon() -> impl IntoResponse {
    file("image/svg+xml", include_str!("files/icon.svg"))
}

/// Serves the SDK's script, if it was loaded from a file.
pub(super) async fn sdk(State(page): State<Page>) -> Response {
    match &page.magic.sdk {
        Some(script) => file("text/javascript; charset=utf-8", script.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn file<B: IntoResponse>(content_type: &'static str, body: B) -> (Headers<3>, B) {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body)
}
