//! `LogoutIssuer`, the issuer of a logout's token for the hooks of the logout route.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::convert::Infallible;

use axum::{Router, body::Body, http::request::Parts, routing};
use http::{Request, StatusCode};
use magic_admin::RevocationList;
use magic_admin_axum::{
    Authenticated, LogoutIssuer, RejectionStyle, RequireTokenLayer, after_logout_fn, load_user_fn,
    logout_router,
};
use magic_admin_testkit::{Endpoint, Fault};
use support::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const LOGOUT: &str = "/v1/user/logout";

/// Returns a world in which logouts are revoked.
async fn revoking_world() -> World {
    let mut world = World::new().await;
    let list = RevocationList::builder().clock(world.clock.clone()).build();
    world.magic = magic_builder(&world.fake, &world.clock)
        .client_id(world.fake.client_id())
        .verifier(|verifier| verifier.revocations(list))
        .build()
        .unwrap();
    world
}

/// Identifies the user by the token of the request.
async fn by_token(user: LogoutIssuer) -> Result<Option<magic_admin::Issuer>, Infallible> {
    Ok(Some(user.issuer()))
}

async fn issuer_of(user: Option<LogoutIssuer>) -> String {
    user.map_or("none".to_owned(), |user| user.issuer().to_string())
}

/// Sends a request on a new connection, and returns the unparsed response.
async fn ask(address: &str, method: &str, path: &str, token: &str) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    client.read_to_string(&mut response).await.unwrap();
    response
}

/// The token has been revoked although Magic failed, and the repeated request must find its user.
#[tokio::test]
async fn a_failed_logout_can_be_repeated() {
    let world = revoking_world().await;
    let app = Router::new()
        .route("/me", routing::get(async |user: Authenticated| user.issuer().to_string()))
        .merge(
            logout_router(world.magic.clone(), load_user_fn(by_token))
                .after_logout(after_logout_fn(issuer_of)),
        )
        .with_state(world.magic.clone());
    let address = serve(app).await;
    let token = world.token();
    let me = || ask(&address, "GET", "/me", &token);
    assert!(me().await.starts_with("HTTP/1.1 200 "));

    world.fake.fail(Fault::status(500).at(Endpoint::Logout));
    for _ in 0..2 {
        let failed = ask(&address, "POST", LOGOUT, &token).await;
        assert!(failed.starts_with("HTTP/1.1 502 ") && failed.contains("SERVICE_ERROR"));
        let revoked = me().await;
        assert!(revoked.starts_with("HTTP/1.1 401 ") && revoked.contains("ERROR_DIDT_REVOKED"));
    }

    world.fake.heal();
    let logged_out = ask(&address, "POST", LOGOUT, &token).await;
    assert!(logged_out.starts_with("HTTP/1.1 200 "), "{logged_out}");
    assert!(logged_out.ends_with(&world.alice.issuer().to_string()), "{logged_out}");
    assert_eq!(world.fake.logout_calls().len(), 3);
}

#[tokio::test]
async fn an_unverified_token_never_reaches_a_hook() {
    let world = World::new().await;
    let users =
        load_user_fn(async |_: LogoutIssuer| -> Result<_, Infallible> { panic!("the hook ran") });
    let app: Router = logout_router(world.magic.clone(), users).into();
    for (token, code, _) in world.refused() {
        let answer = post(&app, LOGOUT, &[&bearer(&token)]).await;
        answer.assert_refused(400, code, None);
    }
    assert!(world.fake.calls().is_empty());
}

/// It does not matter whether the token is valid, or which code has verified it.
#[tokio::test]
async fn there_is_none_outside_the_route() {
    let world = World::new().await;
    let layer = RequireTokenLayer::new(world.magic.clone());
    let strict = || routing::get(async |user: LogoutIssuer| user.issuer().to_string());
    let app = Router::new()
        .route("/strict", strict())
        .route("/optional", routing::get(issuer_of))
        .route("/layer/strict", strict().route_layer(layer.clone()))
        .route("/layer/optional", routing::get(issuer_of).route_layer(layer));
    let token = bearer(&world.token());
    for path in ["/strict", "/layer/strict"] {
        let answer = get(&app, path, &[&token]).await;
        answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(BARE));
    }
    for path in ["/optional", "/layer/optional"] {
        get(&app, path, &[&token]).await.assert_ok("none");
    }
}

fn without_token() -> Request<Body> {
    let mut request = request("POST", LOGOUT, &[]);
    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    request
}

#[tokio::test]
async fn there_is_none_without_a_token() {
    let world = World::new().await;
    for (style, status, challenge) in
        [(RejectionStyle::BadRequest, 400, None), (RejectionStyle::Rfc6750, 401, Some(BARE))]
    {
        let router = logout_router(world.magic.clone(), load_user_fn(by_token));
        let app: Router = router.style(style).accept_without_token().into();
        let answer = send(&app, without_token()).await;
        answer.assert_refused(status, "ERROR_MISSING_AUTH_HEADER", challenge);
    }
    assert!(world.fake.calls().is_empty());

    // A session can identify the user instead.
    let alice = world.alice.issuer();
    let users = load_user_fn(move |token: Option<LogoutIssuer>| async move {
        Ok::<_, Infallible>(Some(token.map_or(alice, |token| token.issuer())))
    });
    let app: Router = logout_router(world.magic.clone(), users)
        .accept_without_token()
        .after_logout(after_logout_fn(issuer_of))
        .into();
    send(&app, without_token()).await.assert_ok("none");
    let bob = bearer(&world.mint.token(&world.bob));
    post(&app, LOGOUT, &[&bob]).await.assert_ok(&world.bob.issuer().to_string());
    assert_eq!(world.fake.logout_calls().len(), 2);
}

/// A hook passes its request on to the logout of another application.
#[tokio::test]
async fn the_token_of_another_logout_is_forgotten() {
    let world = World::new().await;
    let alice = world.alice.issuer();
    let on_record = load_user_fn(move || async move { Ok::<_, Infallible>(Some(alice)) });
    let inner: Router = logout_router(world.magic.clone(), on_record)
        .accept_without_token()
        .after_logout(after_logout_fn(issuer_of))
        .into();
    let pass_on = after_logout_fn(move |mut parts: Parts| {
        let inner = inner.clone();
        async move {
            parts.headers.remove("authorization");
            let answer = send(&inner, Request::from_parts(parts, Body::empty())).await;
            (answer.status, answer.text)
        }
    });
    let app: Router =
        logout_router(world.magic.clone(), load_user_fn(by_token)).after_logout(pass_on).into();
    let mut request = request("POST", LOGOUT, &[&bearer(&world.token())]);
    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    let answer = send(&app, request).await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::OK, "none"));
    assert_eq!(world.fake.logout_calls().len(), 2);
}
