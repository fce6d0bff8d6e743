//! A token that was not verified for this application cannot log anyone out.

use magic_admin::{DidToken, Magic, dangerous::{AnyAudienceToken, UnverifiedToken}};

async fn with_text(magic: Magic, token: DidToken) {
    let _ = magic.users().logout_by_token(&token).await;
}

async fn with_an_unverified_token(magic: Magic, token: UnverifiedToken) {
    let _ = magic.users().logout_by_token(&token).await;
}

async fn with_another_applications_token(magic: Magic, token: AnyAudienceToken) {
    let _ = magic.users().logout_by_token(&token).await;
}

fn main() {}
