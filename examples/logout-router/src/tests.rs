use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header::SET_COOKIE},
};
use magic_admin_testkit::{FakeMagic, TestUser};
use tower::ServiceExt;

use super::*;

struct Setup {
    fake: FakeMagic,
    sessions: Sessions,
    app: Router,
}

async fn setup() -> Setup {
    let fake = FakeMagic::start().await.unwrap();
    let sessions = Sessions::default();
    sessions.lock().await.insert("s1".to_owned(), TestUser::from_seed(1).issuer());
    Setup { app: app(fake.magic(), sessions.clone()), fake, sessions }
}

impl Setup {
    /// Returns the response to a logout in the session of user 1.
    async fn logout_with_token_of(&self, seed: u64) -> Response<Body> {
        let bearer = self.fake.mint().bearer(&TestUser::from_seed(seed));
        let request = Request::post("/v1/user/logout")
            .header("authorization", bearer)
            .header("cookie", "session=s1")
            .body(Body::empty())
            .unwrap();
        self.app.clone().oneshot(request).await.unwrap()
    }
}

#[tokio::test]
async fn ends_the_session_at_magic_and_here() {
    let setup = setup().await;
    let response = setup.logout_with_token_of(1).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()[SET_COOKIE].to_str().unwrap().starts_with("session=; "));
    assert_eq!(setup.fake.logout_calls().len(), 1);
    assert!(setup.sessions.lock().await.is_empty());
}

#[tokio::test]
async fn another_users_token_ends_nothing() {
    let setup = setup().await;
    assert_eq!(setup.logout_with_token_of(2).await.status(), StatusCode::FORBIDDEN);
    assert!(setup.fake.logout_calls().is_empty());
    assert_eq!(setup.sessions.lock().await.len(), 1);
}
