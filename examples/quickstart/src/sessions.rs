use std::net::SocketAddr;

use magic_admin::{Issuer, RevocationList, UnixSeconds, VerifiedToken, VerifyErrorKind};
use serde::{Deserialize, Serialize};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
    session,
};
use tower_sessions_sqlx_store::SqliteStore;

use crate::app_error::AppError;

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

/// What a session holds: whose it is, and since when.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user_id: i64,
    pub(crate) issuer: Issuer,
    /// After every earlier logout of the user: a later one ends the session.
    pub(crate) at: UnixSeconds,
}

/// Starts the session of a user who has just signed in.
pub(crate) async fn sign_in(
    session: &Session,
    user_id: i64,
    token: &VerifiedToken,
    revocations: &RevocationList,
) -> Result<(), AppError> {
    let at = revocations.start_session(token)?;
    // A new id, so that someone who planted the old one in this browser does not share the session.
    session.cycle_id().await?;
    let signed_in = SignedIn { user_id, issuer: token.issuer(), at };
    Ok(session.insert(SIGNED_IN, signed_in).await?)
}

/// Returns the user whose session it is. `None` if there is none, or the user has logged out since,
/// on this device or another.
pub(crate) async fn signed_in(
    session: &Session,
    revocations: &RevocationList,
) -> Result<Option<SignedIn>, AppError> {
    let Some(signed_in) = on_record(session).await? else { return Ok(None) };
    match revocations.check_session(signed_in.issuer, signed_in.at) {
        Ok(()) => Ok(Some(signed_in)),
        // Undecided is neither signed in nor logged out: 503.
        Err(error) if error.kind() == VerifyErrorKind::Unavailable => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Returns the user that a logout acts for, even if the session opens nothing any more: a logout that
/// failed can be tried again.
pub(crate) async fn on_record(session: &Session) -> Result<Option<SignedIn>, session::Error> {
    session.get(SIGNED_IN).await
}

/// Ends the session here, and its cookie in the browser.
pub(crate) async fn sign_out(session: &Session) -> Result<(), session::Error> {
    session.flush().await
}

const SIGNED_IN: &str = "signed_in";
