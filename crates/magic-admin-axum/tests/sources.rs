//! Tokens in cookies and in the subprotocols of WebSockets, for the layer, the extractors and the
//! logout router.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use axum::{
    Router,
    extract::{FromRef, WebSocketUpgrade},
    response::Response,
    routing::{any, get as route, post as route_post},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL},
};
use magic_admin::ReplayGuard;
use magic_admin_axum::{
    Authenticated, Authenticator, DidToken, Realm, RequireTokenLayer, SameOrigin, SingleUse,
    TokenSources, load_user_fn, logout_router,
};
use magic_admin_testkit::Encoding;
use support::*;
use tungstenite::{ClientRequestBuilder, Error, Message};

const ALL_SOURCES: fn() -> TokenSources =
    || TokenSources::header().or_cookie("__Host-did").or_websocket_protocol();

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    guard: ReplayGuard,
}

/// Guarded in every way that there is.
fn app(world: &World, sources: TokenSources) -> Router {
    async fn me(user: Authenticated) -> String {
        user.issuer().to_string()
    }
    let auth = Authenticator::new(world.magic.clone()).token_sources(sources);
    let layer = RequireTokenLayer::new(auth.clone());
    let alice = world.alice.issuer();
    let users = load_user_fn(move || async move { Ok::<_, StatusCode>(Some(alice)) });
    Router::new()
        .route("/layer", any(me).layer(layer.clone()))
        .route("/layer/token", any(text).layer(layer))
        .route("/me", any(me))
        .route("/once", any(async |user: SingleUse| user.issuer().to_string()))
        .route("/token", any(text))
        .route("/session", any(async |_: SameOrigin| "ours"))
        .route("/feed", any(async |user: Option<Authenticated>| user.is_some().to_string()))
        .merge(logout_router(auth.clone(), users).accept_without_token())
        .with_state(AppState { auth, guard: ReplayGuard::in_memory() })
}

async fn text(token: DidToken) -> String {
    token.as_str().to_owned()
}

/// All of them, with what each answers to a good token.
const DOORS: [(&str, &str, Expected); 6] = [
    ("GET", "/layer", |world, _| world.alice.issuer().to_string()),
    ("GET", "/me", |world, _| world.alice.issuer().to_string()),
    ("GET", "/once", |world, _| world.alice.issuer().to_string()),
    ("GET", "/token", |_, token| token.to_owned()),
    ("GET", "/feed", |_, _| "true".to_owned()),
    ("POST", "/v1/user/logout", |_, _| String::new()),
];

type Expected = fn(&World, &str) -> String;

async fn ask(app: &Router, method: &str, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
    let mut request = request(method, path, &[]);
    for (name, value) in headers {
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    send(app, request).await
}

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn unpadded(world: &World) -> String {
    world.mint.builder(&world.alice).encoding(Encoding::UrlSafeUnpadded).build()
}

#[tokio::test]
async fn a_cookie_opens_every_door_to_the_own_pages() {
    let world = World::new().await;
    let app = app(&world, ALL_SOURCES());
    for (method, path, expected) in DOORS {
        let token = world.token();
        let cookie = format!("theme=dark; __Host-did={token}; a=b");
        let own = ask(&app, method, path, &[(COOKIE, &cookie), (SITE, "same-origin")]).await;
        own.assert_ok(&expected(&world, &token));

        for site in ["cross-site", "same-site"] {
            let answer = ask(&app, method, path, &[(COOKIE, &cookie), (SITE, site)]).await;
            answer.assert_refused(403, "ERROR_CROSS_SITE", None);
        }
    }
}

#[tokio::test]
async fn same_origin_keeps_other_sites_out() {
    let world = World::new().await;
    let app = app(&world, TokenSources::header());
    for site in ["same-origin", "none"] {
        ask(&app, "POST", "/session", &[(SITE, site)]).await.assert_ok("ours");
    }
    for site in ["same-site", "cross-site"] {
        let answer = ask(&app, "GET", "/session", &[(SITE, site)]).await;
        answer.assert_refused(403, "ERROR_CROSS_SITE", None);
    }
    // A socket that says nothing of its page, and a page of another port.
    let upgrade = [(HeaderName::from_static("upgrade"), "websocket")];
    assert_eq!(ask(&app, "GET", "/session", &upgrade).await.status, 403);
    let origin = [(HeaderName::from_static("origin"), "https://shop.example:8443")];
    assert_eq!(ask(&app, "POST", "/session", &origin).await.status, 403);
}

#[tokio::test]
async fn a_bad_cookie_is_answered_as_a_bad_header() {
    let world = World::new().await;
    let app = app(&world, ALL_SOURCES());
    for (token, code, description) in world.refused() {
        let cookie = format!("__Host-did={token}");
        let answer = ask(&app, "GET", "/layer", &[(COOKIE, &cookie), (SITE, "none")]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
        let logout = [(COOKIE, &*cookie), (SITE, "same-origin")];
        ask(&app, "POST", "/v1/user/logout", &logout).await.assert_refused(400, code, None);
    }
    for value in ["", "null", "none", "None"] {
        let cookie = format!("__Host-did={value}");
        let answer = ask(&app, "GET", "/layer", &[(COOKIE, &cookie), (SITE, "cross-site")]).await;
        answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(BARE));
        ask(&app, "GET", "/feed", &[(COOKIE, &cookie)]).await.assert_ok("false");
    }
}

/// The encoding of axum-extra's `CookieJar`, and of `encodeURIComponent`.
#[tokio::test]
async fn a_percent_encoded_cookie_is_the_same_token() {
    let world = World::new().await;
    let app = app(&world, ALL_SOURCES());
    // One with every character that is escaped.
    let id = (0..).map(|number| format!("{number}???>>>"));
    let token = id
        .map(|id| {
            world.mint.builder(&world.alice).token_id(id).encoding(Encoding::Standard).build()
        })
        .find(|token| ["+", "/", "="].iter().all(|character| token.contains(character)))
        .unwrap();
    let escaped = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let cookie = format!("__Host-did={escaped}");
    ask(&app, "GET", "/token", &[(COOKIE, &cookie)]).await.assert_ok(&token);
    ask(&app, "GET", "/me", &[(COOKIE, &cookie)])
        .await
        .assert_ok(&world.alice.issuer().to_string());
}

#[tokio::test]
async fn one_source_holds_one_token() {
    let world = World::new().await;
    let app = app(&world, ALL_SOURCES().or_cookie("did"));
    let token = unpadded(&world);
    let header = (AUTHORIZATION, bearer(&token));
    let cookie = (COOKIE, format!("__Host-did={token}"));
    let other_cookie = (COOKIE, format!("did={token}"));
    let protocol = (SEC_WEBSOCKET_PROTOCOL, format!("magic.did-token.v1.{token}"));
    let pair = (SEC_WEBSOCKET_PROTOCOL, format!("bearer, {token}"));
    let broken = (SEC_WEBSOCKET_PROTOCOL, "bearer, a=".to_owned());
    let malformed = (AUTHORIZATION, "Bearer a b".to_owned());
    for sent in [
        [&header, &cookie],
        [&header, &protocol],
        [&cookie, &protocol],
        [&cookie, &cookie],
        [&cookie, &other_cookie],
        [&protocol, &pair],
        [&protocol, &protocol],
        [&header, &broken],
        [&cookie, &broken],
        [&malformed, &cookie],
        [&malformed, &protocol],
    ] {
        let mut headers: Vec<_> =
            sent.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        headers.push((SITE, "same-origin"));
        for (method, path, _) in DOORS {
            let answer = ask(&app, method, path, &headers).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, "EXPECTED_BEARER_STRING".to_owned()),
                "{path} {sent:?}"
            );
        }
    }
    // Credentials of another kind hold no token.
    let basic = (AUTHORIZATION, "Basic dXNlcjpwYXNz");
    let answer = ask(&app, "GET", "/me", &[basic.clone(), (COOKIE, &cookie.1)]).await;
    answer.assert_ok(&world.alice.issuer().to_string());
    let answer = ask(&app, "GET", "/me", &[basic]).await;
    answer.assert_refused(401, "EXPECTED_BEARER_STRING", Some(BARE));
}

#[tokio::test]
async fn only_the_sources_that_are_switched_on_count() {
    let world = World::new().await;
    let token = unpadded(&world);
    let cookie = (COOKIE, format!("__Host-did={token}"));
    let protocol = (SEC_WEBSOCKET_PROTOCOL, format!("magic.did-token.v1.{token}"));
    for (sources, works) in [
        (None, [false, false]),
        (Some(TokenSources::header()), [false, false]),
        (Some(TokenSources::header().or_cookie("__Host-did")), [true, false]),
        (Some(TokenSources::header().or_websocket_protocol()), [false, true]),
    ] {
        let app = match sources {
            Some(sources) => app(&world, sources),
            None => {
                let auth = Authenticator::new(world.magic.clone());
                let layer = RequireTokenLayer::new(auth);
                Router::new().route("/layer", route(|| async {})).layer(layer)
            }
        };
        for ((name, value), works) in [&cookie, &protocol].into_iter().zip(works) {
            let answer = ask(&app, "GET", "/layer", &[(name.clone(), value)]).await;
            assert_eq!(answer.status.as_u16(), if works { 200 } else { 401 }, "{name}");
        }
        // A header alone works all the same.
        let header = bearer(&token);
        assert_eq!(ask(&app, "GET", "/layer", &[(AUTHORIZATION, &header)]).await.status, 200);
    }
}

#[tokio::test]
async fn an_allowed_origin_may_use_the_cookie() {
    let world = World::new().await;
    let origins = ALL_SOURCES().allow_origin("https://app.example");
    let app = app(&world, origins);
    let from =
        |origin: &'static str| [(HeaderName::from_static("origin"), origin), (SITE, "cross-site")];
    for (method, path, _) in DOORS {
        let cookie = format!("__Host-did={}", world.token());
        for (origin, status) in [("https://app.example", 200), ("https://evil.example", 403)] {
            let mut headers = from(origin).to_vec();
            headers.push((COOKIE, &cookie));
            assert_eq!(ask(&app, method, path, &headers).await.status, status, "{path} {origin}");
        }
    }
    // So may a logout without a token, and a route that is for pages of this origin.
    for (origin, status) in [("https://app.example", 200), ("https://evil.example", 403)] {
        for path in ["/v1/user/logout", "/session"] {
            let answer = ask(&app, "POST", path, &from(origin)).await;
            assert_eq!(answer.status, status, "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn headers_that_may_hold_a_token_are_marked() {
    async fn shown(headers: HeaderMap) -> String {
        format!("{headers:?}")
    }
    let world = World::new().await;
    let token = unpadded(&world);
    let guarded = |sources| {
        let auth = Authenticator::new(world.magic.clone()).token_sources(sources);
        Router::new().route("/", route(shown)).layer(RequireTokenLayer::new(auth))
    };
    let sent = [
        (AUTHORIZATION, bearer(&token)),
        (COOKIE, "other=cookie-value".to_owned()),
        (SEC_WEBSOCKET_PROTOCOL, "other-protocol".to_owned()),
    ];
    let sent = sent.each_ref().map(|(name, value)| (name.clone(), value.as_str()));
    for (sources, hidden) in [
        (TokenSources::header(), [false, false]),
        (TokenSources::header().or_cookie("did"), [true, false]),
        (TokenSources::header().or_websocket_protocol(), [false, true]),
        (TokenSources::header().or_cookie("did").or_websocket_protocol(), [true, true]),
    ] {
        let answer = ask(&guarded(sources), "GET", "/", &sent).await;
        assert!(!answer.text.contains(&token), "{}", answer.text);
        let is_hidden = ["cookie-value", "other-protocol"].map(|text| !answer.text.contains(text));
        assert_eq!(is_hidden, hidden, "{}", answer.text);
    }
}

/// As with the appearance, what a tenant's authenticator sets comes first.
#[tokio::test]
async fn the_sources_of_the_chosen_authenticator_come_first() {
    let world = World::new().await;
    let magic = world.magic.clone();
    let auth = Authenticator::per_request(move |request| {
        let auth = Authenticator::new(magic.clone());
        Ok::<_, StatusCode>(match request.uri.path() {
            "/own" => auth.token_sources(TokenSources::header().or_cookie("own")),
            "/header" => auth.token_sources(TokenSources::header()),
            _ => auth.realm(Realm::new("outer").unwrap()),
        })
    })
    .token_sources(TokenSources::header().or_cookie("outer"));
    let app = Router::new()
        .route("/{*path}", route(async |user: Authenticated| user.issuer().to_string()))
        .layer(RequireTokenLayer::new(auth.clone()))
        .with_state(auth);
    for (path, cookie, status) in [
        ("/own", "own", 200),
        ("/own", "outer", 401),
        ("/header", "own", 401),
        ("/header", "outer", 401),
        ("/else", "own", 401),
        ("/else", "outer", 200),
    ] {
        let cookie = format!("{cookie}={}", world.token());
        let answer = ask(&app, "GET", path, &[(COOKIE, &cookie)]).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {cookie}");
    }
}

// WebSockets, over real sockets.

/// Sends what it was asked with: the protocols that are left, and the user.
fn sockets(world: &World) -> Router {
    async fn greet(
        upgrade: WebSocketUpgrade,
        user: Authenticated,
        token: Option<DidToken>,
        headers: HeaderMap,
    ) -> Response {
        let left: Vec<_> = headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect();
        let greeting = format!("{} {left:?} {}", user.issuer(), token.is_some());
        upgrade.on_upgrade(async move |mut socket| {
            let _ = socket.send(greeting.into()).await;
        })
    }
    async fn chat(upgrade: WebSocketUpgrade, user: Authenticated) -> Response {
        let issuer = user.issuer().to_string();
        upgrade.protocols(["chat", TokenSources::WEBSOCKET_PROTOCOL]).on_upgrade(
            async move |mut socket| {
                let _ = socket.send(issuer.into()).await;
            },
        )
    }
    let auth = Authenticator::new(world.magic.clone()).token_sources(ALL_SOURCES());
    Router::new()
        .route("/greet", any(greet))
        .route("/chat", any(chat))
        .route_layer(RequireTokenLayer::new(auth.clone()))
        .route("/unlayered", any(chat))
        .with_state(auth)
}

/// The chosen subprotocol and the first message, or the status of a rejection.
type Opened = Result<(Option<String>, String), u16>;

async fn open(request: ClientRequestBuilder) -> Opened {
    let open = || match tungstenite::connect(request) {
        Ok((mut socket, response)) => {
            let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
            let chosen = chosen.map(|chosen| chosen.to_str().unwrap().to_owned());
            match socket.read().unwrap() {
                Message::Text(text) => Ok((chosen, text.to_string())),
                other => panic!("no greeting: {other:?}"),
            }
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    };
    tokio::task::spawn_blocking(open).await.unwrap()
}

fn handshake(base: &str, path: &str, protocols: &[&str]) -> ClientRequestBuilder {
    let uri = format!("ws://{base}{path}").parse().unwrap();
    let request = ClientRequestBuilder::new(uri);
    protocols.iter().fold(request, |request, protocol| request.with_sub_protocol(*protocol))
}

#[tokio::test]
async fn a_websocket_signs_in_by_its_subprotocol() {
    let world = World::new().await;
    let base = serve(sockets(&world)).await;
    let (token, alice) = (unpadded(&world), world.alice.issuer().to_string());
    let secret = format!("magic.did-token.v1.{token}");
    let marker = Some("magic.did-token.v1".to_owned());
    let to = |path: &str, protocols: &[&str]| handshake(&base, path, protocols);

    let opened = open(to("/greet", &["magic.did-token.v1", &secret])).await.unwrap();
    let left = format!("{alice} [\"magic.did-token.v1\"] true");
    assert_eq!(opened, (marker.clone(), left));
    // Several header lines, and other protocols in between.
    let several = to("/greet", &["v1", &secret])
        .with_header("sec-websocket-protocol", "v2, magic.did-token.v1, v3");
    let (chosen, left) = open(several).await.unwrap();
    assert_eq!(chosen, marker);
    for (protocol, is_left) in [("v1", true), ("v2", true), ("v3", true), (&*token, false)] {
        assert_eq!(left.contains(protocol), is_left, "{left}");
    }
    // In one line, for every axum 0.8.
    assert_eq!(left.matches('"').count(), 2, "{left}");
    // The pair.
    let opened = open(to("/greet", &["bearer", &token])).await.unwrap();
    assert_eq!(opened, (Some("bearer".to_owned()), format!("{alice} [\"bearer\"] true")));
    // The application's choice comes first, with and without a layer.
    for path in ["/chat", "/unlayered"] {
        let protocols = ["magic.did-token.v1", &secret, "chat"];
        let opened = open(to(path, &protocols)).await.unwrap();
        assert_eq!(opened, (Some("chat".to_owned()), alice.clone()), "{path}");
        let opened = open(to(path, &protocols[..2])).await.unwrap();
        assert_eq!(opened, (marker.clone(), alice.clone()), "{path}");
    }
}

#[tokio::test]
async fn a_websocket_waits_for_the_client_id() {
    let world = World::without_client_id().await;
    let base = serve(sockets(&world)).await;
    let secret = format!("magic.did-token.v1.{}", unpadded(&world));
    let opened = open(handshake(&base, "/greet", &["magic.did-token.v1", &secret])).await.unwrap();
    let greeting = format!("{} [\"magic.did-token.v1\"] true", world.alice.issuer());
    assert_eq!(opened, (Some("magic.did-token.v1".to_owned()), greeting));
}

#[tokio::test]
async fn a_websocket_without_a_good_token_is_not_opened() {
    let world = World::new().await;
    let app = sockets(&world);
    let base = serve(app.clone()).await;
    let expired =
        world.mint.builder(&world.alice).expired().encoding(Encoding::UrlSafeUnpadded).build();
    let secret = format!("magic.did-token.v1.{}", unpadded(&world));
    for path in ["/greet", "/unlayered"] {
        for (protocols, status, code) in [
            (vec!["magic.did-token.v1"], 401, "ERROR_MISSING_AUTH_HEADER"),
            (
                vec!["magic.did-token.v1", "magic.did-token.v1.null"],
                401,
                "ERROR_MISSING_AUTH_HEADER",
            ),
            (vec!["bearer", &expired], 401, "ERROR_DIDT_EXPIRED"),
            (vec!["bearer", "a.b"], 400, "EXPECTED_BEARER_STRING"),
            (vec!["Bearer", &unpadded(&world)], 401, "ERROR_MISSING_AUTH_HEADER"),
            (vec![&*secret, &*secret], 400, "EXPECTED_BEARER_STRING"),
        ] {
            let opened = open(handshake(&base, path, &protocols)).await;
            assert_eq!(opened, Err(status), "{path} {protocols:?}");
            let offered = protocols.join(", ");
            let answer = ask(&app, "GET", "/greet", &[(SEC_WEBSOCKET_PROTOCOL, &offered)]).await;
            assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code), "{protocols:?}");
            assert_eq!(answer.header("sec-websocket-protocol"), None);
        }
    }
}

/// An upgrade is a `GET`, and no rule of CORS applies to it.
#[tokio::test]
async fn a_page_of_another_site_cannot_open_one_with_the_cookie() {
    let world = World::new().await;
    let base = serve(sockets(&world)).await;
    let cookie = format!("__Host-did={}", world.token());
    let own = format!("http://{base}");
    for (origin, opens) in [
        (Some(&*own), true),
        (Some("https://evil.example"), false),
        (Some("null"), false),
        (None, false),
    ] {
        let mut request = handshake(&base, "/chat", &[]).with_header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.with_header("origin", origin);
        }
        let opened = open(request).await.map(|_| ()).map_err(|status| (status, origin));
        assert_eq!(opened, if opens { Ok(()) } else { Err((403, origin)) });
    }
}

/// A verifier of its own, and a guard, inside of the layer that has taken the token away.
#[tokio::test]
async fn what_the_layer_takes_away_the_extractors_still_find() {
    let world = World::new().await;
    let audience = world.fake.client_id();
    let inner = Authenticator::new(magic(&world.fake, &world.clock, Some(audience)))
        .token_sources(ALL_SOURCES());
    let outer = Authenticator::new(world.magic.clone()).token_sources(ALL_SOURCES());
    let app = Router::new()
        .route("/", route_post(async |user: SingleUse| user.issuer().to_string()))
        .route("/token", route_post(text))
        .layer(RequireTokenLayer::new(outer))
        .with_state(AppState { auth: inner, guard: ReplayGuard::in_memory() });
    let token = unpadded(&world);
    let protocols = format!("bearer, {token}, chat");
    let sent = [(SEC_WEBSOCKET_PROTOCOL, protocols.as_str())];
    ask(&app, "POST", "/token", &sent).await.assert_ok(&token);
    ask(&app, "POST", "/", &sent).await.assert_ok(&world.alice.issuer().to_string());
    assert_eq!(ask(&app, "POST", "/", &sent).await.code(), "ERROR_DIDT_REPLAYED");
}

/// For whom the application answers with what it saw of the request.
#[tokio::test]
async fn the_closure_of_rejections_sees_no_subprotocol_with_a_token() {
    let world = World::new().await;
    let auth = Authenticator::new(world.magic.clone())
        .token_sources(ALL_SOURCES())
        .respond_with(|_, request| format!("{:?}", request.headers));
    let app = Router::new().route("/", route(|| async {})).layer(RequireTokenLayer::new(auth));
    let token = world.mint.builder(&world.alice).expired().build().replace('=', "");
    let protocols = format!("chat, magic.did-token.v1.{token}");
    let answer = ask(&app, "GET", "/", &[(SEC_WEBSOCKET_PROTOCOL, &protocols)]).await;
    assert_eq!(answer.status, 401);
    assert!(!answer.text.contains(&token), "{}", answer.text);
}
