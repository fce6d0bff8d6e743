//! Several Magic applications in one process, chosen by host, path or header.
//!
//! Set `TENANTS` to run it: `shop.example=sk_live_…,blog.example=sk_live_…`.

use std::{collections::HashMap, convert::Infallible, env, error::Error, sync::Arc};

use axum::{
    Router,
    extract::FromRef,
    http::{StatusCode, header::HOST, request::Parts},
    routing::{get, post},
};
use magic_admin::{Issuer, Magic, ReplayGuard, SecretKey};
use magic_admin_axum::{
    Authenticated, Authenticator, Realm, SingleUse, load_user_fn, logout_router,
};
use tokio::net::TcpListener;

/// Each has a secret key, a client id and users of its own.
struct Tenant {
    auth: Authenticator,
    users: HashMap<String, Issuer>,
}

type Tenants = Arc<HashMap<String, Tenant>>;

/// Finds the name of a request's tenant.
type Choose = fn(&Parts) -> Option<&str>;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    used_tokens: ReplayGuard,
}

impl Tenant {
    fn new(
        name: &str,
        magic: Magic,
        users: HashMap<String, Issuer>,
    ) -> Result<Self, Box<dyn Error>> {
        let auth = Authenticator::new(magic).realm(Realm::new(name.to_owned())?);
        Ok(Self { auth, users })
    }
}

/// `prefix` is what all paths begin with: `/{tenant}` if the tenant is chosen by path.
fn app(tenants: Tenants, prefix: &str, choose: Choose) -> Router {
    let known = Arc::clone(&tenants);
    let auth = Authenticator::per_request(move |request| {
        let tenant = choose(request).and_then(|name| known.get(name));
        // What is returned as an error is the response.
        tenant.map(|tenant| tenant.auth.clone()).ok_or((StatusCode::NOT_FOUND, "no such tenant"))
    });
    let on_record = load_user_fn(move |request: Parts| {
        let tenant = choose(&request).and_then(|name| tenants.get(name));
        // The client may claim anything here: the logout goes ahead only with that user's token.
        let user = request.headers.get("x-user").and_then(|user| user.to_str().ok());
        let issuer = tenant.zip(user).and_then(|(tenant, user)| tenant.users.get(user).copied());
        async move { Ok::<_, Infallible>(issuer) }
    });
    Router::new()
        .route(&format!("{prefix}/me"), get(me))
        .route(&format!("{prefix}/login"), post(login))
        .merge(logout_router(auth.clone(), on_record).path(format!("{prefix}/logout")))
        .with_state(AppState { auth, used_tokens: ReplayGuard::in_memory() })
}

/// Returns `shop.example` or `blog.example`, from the `Host` header or, with HTTP/2, the URI. A request that has
/// both is rejected unless they agree.
fn by_host(request: &Parts) -> Option<&str> {
    let in_uri = request.uri.host();
    let Some(header) = request.headers.get(HOST) else { return in_uri };
    let in_header = header.to_str().ok()?.split(':').next();
    in_header.filter(|host| in_uri.is_none_or(|in_uri| in_uri == *host))
}

async fn me(user: Authenticated) -> String {
    user.issuer().to_string()
}

/// Each token signs in once.
async fn login(user: SingleUse) -> String {
    format!("a session for {}", user.issuer())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut tenants = HashMap::new();
    for tenant in env::var("TENANTS")?.split(',') {
        let (name, key) = tenant.split_once('=').ok_or("TENANTS must be name=key,name=key")?;
        let magic = Magic::builder(SecretKey::new(key)?).build()?;
        tenants.insert(name.to_owned(), Tenant::new(name, magic, HashMap::new())?);
    }
    let app = app(Arc::new(tenants), "", by_host);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
