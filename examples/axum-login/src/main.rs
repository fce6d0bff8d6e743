//! Uses axum-login for sessions that begin with a DID token and end when the user logs out of Magic on any
//! device.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

mod backend;

use std::error::Error;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_login::{AuthManagerLayerBuilder, AuthUser, login_required};
use magic_admin::{Magic, MagicBuilder, ReplayGuard, RevocationList};
use magic_admin_axum::{Authenticated, after_logout_fn, load_user_fn, logout_router};
use tokio::net::TcpListener;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer, session};

use crate::backend::{Backend, SignIn};

type AuthSession = axum_login::AuthSession<Backend>;

/// Returns the application. `revocations` is the revocation list of `magic`.
fn app(magic: Magic, revocations: RevocationList) -> Router {
    let backend = Backend { magic: magic.clone(), guard: ReplayGuard::in_memory(), revocations };
    // By default, the cookie is sent only over https and only with same-site requests.
    let sessions = SessionManagerLayer::new(MemoryStore::default());

    let issuer_on_record = load_user_fn(|session: Session| async move {
        // This is not the user of the `AuthSession`, because a logout that failed halfway has already ended
        // that session. This way, the user can repeat the logout.
        let on_record: Option<SignIn> = session.get(ON_RECORD).await?;
        Ok::<_, Failure>(on_record.map(|sign_in| sign_in.issuer))
    });
    let end_session = after_logout_fn(|mut auth: AuthSession| async move {
        auth.logout().await.map(|_user| ()).map_err(Failure::from)
    });
    Router::new()
        .route("/", get(home))
        .route_layer(login_required!(Backend))
        .route("/login", post(login))
        .merge(
            logout_router(magic.clone(), issuer_on_record)
                // A session may outlive its token.
                .accept_without_token()
                .after_logout(end_session),
        )
        .layer(AuthManagerLayerBuilder::new(backend, sessions).build())
        .with_state(magic)
}

async fn home(auth: AuthSession) -> String {
    auth.user.map(|user| user.id().to_string()).unwrap_or_default()
}

async fn login(token: Authenticated, mut auth: AuthSession) -> Result<StatusCode, Failure> {
    let Some(user) = auth.authenticate(token.into_inner()).await? else {
        return Ok(StatusCode::UNAUTHORIZED);
    };
    // axum-login keeps the session's ID if somebody is already signed in. An attacker who planted their
    // session in this browser must not share the new one.
    auth.session.cycle_id().await?;
    auth.login(&user).await?;
    auth.session.insert(ON_RECORD, user.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The response if the backend rejects a sign-in or the session store fails.
struct Failure(Response);

impl From<axum_login::Error<Backend>> for Failure {
    fn from(error: axum_login::Error<Backend>) -> Self {
        match error {
            axum_login::Error::Backend(rejection) => Self(rejection.into_response()),
            axum_login::Error::Session(error) => error.into(),
        }
    }
}

impl From<session::Error> for Failure {
    fn from(_: session::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.0
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let revocations = RevocationList::in_memory();
    let list = revocations.clone();
    let magic =
        MagicBuilder::from_env()?.verifier(|verifier| verifier.revocations(list)).build()?;
    let app = app(magic, revocations);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

const ON_RECORD: &str = "on_record";

#[cfg(test)]
mod tests;
