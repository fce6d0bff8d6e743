use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use magic_admin::{
    Address, Issuer, Magic, ReplayGuard, RevocationList, UnixSeconds, VerifiedToken,
};
use magic_admin_axum::{
    Authenticated, RequireTokenLayer, RunningLogouts, after_logout_fn, load_user_fn, logout_router,
};
use serde::Serialize;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tower_sessions::Session;
use tracing::{Level, Span, field};

use crate::{
    CookieSecurity, Database, Page, Users,
    app_error::AppError,
    limits::{Client, Limits},
    page, sessions,
    state::AppState,
};

/// Returns the application's router.
///
/// | route | access | effect |
/// |---|---|---|
/// | `POST /v1/user/login` | a token, once | finds or creates the user, starts a session |
/// | `GET /v1/session` | the session's cookie | returns its user; 401 once the user has logged out on any device |
/// | `GET /v1/user/me` | a token, required by the layer | returns the user |
/// | `GET /v1/greeting` | everyone | returns a greeting |
/// | `GET /` | everyone | serves the page, which uses the next three routes |
/// | `POST /v1/challenge` | everyone | returns a nonce for a token's attachment |
/// | `POST /v1/user/sign-in` | a token with that nonce, once | finds or creates the user, starts a session |
/// | `GET /v1/live` | the session's cookie, from the same origin | opens a WebSocket that counts until the user logs out |
/// | `POST /v1/user/logout` | the session and a token of its user; the session alone from the same origin | revokes the user's tokens and sessions, logs out of Magic, deletes the session |
pub fn app(
    magic: Magic,
    guard: ReplayGuard,
    revocations: RevocationList,
    database: &Database,
    cookies: CookieSecurity,
    page: Page,
    logouts: &RunningLogouts,
) -> Router {
    let guarded = Router::new()
        .route("/v1/user/me", get(me))
        .route_layer(RequireTokenLayer::new(magic.clone()));
    Router::new()
        .route("/v1/user/login", post(login))
        .route("/v1/session", get(session))
        .route("/v1/greeting", get(greeting))
        .merge(guarded)
        .merge(page::routes())
        .merge(logout(magic.clone(), logouts))
        .layer(sessions::layer(database.sessions(), cookies))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_response(DefaultOnResponse::new().level(Level::INFO)),
        )
        .with_state(AppState {
            auth: magic.clone().into(),
            magic,
            guard,
            revocations,
            users: database.users(),
            limits: Limits::new(),
            page,
        })
}

#[derive(Serialize)]
pub(crate) struct LoggedIn {
    pub(crate) user_id: i64,
    pub(crate) issuer: Issuer,
    pub(crate) email: Option<String>,
}

/// Signs a user in with a token, which works only once. The token is consumed after Magic has confirmed the
/// user. If Magic fails, the user can try again with the same token, and tokens of strangers take up no
/// space in the store.
async fn login(
    user: Authenticated,
    client: Client,
    State(app): State<AppState>,
    session: Session,
) -> Result<Json<LoggedIn>, AppError> {
    sign_in(&app, client, &session, &user).await.map(Json)
}

pub(crate) async fn sign_in(
    app: &AppState,
    client: Client,
    session: &Session,
    user: &VerifiedToken,
) -> Result<LoggedIn, AppError> {
    let profile = app.limits.profile(&app.magic, &app.users, client, user).await?;
    app.guard.consume(user).await?;
    let user_id = app.users.find_or_create(user.issuer(), profile.email()).await?;
    sessions::sign_in(session, user_id, user, &app.revocations).await?;
    let email = profile.email().map(str::to_owned);
    Ok(LoggedIn { user_id, issuer: user.issuer(), email })
}

/// Returns the user of the session, which is identified only by its cookie.
async fn session(
    State(revocations): State<RevocationList>,
    State(users): State<Users>,
    session: Session,
) -> Result<Response, AppError> {
    let Some(signed_in) = sessions::signed_in(&session, &revocations).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let (user_id, issuer) = (signed_in.user_id, signed_in.issuer);
    let email = users.email_of(user_id).await?;
    Ok(Json(LoggedIn { user_id, issuer, email }).into_response())
}

#[derive(Serialize)]
struct Me {
    issuer: Issuer,
    public_address: Address,
    expires_at: UnixSeconds,
}

/// Only requests with a valid token get past the layer.
async fn me(user: Authenticated) -> Json<Me> {
    Json(Me {
        issuer: user.issuer(),
        public_address: user.address(),
        expires_at: user.expires_at(),
    })
}

/// No token means a guest. An invalid token is rejected, not treated as a guest.
async fn greeting(user: Option<Authenticated>) -> String {
    match user {
        Some(user) => format!("Hello, {}!", user.address()),
        None => "Hello, guest!".to_owned(),
    }
}

/// Returns the logout route. The session identifies the current user, and the database has that user's
/// issuer.
fn logout(magic: Magic, logouts: &RunningLogouts) -> Router<AppState> {
    let issuer_on_record =
        load_user_fn(|(session, State(users)): (Session, State<Users>)| async move {
            let Some(signed_in) = sessions::on_record(&session).await? else { return Ok(None) };
            Ok::<_, AppError>(users.issuer_of(signed_in.user_id).await?)
        });
    let end_session = after_logout_fn(|session: Session| async move {
        sessions::sign_out(&session).await.map_err(AppError::from)
    });
    logout_router(magic, issuer_on_record)
        .track(logouts)
        // A session may outlive its token.
        .accept_without_token()
        .after_logout(end_session)
        .into()
}

/// Logs the route instead of the URI, because a client can put anything into the URI.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::info_span!("request", method = field::display(request.method()), route)
}
