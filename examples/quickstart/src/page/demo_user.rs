use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use magic_admin_axum::SameOrigin;
use magic_admin_testkit::TestUser;
use serde::{Deserialize, Serialize};

use super::settings::Page;

#[derive(Deserialize)]
pub(super) struct Wanted {
    name: String,
    nonce: Option<String>,
}

#[derive(Serialize)]
struct Token {
    token: String,
}

/// Returns a token of Alice or Bob to any request of the page. Without the demo, the route answers 404.
pub(super) async fn token(
    State(page): State<Page>,
    _: SameOrigin,
    Json(wanted): Json<Wanted>,
) -> Response {
    let seed = match wanted.name.as_str() {
        "Alice" => 1,
        "Bob" => 2,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(mint) = &page.magic.demo else { return StatusCode::NOT_FOUND.into_response() };
    let mut token = mint.builder(&TestUser::from_seed(seed));
    if let Some(nonce) = wanted.nonce {
        token = token.attachment(nonce);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(Token { token: token.build() })).into_response()
}
