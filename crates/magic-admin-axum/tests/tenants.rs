//! Several Magic applications in one process. The example `tenants` does the same over real
//! sockets.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use axum::{Router, extract::FromRef, routing::any};
use http::{HeaderValue, StatusCode, header::HOST, request::Parts};
use magic_admin::{Magic, ReplayGuard};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, Authenticator, Realm, RequireTokenLayer,
    SingleUse, load_user_fn, logout_router,
};
use support::*;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    guard: ReplayGuard,
}

/// Returns routes for two tenants, `shop` and `blog`, chosen by the name that `name` finds in the
/// request.
fn app(world: &World, name: fn(&Parts) -> Option<&str>) -> Router {
    async fn issuer(user: Authenticated) -> String {
        user.issuer().to_string()
    }
    let tenant = |magic: Magic, realm| Authenticator::new(magic).realm(Realm::new(realm).unwrap());
    let shop = tenant(world.magic.clone(), "shop");
    let blog = tenant(magic(&world.fake, &world.clock, Some(BLOG)), "blog")
        .respond_with(|rejection, _| format!("blog: {}", rejection.code()));
    let auth = Authenticator::per_request(move |request| match name(request) {
        Some("shop") => Ok(shop.clone()),
        Some("blog") => Ok(blog.clone()),
        _ => Err((StatusCode::NOT_FOUND, "no such tenant")),
    });
    let alice = world.alice.issuer();
    let users = || load_user_fn(move || async move { Ok::<_, StatusCode>(Some(alice)) });
    let layer = RequireTokenLayer::new(auth.clone());
    let forbidden = async || Err::<(), _>(AuthRejection::forbidden());
    Router::new()
        .route("/{tenant}/me", any(issuer))
        .route("/{tenant}/layer", any(issuer).layer(layer))
        .route("/{tenant}/once", any(async |user: SingleUse| user.issuer().to_string()))
        .route("/{tenant}/forbidden", any(forbidden))
        .merge(logout_router(auth.clone(), users()).path("/{tenant}/logout"))
        .layer(auth.rejection_layer())
        .with_state(AppState { auth, guard: ReplayGuard::in_memory() })
}

const BLOG: &str = "the blog's client id";

fn by_host(request: &Parts) -> Option<&str> {
    request.headers.get(HOST)?.to_str().ok()?.strip_suffix(".example")
}

fn by_path(request: &Parts) -> Option<&str> {
    request.uri.path().split('/').nth(1)
}

fn by_header(request: &Parts) -> Option<&str> {
    request.headers.get("x-tenant")?.to_str().ok()
}

async fn ask(app: &Router, tenant: &str, door: &str, token: Option<&str>) -> Answer {
    let bearer = token.map(bearer);
    let authorization: Vec<_> = bearer.as_deref().into_iter().collect();
    let mut request = request("POST", &format!("/{tenant}/{door}"), &authorization);
    let host = HeaderValue::try_from(format!("{tenant}.example")).unwrap();
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert("x-tenant", HeaderValue::try_from(tenant).unwrap());
    send(app, request).await
}

const DOORS: [&str; 4] = ["me", "layer", "once", "logout"];

#[tokio::test]
async fn a_token_works_only_for_its_tenant() {
    for name in [by_host, by_path, by_header] {
        let world = World::new().await;
        let app = app(&world, name);
        let alice = world.alice.issuer().to_string();
        for door in DOORS {
            let for_shop = world.token();
            let for_blog = world.mint.builder(&world.alice).audience(BLOG).build();
            let expected = if door == "logout" { "" } else { &alice };
            ask(&app, "shop", door, Some(&for_shop)).await.assert_ok(expected);
            ask(&app, "blog", door, Some(&for_blog)).await.assert_ok(expected);

            let answer = ask(&app, "shop", door, Some(&for_blog)).await;
            assert_eq!(answer.code(), "ERROR_AUDIENCE_MISMATCH", "{door}");
            let answer = ask(&app, "blog", door, Some(&for_shop)).await;
            assert_eq!(answer.text, "blog: ERROR_AUDIENCE_MISMATCH", "{door}");
            let status = if door == "logout" { 400 } else { 401 };
            assert_eq!(answer.status.as_u16(), status);

            let answer = ask(&app, "elsewhere", door, Some(&for_shop)).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (404, "no such tenant"));
        }
        assert_eq!(world.fake.logout_calls().len(), 2);
    }
}

#[tokio::test]
async fn handlers_use_the_tenants_response() {
    let world = World::new().await;
    let app = app(&world, by_host);
    let answer = ask(&app, "shop", "forbidden", None).await;
    answer.assert_refused(403, "ERROR_FORBIDDEN", None);
    let answer = ask(&app, "blog", "forbidden", None).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (403, "blog: ERROR_FORBIDDEN"));
    let challenge = |answer: Answer| answer.header("www-authenticate").map(str::to_owned);
    for tenant in ["shop", "blog"] {
        let expected = format!("Bearer realm=\"{tenant}\"");
        assert_eq!(challenge(ask(&app, tenant, "me", None).await), Some(expected));
    }
    // The request belongs to no tenant: the handler ran, and no tenant's appearance applies.
    let answer = ask(&app, "elsewhere", "forbidden", None).await;
    answer.assert_refused(403, "ERROR_FORBIDDEN", None);
}

/// Middleware that counts can see the status that was sent, and that no tenant was involved.
#[tokio::test]
async fn an_unknown_tenant_has_its_own_kind() {
    let world = World::new().await;
    let app = app(&world, by_path);
    for door in DOORS {
        let answer = ask(&app, "elsewhere", door, None).await;
        let rejection = answer.extensions.get::<AuthRejection>().unwrap();
        assert_eq!(rejection.kind(), AuthRejectionKind::Unserved);
        assert_eq!((rejection.status().as_u16(), rejection.code()), (404, "ERROR_UNSERVED"));
        assert_eq!(answer.header("cache-control"), None);
    }
}
