use std::fmt;

use axum_login::{AuthUser, AuthnBackend};
use magic_admin::{
    Issuer, Magic, ReplayGuard, RevocationList, UnixSeconds, VerifiedToken, VerifyErrorKind,
};
use magic_admin_axum::AuthRejection;
use serde::{Deserialize, Serialize};

/// Signs users in with Magic, and ends their sessions when they log out.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) magic: Magic,
    pub(crate) guard: ReplayGuard,
    pub(crate) revocations: RevocationList,
}

#[derive(Clone, Debug)]
pub(crate) struct User(SignIn);

/// The content of a session: the user, and the time of the sign-in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) issuer: Issuer,
    /// Later than every logout of the user so far; a later logout ends the session.
    at: UnixSeconds,
}

/// axum-login stores this ID in the session and uses it to load the user on every request.
impl AuthUser for User {
    type Id = SignIn;

    fn id(&self) -> SignIn {
        self.0
    }

    /// There is no password, so no password change has to end sessions.
    fn session_auth_hash(&self) -> &[u8] {
        &[]
    }
}

impl AuthnBackend for Backend {
    type User = User;
    /// Only a verifier creates one, so nobody can sign in with an unverified token.
    type Credentials = VerifiedToken;
    type Error = AuthRejection;

    /// Signs a user in with a token, which is then consumed.
    async fn authenticate(&self, token: VerifiedToken) -> Result<Option<User>, AuthRejection> {
        // Anyone can sign a valid token with their own key, so ask Magic for the user first. If this fails,
        // the token has not been consumed and can be used again.
        self.magic.refresh_profile(&token).await?;
        self.guard.consume(&token).await?;
        let at = self.revocations.start_session(&token)?;
        Ok(Some(User(SignIn { issuer: token.issuer(), at })))
    }

    /// Returns the user of a session, unless they have logged out since on any device.
    async fn get_user(&self, sign_in: &SignIn) -> Result<Option<User>, AuthRejection> {
        match self.revocations.check_session(sign_in.issuer, sign_in.at) {
            Ok(()) => Ok(Some(User(*sign_in))),
            // If the list is out of sync, axum-login responds with a 500.
            Err(error) if error.kind() == VerifyErrorKind::Unavailable => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.issuer.fmt(f)
    }
}
