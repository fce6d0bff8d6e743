use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use magic_admin::RevocationList;
use serde::Serialize;
use tower_sessions::Session;

use super::settings::{BrowserMagic, Page, SDK_INTEGRITY, SDK_URL};
use crate::{Users, app::LoggedIn, app_error::AppError, sessions};

/// The state of the page when it loads.
#[derive(Serialize)]
struct Overview<'a> {
    #[serde(flatten)]
    magic: Sdk<'a>,
    /// The demo users, who can sign in without the SDK.
    demo_users: &'a [&'a str],
    user: Option<User>,
}

/// The script of the SDK and the arguments of `new Magic(publishable_key, { endpoint })`.
#[derive(Serialize)]
struct Sdk<'a> {
    publishable_key: Option<&'a str>,
    endpoint: &'a str,
    script: &'a str,
    integrity: Option<&'a str>,
}

#[derive(Serialize)]
struct User {
    #[serde(flatten)]
    logged_in: LoggedIn,
    /// The time at which the session ends if it is not used: seconds since the Unix epoch.
    session_until: i64,
}

/// Returns the state of the page. A guest gets a 200 here, unlike from `/v1/session`, because browsers log
/// every 401 as an error.
pub(super) async fn overview(
    State(page): State<Page>,
    State(revocations): State<RevocationList>,
    State(users): State<Users>,
    session: Session,
) -> Result<Response, AppError> {
    let user = match sessions::signed_in(&session, &revocations).await? {
        None => None,
        Some(signed_in) => {
            let (user_id, issuer) = (signed_in.user_id, signed_in.issuer);
            let email = users.email_of(user_id).await?;
            let session_until = session.expiry_date().unix_timestamp();
            Some(User { logged_in: LoggedIn { user_id, issuer, email }, session_until })
        }
    };
    let magic = Sdk::of(&page.magic);
    let demo_users: &[&str] = if page.magic.demo.is_some() { &["Alice", "Bob"] } else { &[] };
    let overview = Json(Overview { magic, demo_users, user });
    Ok(([(header::CACHE_CONTROL, "no-store")], overview).into_response())
}

impl<'a> Sdk<'a> {
    fn of(magic: &'a BrowserMagic) -> Self {
        let local = magic.sdk.is_some();
        Self {
            publishable_key: magic.publishable_key.as_deref(),
            endpoint: magic.endpoint(),
            script: if local { "/page/magic.js" } else { SDK_URL },
            integrity: (!local).then_some(SDK_INTEGRITY),
        }
    }
}
