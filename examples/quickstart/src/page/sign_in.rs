use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use magic_admin_axum::DidToken;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use crate::{app, app_error::AppError, limits::Client, state::AppState};

#[derive(Serialize)]
struct Challenge {
    nonce: String,
}

/// Returns a nonce, which the browser passes to Magic as the attachment of its token.
pub(super) async fn challenge(
    State(app): State<AppState>,
    client: Client,
) -> Result<Response, AppError> {
    app.limits.admit_to_challenge(client)?;
    let nonce = app.page.challenges.issue().await.map_err(AppError::Challenges)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Challenge { nonce })).into_response())
}

#[derive(Deserialize)]
pub(super) struct Signed {
    nonce: String,
}

/// Signs in with a token that was issued for this very sign-in.
///
/// Another site cannot make a browser send the `Authorization` header, so it cannot sign anyone in.
///
/// The challenge is used up before Magic is asked. If Magic fails or a limit is reached, the next attempt
/// takes a new one, and a token for it.
pub(super) async fn sign_in(
    State(app): State<AppState>,
    client: Client,
    session: Session,
    token: DidToken,
    Json(signed): Json<Signed>,
) -> Result<Response, AppError> {
    let redeemed = app.page.challenges.redeem(&signed.nonce).await.map_err(AppError::Challenges)?;
    let Some(challenge) = redeemed else {
        return Ok((StatusCode::FORBIDDEN, "This sign-in took too long.").into_response());
    };
    let user = app.magic.verify_with_challenge(&token, &challenge).await?;
    Ok(Json(app::sign_in(&app, client, &session, &user).await?).into_response())
}
