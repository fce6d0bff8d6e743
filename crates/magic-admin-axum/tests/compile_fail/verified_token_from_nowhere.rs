//! Only a `Verifier` can create a `VerifiedToken`.

use magic_admin::{VerifiedToken, dangerous::UnverifiedToken};

fn by_hand() -> VerifiedToken {
    VerifiedToken {}
}

fn by_default() -> VerifiedToken {
    Default::default()
}

fn from_json(json: &str) -> VerifiedToken {
    serde_json::from_str(json).unwrap()
}

fn from_an_unverified_token(token: UnverifiedToken) -> VerifiedToken {
    token.into()
}

fn main() {}
