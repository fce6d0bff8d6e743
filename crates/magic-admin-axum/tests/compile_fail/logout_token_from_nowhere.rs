//! Only the logout route makes a `LogoutToken`.

use magic_admin::{DidToken, VerifiedToken};
use magic_admin_axum::LogoutToken;

fn by_hand() -> LogoutToken {
    LogoutToken {}
}

fn from_an_unverified_token(token: DidToken) -> LogoutToken {
    token.into()
}

/// The route accepts revoked tokens, which nothing else may.
fn to_a_verified_token(token: LogoutToken) -> VerifiedToken {
    token.into()
}

fn main() {}
