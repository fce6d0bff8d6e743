use std::fmt;

use axum_login::{AuthUser, AuthnBackend};
use magic_admin::{
    Issuer, Magic, ReplayGuard, RevocationList, UnixSeconds, VerifiedToken, VerifyErrorKind,
};
use magic_admin_axum::AuthRejection;
use serde::{Deserialize, Serialize};

/// Signs in users of Magic, and ends their sessions when they log out.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) magic: Magic,
    pub(crate) guard: ReplayGuard,
    pub(crate) revocations: RevocationList,
}

#[derive(Clone, Debug)]
pub(crate) struct User(SignIn);

/// What a session holds: who signed in, and when.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) issuer: Issuer,
    /// After every earlier logout of the user: a later one ends the session.
    at: UnixSeconds,
}

/// axum-login stores the id in the session, and loads the user by it on every request.
impl AuthUser for User {
    type Id = SignIn;

    fn id(&self) -> SignIn {
        self.0
    }

    /// There is no password whose change would have to end sessions.
    fn session_auth_hash(&self) -> &[u8] {
        &[]
    }
}

impl AuthnBackend for Backend {
    type User = User;
    /// Only a verifier creates one, so nobody can sign in with an unverified token.
    type Credentials = VerifiedToken;
    type Error = AuthRejection;

    /// Signs a user in with a token, which is then used up.
    async fn authenticate(&self, token: VerifiedToken) -> Result<Option<User>, AuthRejection> {
        // Anyone can sign a valid token with a key of their own. If this fails, the token can be tried
        // again.
        self.magic.refresh_profile(&token).await?;
        self.guard.consume(&token).await?;
        let at = self.revocations.start_session(&token)?;
        Ok(Some(User(SignIn { issuer: token.issuer(), at })))
    }

    /// Returns the user of a session, unless they have logged out since, on this device or another.
    async fn get_user(&self, sign_in: &SignIn) -> Result<Option<User>, AuthRejection> {
        match self.revocations.check_session(sign_in.issuer, sign_in.at) {
            Ok(()) => Ok(Some(User(*sign_in))),
            // Undecided: axum-login answers 500.
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
