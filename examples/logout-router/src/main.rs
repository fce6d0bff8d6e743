//! The logout route in an application that has its own sessions.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

use std::{collections::HashMap, convert::Infallible, error::Error, sync::Arc};

use axum::{Router, extract::State};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use magic_admin::{Issuer, Magic};
use magic_admin_axum::{after_logout_fn, load_user_fn, logout_router};
use tokio::{net::TcpListener, sync::Mutex};

/// The signed-in users, by the value of their session cookie.
type Sessions = Arc<Mutex<HashMap<String, Issuer>>>;

fn app(magic: Magic, sessions: Sessions) -> Router {
    let issuer_on_record =
        load_user_fn(|jar: CookieJar, State(sessions): State<Sessions>| async move {
            let Some(cookie) = jar.get(COOKIE) else { return Ok(None) };
            Ok::<_, Infallible>(sessions.lock().await.get(cookie.value()).copied())
        });
    let end_session =
        after_logout_fn(|jar: CookieJar, State(sessions): State<Sessions>| async move {
            if let Some(cookie) = jar.get(COOKIE) {
                sessions.lock().await.remove(cookie.value());
            }
            jar.remove(Cookie::build(COOKIE).path("/"))
        });
    Router::new()
        .merge(logout_router(magic, issuer_on_record).after_logout(end_session))
        .with_state(sessions)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Magic::from_env()?, Sessions::default());
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

const COOKIE: &str = "session";

#[cfg(test)]
mod tests;
