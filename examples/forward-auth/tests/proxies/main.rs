//! The service behind real proxies, each with its file in `proxies/`.
//!
//! client → proxy → application; the proxy asks the service through a relay that records what it sends.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod application;
mod client;
mod guide;
mod proxy;
mod relay;
mod service;
mod world;

use serde_json::json;

use crate::{
    client::Answer,
    proxy::{CADDY, ENVOY, Kind, NGINX, TRAEFIK},
    world::{ALICE, World},
};

/// What all proxies have to do, one check after the other.
async fn guards_the_application(kind: Kind) {
    let Some(world) = World::start(kind).await else { return };
    the_application_gets_the_user(&world).await;
    headers_of_clients_never_reach_the_application(&world).await;
    no_public_path_leads_to_a_guarded_one(&world).await;
    the_root_can_be_reached(&world).await;
    requests_without_a_valid_token_end_at_the_proxy(&world).await;
    bodies_pass_the_service_by(&world).await;
    errors_of_the_application_stay_as_they_are(&world).await;
}

/// Nobody gets in while the service cannot tell, or is gone.
async fn fails_closed(kind: Kind, retry_after: [Option<&str>; 2], without_service: u16) {
    let Some(mut world) = World::start(kind).await else { return };
    world.magic_is_down();
    let answer = world.get("/orders", &world.bearer()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, retry_after[0]), "{answer:?}");
    world.magic_is_back();
    world.stop_service().await;
    let answer = world.get("/orders", &world.bearer()).await;
    let expected = (without_service, retry_after[1]);
    assert_eq!((answer.status, answer.header("retry-after")), expected, "{answer:?}");
    assert_eq!(world.application.requests(), 0);
}

#[tokio::test]
async fn nginx_guards_the_application() {
    guards_the_application(NGINX).await;
}

#[tokio::test]
async fn nginx_fails_closed() {
    fails_closed(NGINX, [Some("2"), Some("5")], 503).await;
}

#[tokio::test]
async fn caddy_guards_the_application() {
    guards_the_application(CADDY).await;
}

#[tokio::test]
async fn caddy_fails_closed() {
    fails_closed(CADDY, [Some("2"), None], 502).await;
}

#[tokio::test]
async fn traefik_guards_the_application() {
    guards_the_application(TRAEFIK).await;
}

#[tokio::test]
async fn traefik_fails_closed() {
    fails_closed(TRAEFIK, [Some("2"), None], 500).await;
}

#[tokio::test]
async fn envoy_guards_the_application() {
    guards_the_application(ENVOY).await;
}

#[tokio::test]
async fn envoy_fails_closed() {
    fails_closed(ENVOY, [None, None], 503).await;
}

#[tokio::test]
async fn nginx_keeps_its_own_location_internal() {
    let Some(world) = World::start(NGINX).await else { return };
    assert_eq!(world.get("/_forward_auth", &world.bearer()).await.status, 404);
}

/// For applications that take any separator for `-`. Traefik cannot do that.
#[tokio::test]
async fn other_separators_do_not_pass() {
    for kind in [NGINX, CADDY, ENVOY] {
        let Some(world) = World::start(kind).await else { continue };
        let forged = "X.Magic.Issuer: forged\r\nX!Magic~Address: forged\r\n";
        for (path, headers) in [("/orders", world.bearer()), ("/public/", String::new())] {
            let seen = world.get(path, &format!("{headers}{forged}")).await.seen();
            assert!(!seen.to_string().contains("forged"), "{seen}");
        }
    }
}

async fn the_application_gets_the_user(world: &World) {
    let (bearer, token) = (world.bearer(), world.claims());
    let seen = world.get("/orders?page=2", &bearer).await.seen();
    assert_eq!((&seen["method"], &seen["path"]), (&json!("GET"), &json!("/orders?page=2")));
    for (name, value) in [
        ("x-magic-issuer", format!("did:ethr:{ALICE}")),
        ("x-magic-address", ALICE.to_owned()),
        ("x-magic-issued-at", token.issued_at().to_string()),
        ("x-magic-expires-at", token.expires_at().to_string()),
    ] {
        assert_eq!(seen["headers"][name], json!([value]), "{name}: {seen}");
    }
    assert_eq!(seen["headers"]["authorization"], json!(null), "the token stays at the proxy");
}

async fn headers_of_clients_never_reach_the_application(world: &World) {
    let forged: String =
        ["X-Magic-Issuer", "X-Magic-Address", "X-Magic-Issued-At", "X-Magic-Expires-At"]
            .iter()
            .flat_map(|name| spellings(name))
            .flat_map(|name| [name.to_lowercase(), name.to_uppercase(), name])
            .map(|name| format!("{name}: forged\r\n"))
            .collect();

    let seen = world.get("/orders", &format!("{}{forged}", world.bearer())).await.seen();
    assert_eq!(seen["headers"]["x-magic-address"], json!([ALICE]), "{seen}");
    assert!(!seen.to_string().contains("forged"), "{seen}");

    let seen = world.get("/public/page", &forged).await.seen();
    assert!(!seen.to_string().contains("forged"), "{seen}");

    assert_eq!(world.get("/orders", &forged).await.status, 401);

    // A client can have a proxy drop a header of the proxy's own, but then there is no user.
    let hop_by_hop = format!("{}{forged}Connection: x-magic-issuer\r\n", world.bearer());
    let seen = world.get("/orders", &hop_by_hop).await.seen();
    let issuer = &seen["headers"]["x-magic-issuer"];
    assert!(issuer.is_null() || issuer == &json!([format!("did:ethr:{ALICE}")]), "{seen}");
    assert!(!seen.to_string().contains("forged"), "{seen}");
}

/// Every name that is the same to an application that does not distinguish `_` from `-`.
fn spellings(name: &str) -> Vec<String> {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(vec![first], |names, word| {
        names.iter().flat_map(|name| [format!("{name}-{word}"), format!("{name}_{word}")]).collect()
    })
}

/// Paths below `/public/` that may be `/orders` to the application.
async fn no_public_path_leads_to_a_guarded_one(world: &World) {
    let before = world.application.requests();
    for path in [
        "/public/../orders",
        "/public/%2e%2e/orders",
        "/public/..%2forders",
        "/public/..%2Forders",
        "/public/%2e%2e%2forders",
        "/public/..%5corders",
        "/public/..%5Corders",
        "/public/..\\orders",
        "/public/..;/orders",
        "/public/..;a=b/orders",
        "/public/%2e%2e;/orders",
        "/public/..%3b/orders",
        "/public/..%3B/orders",
        "/public//../../orders",
        "/public%2f..%2forders",
        "//public/../orders",
    ] {
        let answer = world.get(path, "").await;
        // Envoy answers some of them with a redirect to the path that it takes them for.
        let redirected = answer.status == 307 && answer.header("location") == Some("/orders");
        assert!(matches!(answer.status, 400 | 401) || redirected, "{path}: {answer:?}");
    }
    assert_eq!(world.application.requests(), before);

    for path in ["/public/", "/public/a.b/c%20d..e?f=..%2f%5c", "/public/%C3%A9"] {
        assert_eq!(world.get(path, "").await.seen()["path"], json!(path));
    }
}

async fn the_root_can_be_reached(world: &World) {
    assert_eq!(world.get("/", "").await.status, 401);
    for path in ["/", "/?page=2"] {
        let seen = world.get(path, &world.bearer()).await.seen();
        assert_eq!(
            (&seen["path"], &seen["headers"]["x-magic-address"]),
            (&json!(path), &json!([ALICE]))
        );
    }
}

async fn requests_without_a_valid_token_end_at_the_proxy(world: &World) {
    let before = world.application.requests();
    let invalid_token = |description: &str| {
        format!(
            "Bearer realm=\"magic\", error=\"invalid_token\", error_description=\"{description}\""
        )
    };
    let expired = invalid_token("The DID token has expired.");
    let foreign = invalid_token("The DID token is for another application.");
    let malformed = "Bearer realm=\"magic\", error=\"invalid_request\"".to_owned();
    let bare = "Bearer realm=\"magic\"".to_owned();
    for (headers, challenge) in [
        (String::new(), &bare),
        ("Authorization: Bearer null\r\n".to_owned(), &bare),
        ("Authorization: Basic YTpi\r\n".to_owned(), &bare),
        ("Authorization: Bearer a b\r\n".to_owned(), &malformed),
        (world.header(|builder| builder.expired()), &expired),
        (world.header(|builder| builder.audience("another")), &foreign),
        // Such a request must not get the 200 of a gRPC answer, which would let it through.
        (
            format!("{}Content-Type: application/grpc\r\n", world.header(|it| it.expired())),
            &expired,
        ),
    ] {
        let answer = world.get("/orders", &headers).await;
        // Envoy itself answers such a request as gRPC expects.
        let unauthenticated = answer.status == 401 || answer.header("grpc-status") == Some("16");
        assert!(unauthenticated, "{headers}: {answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some(&**challenge), "{headers}: {answer:?}");
    }
    assert_eq!(world.application.requests(), before);
}

async fn bodies_pass_the_service_by(world: &World) {
    const MARK: &str = "the-body-of-an-order";
    let body = MARK.repeat(30_000);
    world.relay.forget();
    let answer: Answer = world.send("POST", "/orders", &world.bearer(), body.as_bytes()).await;
    let seen = answer.seen();
    assert_eq!((&seen["method"], &seen["body"]), (&json!("POST"), &json!(body.len())));
    let asked = world.relay.recorded();
    assert!(asked.contains(" /auth") && !asked.contains(MARK), "{asked}");
}

async fn errors_of_the_application_stay_as_they_are(world: &World) {
    let answer = world.get("/error", &world.bearer()).await;
    assert_eq!((answer.status, &*answer.body), (500, "an error of the application"));
}
