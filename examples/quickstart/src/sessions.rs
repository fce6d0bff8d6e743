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

/// Determines whether browsers may send the session's cookie over plain http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieSecurity {
    /// The cookie is `Secure`, so browsers send it only over https. Required everywhere except on a
    /// developer's machine.
    HttpsOnly,
    /// Browsers send the cookie over plain http as well. On loopback, nobody can eavesdrop.
    Loopback,
}

impl CookieSecurity {
    /// Returns the setting for an application that listens on this address without TLS, and that browsers
    /// reach at this URL. A proxy on the same machine may add TLS.
    #[must_use]
    pub fn new(address: SocketAddr, public_url: Option<&str>) -> Self {
        let over_tls = public_url.is_some_and(|url| url.starts_with("https://"));
        if address.ip().is_loopback() && !over_tls { Self::Loopback } else { Self::HttpsOnly }
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

/// The content of a session: its user, and the time of the sign-in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user_id: i64,
    pub(crate) issuer: Issuer,
    /// Later than every logout of the user so far; a later logout ends the session.
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
    // Use a new ID, so that an attacker who planted the old one in this browser does not share the session.
    session.cycle_id().await?;
    let signed_in = SignedIn { user_id, issuer: token.issuer(), at };
    Ok(session.insert(SIGNED_IN, signed_in).await?)
}

/// Returns the user of the session. Returns `None` if there is no session, or if the user has logged out
/// since on any device.
pub(crate) async fn signed_in(
    session: &Session,
    revocations: &RevocationList,
) -> Result<Option<SignedIn>, AppError> {
    let Some(signed_in) = on_record(session).await? else { return Ok(None) };
    match revocations.check_session(signed_in.issuer, signed_in.at) {
        Ok(()) => Ok(Some(signed_in)),
        // If the list is out of sync, the user is neither signed in nor logged out, and the response is a
        // 503.
        Err(error) if error.kind() == VerifyErrorKind::Unavailable => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Returns the user that a logout acts for. This works even if the session is no longer accepted, so that a
/// failed logout can be retried.
pub(crate) async fn on_record(session: &Session) -> Result<Option<SignedIn>, session::Error> {
    session.get(SIGNED_IN).await
}

/// Deletes the session, and its cookie in the browser.
pub(crate) async fn sign_out(session: &Session) -> Result<(), session::Error> {
    session.flush().await
}

const SIGNED_IN: &str = "signed_in";
