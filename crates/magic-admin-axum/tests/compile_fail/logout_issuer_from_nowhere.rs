//! A `LogoutIssuer` comes from a verified token only.

use magic_admin::{DidToken, VerifiedToken};
use magic_admin_axum::LogoutIssuer;

fn by_hand() -> LogoutIssuer {
    LogoutIssuer {}
}

fn from_an_unverified_token(token: DidToken) -> LogoutIssuer {
    token.into()
}

/// The route accepts revoked tokens, which no other code may accept.
fn to_a_verified_token(token: LogoutIssuer) -> VerifiedToken {
    token.into()
}

fn main() {}
