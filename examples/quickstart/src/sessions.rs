use std::net::SocketAddr;

use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
    session,
};
use tower_sessions_sqlx_store::SqliteStore;

/// Whether browsers send the session's cookie over https only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieSecurity {
    /// Over https only (`Secure`): everywhere but on the developer's machine.
    HttpsOnly,
    /// Over plain http as well. On loopback nobody can listen.
    Loopback,
}

impl CookieSecurity {
    /// What an application that listens on this address without TLS of its own needs.
    #[must_use]
    pub const fn for_address(address: SocketAddr) -> Self {
        if address.ip().is_loopback() { Self::Loopback } else { Self::HttpsOnly }
    }
}

pub(crate) fn layer(
    store: SqliteStore,
    security: CookieSecurity,
) -> SessionManagerLayer<SqliteStore> {
    SessionManagerLayer::new(store)
        .with_name("quickstart_session")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(security == CookieSecurity::HttpsOnly)
        .with_expiry(Expiry::OnInactivity(Duration::days(1)))
}

/// Starts the session of a user who has just signed in.
pub(crate) async fn sign_in(session: &Session, user_id: i64) -> Result<(), session::Error> {
    // A new id: whoever planted the old one in this browser does not share the session.
    session.cycle_id().await?;
    session.insert(USER_ID, user_id).await
}

/// The user whose session it is, if anybody's.
pub(crate) async fn user_id(session: &Session) -> Result<Option<i64>, session::Error> {
    session.get(USER_ID).await
}

/// Ends the session here, and its cookie in the browser.
pub(crate) async fn sign_out(session: &Session) -> Result<(), session::Error> {
    session.flush().await
}

const USER_ID: &str = "user_id";
