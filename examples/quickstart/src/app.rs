use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    routing::{get, post},
};
use magic_admin::{Address, Issuer, Magic, ReplayGuard, UnixSeconds};
use magic_admin_axum::{
    Authenticated, RequireTokenLayer, SingleUse, after_logout_fn, load_user_fn, logout_router,
};
use serde::Serialize;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tower_sessions::Session;
use tracing::{Level, Span, field};

use crate::{CookieSecurity, Database, Users, app_error::AppError, sessions, state::AppState};

/// The application.
///
/// | route | who | what |
/// |---|---|---|
/// | `POST /v1/user/login` | a token, once | finds or creates the user, starts a session |
/// | `GET /v1/user/me` | a token: the layer sees to it | says who it is |
/// | `GET /v1/greeting` | everybody | greets |
/// | `POST /v1/user/logout` | a token and the session of its user | logs out of Magic, revokes the user's tokens, ends the session |
pub fn app(
    magic: Magic,
    guard: ReplayGuard,
    database: &Database,
    cookies: CookieSecurity,
) -> Router {
    let guarded = Router::new()
        .route("/v1/user/me", get(me))
        .route_layer(RequireTokenLayer::new(magic.clone()));
    Router::new()
        .route("/v1/user/login", post(login))
        .route("/v1/greeting", get(greeting))
        .merge(guarded)
        .merge(logout(magic.clone()))
        .layer(sessions::layer(database.sessions(), cookies))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
        .with_state(AppState { auth: magic.clone().into(), magic, guard, users: database.users() })
}

#[derive(Serialize)]
struct LoggedIn {
    user_id: i64,
    issuer: Issuer,
    email: Option<String>,
}

/// Each token signs in once.
async fn login(
    user: SingleUse,
    State(magic): State<Magic>,
    State(users): State<Users>,
    session: Session,
) -> Result<Json<LoggedIn>, AppError> {
    let metadata = magic.users().metadata_by_token(&user).await?;
    let user_id = users.find_or_create(user.issuer(), metadata.email()).await?;
    sessions::sign_in(&session, user_id).await?;
    let email = metadata.email().map(str::to_owned);
    Ok(Json(LoggedIn { user_id, issuer: user.issuer(), email }))
}

#[derive(Serialize)]
struct Me {
    issuer: Issuer,
    public_address: Address,
    expires_at: UnixSeconds,
}

/// Behind the layer, which has verified the token already.
async fn me(user: Authenticated) -> Json<Me> {
    Json(Me {
        issuer: user.issuer(),
        public_address: user.address(),
        expires_at: user.expires_at(),
    })
}

/// A guest sends no token. Who sends a bad one is told so, and not taken for a guest.
async fn greeting(user: Option<Authenticated>) -> String {
    match user {
        Some(user) => format!("Hello, {}!", user.address()),
        None => "Hello, guest!".to_owned(),
    }
}

/// The session names the user that the request acts for, the database knows that user's issuer.
fn logout(magic: Magic) -> Router<AppState> {
    let issuer_on_file =
        load_user_fn(|(session, State(users)): (Session, State<Users>)| async move {
            let Some(user_id) = sessions::user_id(&session).await? else { return Ok(None) };
            Ok::<_, AppError>(users.issuer_of(user_id).await?)
        });
    let end_session = after_logout_fn(|session: Session| async move {
        sessions::sign_out(&session).await.map_err(AppError::from)
    });
    logout_router(magic, issuer_on_file).after_logout(end_session).into()
}

/// With the route and not the URI, in which anybody may write anything.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::info_span!("request", method = field::display(request.method()), route)
}
