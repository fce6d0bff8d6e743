//! A service that nginx, Traefik, Caddy and Envoy ask whether a request has a valid DID token. Applications
//! behind the proxy, in any language, then find the user in `X-Magic-Issuer` and `X-Magic-Address`.
//!
//! `docs/forward-auth.md` shows how to configure the proxies. Set `MAGIC_CLIENT_ID` to run it.

use std::{env, error::Error};

use axum::{
    Router,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
    routing::{any, get},
};
use magic_admin::{Audience, Magic, Verifier};
use magic_admin_axum::{AuthRejection, Authenticated, Authenticator};
use tokio::net::TcpListener;

fn app(auth: Authenticator) -> Router {
    Router::new()
        .route("/auth", any(check))
        // Envoy appends the path of the client's request, which `{*path}` matches unless it is `/`.
        .route("/auth/", any(check))
        .route("/auth/{*path}", any(check))
        .route("/health", get(async || StatusCode::NO_CONTENT))
        .with_state(auth)
}

async fn check(user: Result<Authenticated, AuthRejection>) -> Response {
    match user {
        Ok(user) => accept(&user),
        Err(rejection) => reject(&rejection),
    }
}

/// Responds with a 200, because Envoy rejects every other status, 204 included. Sets all headers every time,
/// because some proxies do not remove the client's own header if one is missing here.
fn accept(user: &Authenticated) -> Response {
    let headers = [
        (CACHE_CONTROL, "no-store".to_owned()),
        (ISSUER, user.issuer().to_string()),
        (ADDRESS, user.address().to_string()),
        (ISSUED_AT, user.claims().issued_at().to_string()),
        (EXPIRES_AT, user.expires_at().to_string()),
    ];
    headers.into_response()
}

/// Responds with a status that every proxy understands.
///
/// This is not `rejection.into_response()`, because a rejected gRPC request would get a 200, which tells a
/// proxy to let the request through.
fn reject(rejection: &AuthRejection) -> Response {
    let status = match rejection.status() {
        // nginx turns a 400 into a 500.
        StatusCode::BAD_REQUEST => StatusCode::UNAUTHORIZED,
        status => status,
    };
    let mut response = (status, rejection.code()).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(rejection.challenge().map(|challenge| (WWW_AUTHENTICATE, challenge)));
    headers.extend(rejection.retry_after().map(|time| (RETRY_AFTER, time.as_secs().into())));
    response
}

/// Needs no secret key if the client ID is configured. Otherwise the client ID is fetched from Magic.
fn authenticator() -> Result<Authenticator, Box<dyn Error>> {
    let client_ids = env::var("MAGIC_CLIENT_ID").unwrap_or_default();
    if client_ids.is_empty() {
        return Ok(Magic::from_env()?.into());
    }
    let audience = Audience::any_of(client_ids.split(',').map(str::trim))?;
    Ok(Verifier::new(audience).into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(authenticator()?);
    let address = env::var("BIND_ADDR").unwrap_or_else(|_| "127.0.0.1:4010".to_owned());
    let listener = TcpListener::bind(address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

const ISSUER: HeaderName = HeaderName::from_static("x-magic-issuer");
const ADDRESS: HeaderName = HeaderName::from_static("x-magic-address");
const ISSUED_AT: HeaderName = HeaderName::from_static("x-magic-issued-at");
const EXPIRES_AT: HeaderName = HeaderName::from_static("x-magic-expires-at");
