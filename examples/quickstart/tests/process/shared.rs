//! Two instances that share a Redis, a database and a Magic application.

use std::time::{Duration, Instant};

use magic_admin::UnixSeconds;
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};

use crate::{
    directory::Directory,
    http::{WebSocket, send, session_status, sign_in},
    program::{GIVE_UP, Program},
    redis::Redis,
};

struct Shared {
    redis: Redis,
    fake: FakeMagic,
    directory: Directory,
}

impl Shared {
    /// Returns `None` if Redis is not installed.
    async fn new() -> Option<Self> {
        let redis = Redis::start()?;
        let fake = FakeMagic::start().await.unwrap();
        Some(Self { redis, fake, directory: Directory::new() })
    }

    /// Starts an instance, and waits until it is in sync.
    async fn start(&self) -> Program {
        let program = Program::start(&[
            ("MAGIC_API_SECRET_KEY", self.fake.secret_key()),
            ("MAGIC_API_BASE_URL", &self.fake.base_url()),
            ("DATABASE_URL", &self.directory.database()),
            ("REDIS_URL", &self.redis.url()),
            // SQLx warns about slow statements, which are normal on a busy machine.
            ("RUST_LOG", "info,sqlx=error"),
        ]);
        let stranger = self.token(99, 0);
        eventually("in sync", async || {
            send(&program, "GET", "/v1/user/me", &stranger, None).await.status() == 200
        })
        .await;
        program
    }

    /// Returns a token from a device whose clock is ahead by this many seconds.
    fn token(&self, user: u64, ahead: i64) -> String {
        let issued_at = UnixSeconds::now().get() + ahead;
        self.fake.mint().builder(&TestUser::from_seed(user)).issued_at(issued_at).build()
    }
}

#[tokio::test]
async fn used_tokens_and_logouts_hold_on_both() {
    let Some(shared) = Shared::new().await else { return };
    let (first, second) = (shared.start().await, shared.start().await);
    let (token, unused) = (shared.token(1, 0), shared.token(1, 0));
    let session = sign_in(&first, &token).await;
    let again = send(&second, "POST", "/v1/user/login", &token, None).await;
    assert_eq!(again.status(), 401);
    assert!(again.text().contains("ERROR_DIDT_REPLAYED"), "{}", again.text());

    assert_eq!(log_out(&first, &token, &session).await, 200);
    for token in [&token, &unused] {
        for program in [&first, &second] {
            is_revoked(program, token).await;
        }
    }
    // Repeat the logout on the other instance: the session is gone, and Magic is not called.
    assert_eq!(log_out(&second, &token, &session).await, 200);
    assert_eq!(shared.fake.logout_calls().len(), 1);
    for program in [first, second] {
        assert!(program.end("INT").0.success());
    }
}

/// A logout on one device ends the sessions on all devices, no matter which instance they use.
#[tokio::test]
async fn a_logout_ends_all_sessions_on_both() {
    let Some(shared) = Shared::new().await else { return };
    let (first, second) = (shared.start().await, shared.start().await);
    let token = shared.token(1, 0);
    let laptop = sign_in(&first, &token).await;
    let phone = sign_in(&second, &shared.token(1, 0)).await;
    let bob = sign_in(&second, &shared.token(2, 0)).await;
    for program in [&first, &second] {
        for cookie in [&laptop, &phone, &bob] {
            assert_eq!(session_status(program, cookie).await, 200);
        }
    }
    // Also while Magic is down: the clean-up does not run, but the sessions end nevertheless.
    shared.fake.fail(Fault::close().at(Endpoint::Logout));
    assert_eq!(log_out(&first, &token, &laptop).await, 502);
    for program in [&first, &second] {
        for cookie in [&laptop, &phone] {
            session_ends(program, cookie).await;
        }
        assert_eq!(session_status(program, &bob).await, 200);
    }
    shared.fake.heal();
    assert_eq!(log_out(&second, &token, &laptop).await, 200);
}

#[tokio::test]
async fn a_logout_closes_connections_on_both() {
    let Some(shared) = Shared::new().await else { return };
    let (first, second) = (shared.start().await, shared.start().await);
    let token = shared.token(1, 0);
    let laptop = sign_in(&first, &token).await;
    let phone = sign_in(&second, &shared.token(1, 0)).await;
    let connections = [
        WebSocket::open(&first, &phone).await,
        WebSocket::open(&second, &phone).await,
        WebSocket::open(&second, &laptop).await,
    ];
    let bob = sign_in(&second, &shared.token(2, 0)).await;
    let mut bobs = Box::pin(WebSocket::open(&second, &bob).await.closed());
    assert_eq!(log_out(&first, &token, &laptop).await, 200);
    for connection in connections {
        let code = tokio::time::timeout(GIVE_UP, connection.closed()).await;
        assert_eq!(code, Ok(4001));
    }
    let bobs = tokio::time::timeout(Duration::ZERO, &mut bobs).await;
    assert!(bobs.is_err(), "somebody else's connection was closed: {bobs:?}");
}

/// The phone's clock is four minutes ahead, and only one instance has seen its token.
#[tokio::test]
async fn a_fast_device_is_logged_out_on_both() {
    let Some(shared) = Shared::new().await else { return };
    let (first, second) = (shared.start().await, shared.start().await);
    let phone_token = shared.token(1, 240);
    let phone = sign_in(&first, &phone_token).await;
    let laptop_token = shared.token(1, 0);
    let laptop = sign_in(&second, &laptop_token).await;
    assert_eq!(log_out(&second, &laptop_token, &laptop).await, 200);
    for program in [&first, &second] {
        is_revoked(program, &phone_token).await;
        session_ends(program, &phone).await;
    }
    // Both devices sign in again, long before the time of issue that the old token claims.
    for ahead in [240, 0] {
        eventually("signed in again", async || {
            let token = shared.token(1, ahead);
            send(&second, "POST", "/v1/user/login", &token, None).await.status() == 200
        })
        .await;
    }
    is_revoked(&first, &phone_token).await;
}

/// A logout that Redis rejects takes effect on this instance. It is written when the program stops, so that
/// the next instance reads it.
#[tokio::test]
async fn a_logout_that_redis_rejects_is_kept() {
    let Some(shared) = Shared::new().await else { return };
    for is_well_again in [true, false] {
        let program = shared.start().await;
        let token = shared.token(1, 2);
        let session = sign_in(&program, &token).await;
        shared.redis.reject_writes(true);
        assert_eq!(log_out(&program, &token, &session).await, 503);
        is_revoked(&program, &token).await;
        shared.redis.reject_writes(!is_well_again);
        let (status, log) = program.end("TERM");
        assert_eq!(status.success(), is_well_again, "{log}");
        shared.redis.reject_writes(false);
        if is_well_again {
            let next = shared.start().await;
            let me = send(&next, "GET", "/v1/user/me", &token, None).await;
            assert!(me.text().contains("ERROR_DIDT_REVOKED"), "{}", me.text());
        } else {
            assert!(log.contains("some logouts did not reach Redis"), "{log}");
        }
    }
}

/// Anyone can sign tokens. Those of strangers reach neither the store of used tokens nor the warnings.
#[tokio::test]
async fn strangers_take_no_place_in_the_store() {
    let Some(shared) = Shared::new().await else { return };
    let program = shared.start().await;
    for key in 1_000..1_030 {
        let login = send(&program, "POST", "/v1/user/login", &shared.token(key, 0), None).await;
        let text = login.text();
        assert!(text.contains("ERROR_UNKNOWN_USER") || login.status() == 429, "{text}");
    }
    let used = "EVAL \"return #redis.call('KEYS', 'quickstart:once:*')\" 0";
    assert_eq!(shared.redis.command(used), ":0");
    let (_, log) = program.end("INT");
    assert!(log.contains("INFO"), "{log}");
    // It responded with a 503 while it was reading from Redis.
    let mut warnings = log.lines().filter(|line| line.contains("WARN"));
    assert!(warnings.all(|line| line.contains("ERROR_UNAVAILABLE")), "{log}");
}

/// Returns the status of a logout in a session.
async fn log_out(program: &Program, token: &str, session: &str) -> u16 {
    send(program, "POST", "/v1/user/logout", token, Some(session)).await.status()
}

async fn is_revoked(program: &Program, token: &str) {
    eventually("revoked", async || {
        let me = send(program, "GET", "/v1/user/me", token, None).await;
        me.status() == 401 && me.text().contains("ERROR_DIDT_REVOKED")
    })
    .await;
}

async fn session_ends(program: &Program, cookie: &str) {
    eventually("ended", async || session_status(program, cookie).await == 401).await;
}

/// Polls until a condition holds, because the other instance is notified asynchronously.
async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let give_up = Instant::now() + GIVE_UP;
    while !holds().await {
        assert!(Instant::now() < give_up, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
