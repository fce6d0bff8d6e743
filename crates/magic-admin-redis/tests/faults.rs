//! Tests partial failures: clocks that jump, rejected writes, slow links, different retention
//! windows, and clients that disconnect.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use magic_admin::{
    Audience, Clock, ReplayGuard, RevocationList, StoreErrorKind, UnixSeconds, Verifier,
    VerifyErrorKind,
};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};
use magic_admin_testkit::{Mint, TestUser};
use support::{GIVE_UP, Redis, application::*, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

#[tokio::test]
async fn a_fast_redis_clock_drops_no_entries() {
    let redis = Redis::start();
    let first = node(&redis).await;
    log_out_now(&first, 1).await;
    // The ID that an entry gets while the clock of Redis is a week ahead.
    let ahead = (now() + 7 * DAY) * 1_000;
    add(&redis, &format!("{ahead}-0"), &format!("issuer {} {}", now(), stranger(1).address()));
    first.shutdown().await.unwrap();

    // A server trims as soon as it has read the whole stream.
    let second = node(&redis).await;
    eventually("it has looked", || second.health().last_id().milliseconds() >= ahead as u64).await;
    log_out_now(&second, 2).await;
    second.shutdown().await.unwrap();
    let third = node(&redis).await;
    for user in [1, 2] {
        assert_eq!(code_of(&third, &old_token(user, 10)), REVOKED, "{user}");
    }
}

#[tokio::test]
async fn a_fast_server_clock_drops_no_entries() {
    let redis = Redis::start();
    let first = node(&redis).await;
    log_out_now(&first, 1).await;
    let ahead = RedisRevocations::builder(server(&redis)).staleness_bound(BOUND);
    let ahead = ahead.clock(Ahead).start().unwrap();
    ahead.ready().await.unwrap();
    // It trims right after the contact that `ready` waits for, and before the next one.
    stays_in_sync(&ahead).await;
    for node in [first, ahead] {
        node.shutdown().await.unwrap();
    }
    let next = node(&redis).await;
    assert_eq!(code_of(&next, &old_token(1, 10)), REVOKED);
}

#[tokio::test]
async fn future_revocations_are_kept() {
    let redis = Redis::start();
    let banned = TestUser::from_seed(1).issuer().address().to_string();
    let old = (now() - 3 * DAY) * 1_000;
    add(&redis, &format!("{old}-0"), &format!("issuer {} {banned}", now() + DAY));
    add(
        &redis,
        &format!("{old}-1"),
        &format!("issuer {} {}", now() - 3 * DAY, stranger(1).address()),
    );
    let first = node(&redis).await;
    log_out_now(&first, 2).await;
    let second = node(&redis).await;
    eventually("trimmed", || redis.command(&format!("XLEN {STREAM}")) == ":2").await;
    for node in [first, second] {
        node.shutdown().await.unwrap();
    }
    let third = node(&redis).await;
    assert_eq!((code(&third, 1), code(&third, 3)), (REVOKED, "ok"));
    assert_eq!(third.list().len(), 2);
}

#[tokio::test]
async fn a_longer_retention_revives_no_tokens() {
    let redis = Redis::start();
    let user = TestUser::from_seed(1);
    let logged_out = now() - 3 * 3_600;
    add(
        &redis,
        &format!("{}-0", logged_out * 1_000),
        &format!("issuer {logged_out} {}", user.issuer().address()),
    );
    // The first server on an empty Redis records its own retention window.
    let first = window(&redis, 24);
    first.ready().await.unwrap();
    first.shutdown().await.unwrap();
    let short = window(&redis, 1);
    short.ready().await.unwrap();
    log_out_now(&short, 2).await;
    let short_again = window(&redis, 1);
    short_again.ready().await.unwrap();
    let len = || redis.command(&format!("XLEN {STREAM}"));
    eventually("trimmed", || len() == ":1").await;
    for node in [short, short_again] {
        node.shutdown().await.unwrap();
    }

    let long = window(&redis, 24);
    long.ready().await.unwrap();
    assert_eq!(code_of(&long, &old_token(1, 3 * 3_600 + 60)), "ERROR_DIDT_TOO_OLD");
    assert_eq!(code_of(&long, &old_token(1, 60)), "ok");
}

/// The record of removed entries is lost along with the data.
#[tokio::test]
async fn data_loss_revives_no_tokens() {
    let redis = Redis::start();
    let logged_out = now() - 3 * 3_600;
    add(
        &redis,
        &format!("{}-0", logged_out * 1_000),
        &format!("issuer {logged_out} {}", TestUser::from_seed(1).issuer().address()),
    );
    let short = window(&redis, 1);
    short.ready().await.unwrap();
    log_out_now(&short, 2).await;
    assert_eq!(redis.command("FLUSHALL"), "+OK");
    eventually("written back", || redis.command(&format!("XLEN {STREAM}")) == ":1").await;
    short.shutdown().await.unwrap();

    let long = window(&redis, 24);
    long.ready().await.unwrap();
    assert_eq!(code_of(&long, &old_token(2, 60)), REVOKED);
    assert_eq!(code_of(&long, &old_token(1, 3 * 3_600 + 60)), "ERROR_DIDT_TOO_OLD");
    assert_eq!(code_of(&long, &old_token(1, 60)), "ok");
}

#[tokio::test]
async fn follows_a_redis_that_rejects_writes() {
    for reject in ["CONFIG SET min-replicas-to-write 1", "CONFIG SET maxmemory 1"] {
        let redis = Redis::start();
        let (here, there) = (node(&redis).await, node(&redis).await);
        redis.command(reject);
        let error = log_out(&here, 1).await.unwrap_err();
        assert_ne!(error.kind(), StoreErrorKind::Unreachable, "{reject}: {error:?}");
        stays_in_sync(&here).await;
        assert_eq!((code(&here, 1), code(&here, 2)), (REVOKED, "ok"), "{reject}");
        assert_eq!(code(&there, 1), "ok", "not written yet");
        redis.command("CONFIG SET min-replicas-to-write 0");
        redis.command("CONFIG SET maxmemory 0");
        eventually("written", || code(&there, 1) == REVOKED).await;
    }
}

/// Regression test: cancelling logouts eight times a second used to suspend the server.
#[tokio::test]
async fn cancelled_logouts_are_not_lost() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    log_out(&here, 100).await.unwrap();
    eventually("read", || here.health().last_id() == there.health().last_id()).await;
    for user in 1..=8 {
        let read = here.health().last_id();
        {
            let mut cut_off = pin!(log_out(&here, user));
            let polled = cut_off.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
        eventually("on the other server", || {
            assert!(here.health().last_id() >= read, "everything is read again");
            assert_eq!(code(&here, 50), "ok");
            code(&there, user) == REVOKED
        })
        .await;
    }
}

/// While Redis rejects writes, more logouts arrive than can be queued. The server stays in sync,
/// and writes all entries it knows once Redis accepts them.
#[tokio::test]
async fn a_queue_overflow_loses_no_logouts() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    log_out(&here, 1).await.unwrap();
    redis.command("CONFIG SET min-replicas-to-write 1");
    for number in 0..100_010 {
        let mut cut_off = pin!(here.list().revoke(stranger(number), in_an_hour()));
        let polled = cut_off.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    stays_in_sync(&here).await;
    assert_eq!(there.list().len(), 1, "written although Redis rejects it");
    redis.command("CONFIG SET min-replicas-to-write 0");
    let read = here.health().last_id();
    eventually("all is written", || {
        assert!(here.health().last_id() >= read, "everything is read again");
        there.list().len() == 100_011
    })
    .await;
    stays_in_sync(&here).await;
    assert_eq!(code(&here, 2), "ok");
}

#[tokio::test]
async fn shutdown_writes_pending_revocations() {
    let redis = Redis::start();
    for user in 1..=10 {
        let here = node(&redis).await;
        redis.command("CONFIG SET min-replicas-to-write 1");
        log_out(&here, user).await.unwrap_err();
        redis.command("CONFIG SET min-replicas-to-write 0");
        here.shutdown().await.unwrap();
        let next = node(&redis).await;
        assert_eq!(code(&next, user), REVOKED, "{user}");
    }
}

#[tokio::test]
async fn shutdown_reports_unwritten_revocations() {
    let redis = Redis::start();
    let here = node(&redis).await;
    redis.command("CONFIG SET min-replicas-to-write 1");
    log_out(&here, 1).await.unwrap_err();
    let error = here.shutdown().await.unwrap_err();
    assert_eq!(error.to_string(), "revocations that only this server knows were not written");
    assert_eq!(error.kind(), StoreErrorKind::Refused);
}

/// A phone whose clock is fast signs in on one server, and the laptop logs out on another.
#[tokio::test]
async fn logouts_cover_devices_with_fast_clocks() {
    let redis = Redis::start();
    let nodes = [node(&redis).await, node(&redis).await, node(&redis).await];
    let phone = token(1, 240);
    let signed_in = verifier(&nodes[0]).verify(&phone).unwrap();
    let issuer = signed_in.issuer();
    let session = nodes[0].list().start_session(&signed_in).unwrap();
    nodes[2].list().check_session(issuer, session).unwrap();
    let lists = nodes.each_ref().map(|node| node.list().clone());
    let connections = [
        tokio::spawn({
            let list = lists[0].clone();
            async move { list.ended(&signed_in).await }
        }),
        tokio::spawn({
            let list = lists[2].clone();
            async move { list.session_ended(issuer, session).await }
        }),
    ];
    let laptop = verifier(&nodes[1]).verify(&token(1, 0)).unwrap();
    nodes[1].list().revoke_session(&laptop).await.unwrap();
    for node in &nodes {
        eventually("rejected", || code_of(node, &phone) == REVOKED).await;
        eventually("ended", || node.list().check_session(issuer, session).is_err()).await;
    }
    for connection in connections {
        let ended = timeout(GIVE_UP, connection).await;
        assert_eq!(ended.unwrap().unwrap(), magic_admin::revocation::EndReason::Revoked);
    }
    // In the next second, the phone can sign in again on every server.
    eventually("again", || nodes.iter().all(|node| code_of(node, &token(1, 240)) == "ok")).await;
}

/// 600 KB over a link of 1 Mbit/s take 5 s, although a response may only take 2 s, like 6 MB over
/// 10 Mbit/s.
#[tokio::test]
async fn reads_large_entries_over_a_slow_link() {
    let redis = Redis::start();
    add_large_entries(&redis);
    let far = far_node(&SlowLine::start(&redis).await);
    timeout(GIVE_UP, far.ready()).await.unwrap().unwrap();
    assert_eq!(far.list().len(), 10_000);
}

/// As above, but other servers have used the stream before.
#[tokio::test]
async fn joins_others_over_a_slow_link() {
    let redis = Redis::start();
    let near = node(&redis).await;
    add_large_entries(&redis);
    let far = far_node(&SlowLine::start(&redis).await);
    timeout(GIVE_UP, far.ready()).await.unwrap().unwrap();
    assert_eq!(far.list().len(), 10_000);
    near.shutdown().await.unwrap();
}

/// As above, but the server was in sync before the entries arrived.
#[tokio::test]
async fn catches_up_over_a_slow_link() {
    let redis = Redis::start();
    let far = far_node(&SlowLine::start(&redis).await);
    far.ready().await.unwrap();
    add_large_entries(&redis);
    eventually("read", || far.list().len() == 10_000).await;
    stays_in_sync(&far).await;
}

#[tokio::test]
async fn one_issuer_cannot_fill_redis() {
    let redis = Redis::start();
    let guard = ReplayGuard::new(RedisSingleUse::new(server(&redis)));
    let verifier = Verifier::new(Audience::new(APP).unwrap());
    let token = |user| verifier.verify(&Mint::new(APP).token(&TestUser::from_seed(user))).unwrap();
    let used = token(1);
    guard.consume(&used).await.unwrap();
    for _ in 1..128 {
        guard.consume(&token(1)).await.unwrap();
    }
    let keys = || redis.command("DBSIZE");
    let full = keys();
    for _ in 0..3 {
        let error = guard.consume(&token(1)).await.unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Unavailable);
    }
    assert_eq!(keys(), full);
    assert_eq!(guard.consume(&used).await.unwrap_err().kind(), VerifyErrorKind::Replayed);
    guard.consume(&token(2)).await.unwrap();
}

/// Waits until a server has been in sync twice from now on.
async fn stays_in_sync(node: &RedisRevocations) {
    for _ in 0..2 {
        let from = Instant::now();
        eventually("in sync", || {
            node.health().last_contact().is_some_and(|ago| Instant::now() - ago > from)
        })
        .await;
    }
}

/// A clock that is a week ahead.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(now() + 7 * DAY)
    }
}

/// Forwards bytes from Redis at 1 Mbit/s.
struct SlowLine {
    url: String,
}

impl SlowLine {
    async fn start(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let port = redis.port;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    let up = tokio::io::copy(&mut from_client, &mut to_server);
                    let down = async {
                        let mut tick = tokio::time::interval(Duration::from_millis(10));
                        let mut bytes = [0; 1_250];
                        loop {
                            tick.tick().await;
                            let read = from_server.read(&mut bytes).await.unwrap_or(0);
                            if read == 0 || to_client.write_all(&bytes[..read]).await.is_err() {
                                break;
                            }
                        }
                    };
                    // If either direction ends, so does the other.
                    tokio::select! {
                        _ = up => {}
                        () = down => {}
                    }
                });
            }
        });
        Self { url }
    }
}

/// Adds 100 entries of 100 revocations each.
fn add_large_entries(redis: &Redis) {
    let entry = |number: u64| {
        let lines: Vec<_> = (0..100)
            .map(|line| format!("issuer {} {}", now(), stranger(100 * number + line).address()))
            .collect();
        format!("XADD {STREAM} * revoked \"{}\"", lines.join("\\n"))
    };
    redis.commands((0..100).map(entry));
}

fn far_node(line: &SlowLine) -> RedisRevocations {
    let config = RedisConfig::new(&line.url).unwrap().with_timeout(Duration::from_secs(1));
    RedisRevocations::builder(config).staleness_bound(BOUND).start().unwrap()
}

/// Starts a server with a retention of `hours`.
fn window(redis: &Redis, hours: u64) -> RedisRevocations {
    RedisRevocations::builder(server(redis))
        .list(RevocationList::builder().retention(Duration::from_secs(hours * 3_600)))
        .staleness_bound(BOUND)
        .start()
        .unwrap()
}

async fn log_out_now(node: &RedisRevocations, user: u64) {
    node.list().revoke_now(TestUser::from_seed(user).issuer()).await.unwrap();
}

/// Issues a token from a device whose clock is `ahead` seconds fast.
fn token(user: u64, ahead: i64) -> String {
    Mint::new(APP).builder(&TestUser::from_seed(user)).issued_at(now() + ahead).build()
}

/// Issues a token `ago` seconds in the past that is still valid.
fn old_token(user: u64, ago: i64) -> String {
    let made = now() - ago;
    let life = Duration::from_secs(10 * DAY as u64);
    Mint::new(APP).builder(&TestUser::from_seed(user)).issued_at(made).lifespan(life).build()
}

fn code_of(node: &RedisRevocations, token: &str) -> &'static str {
    verifier(node).verify(token).map_or_else(|error| error.code(), |_| "ok")
}

fn add(redis: &Redis, id: &str, revocation: &str) {
    assert_eq!(redis.text(&format!("XADD {STREAM} {id} revoked \"{revocation}\"")), id);
}

fn now() -> i64 {
    UnixSeconds::now().get()
}

const STREAM: &str = "magic:revocations";
const DAY: i64 = 24 * 60 * 60;
