use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use magic_admin_axum::DidToken;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::settings::Page;
use crate::{app::LoggedIn, app_error::AppError, sessions, state::AppState};

#[derive(Serialize)]
struct Challenge {
    nonce: String,
}

/// Returns a nonce that the browser has to have signed, as the attachment of its token.
pub(super) async fn challenge(State(page): State<Page>) -> Result<Response, AppError> {
    let nonce = page.challenges.issue().await.map_err(AppError::Challenges)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Challenge { nonce })).into_response())
}

#[derive(Deserialize)]
pub(super) struct Signed {
    nonce: String,
}

/// Signs in with a token that was issued for this very sign-in.
///
/// Another site cannot send the `Authorization` header, so it can sign nobody in.
pub(super) async fn sign_in(
    State(app): State<AppState>,
    session: Session,
    token: DidToken,
    Json(signed): Json<Signed>,
) -> Result<Response, AppError> {
    let redeemed = app.page.challenges.redeem(&signed.nonce).await.map_err(AppError::Challenges)?;
    let Some(challenge) = redeemed else {
        return Ok((StatusCode::FORBIDDEN, "This sign-in took too long.").into_response());
    };
    let user = app.magic.verify_with_challenge(&token, &challenge).await?;
    let metadata = app.magic.users().metadata_by_token(&user).await?;
    app.guard.consume(&user).await?;
    let user_id = app.users.find_or_create(user.issuer(), metadata.email()).await?;
    sessions::sign_in(&session, user_id, &user, &app.revocations).await?;
    let email = metadata.email().map(str::to_owned);
    Ok(Json(LoggedIn { user_id, issuer: user.issuer(), email }).into_response())
}
