//! Revocation and single use on a real Redis: what happens when it stops, dies, or forgets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use magic_admin::{
    Address, Audience, Challenges, Issuer, ReplayGuard, Revocation, RevocationList, UnixSeconds,
    Verifier, VerifyErrorKind,
};
use magic_admin_redis::{RedisRevocations, RedisServer, RedisSingleUse};
use magic_admin_testkit::{Mint, TestUser};
use support::{Redis, eventually};

const APP: &str = "client-id";
const BOUND: Duration = Duration::from_secs(2);

fn server(redis: &Redis) -> RedisServer {
    RedisServer::new(&redis.url()).unwrap().with_timeout(Duration::from_millis(500))
}

/// A server of the application that has not caught up yet.
fn start(redis: &Redis) -> RedisRevocations {
    RedisRevocations::builder(server(redis)).staleness_bound(BOUND).start().unwrap()
}

async fn node(redis: &Redis) -> RedisRevocations {
    let node = start(redis);
    node.ready().await.unwrap();
    node
}

fn verifier(node: &RedisRevocations) -> Verifier {
    Verifier::builder(Audience::new(APP).unwrap()).revocations(node.list().clone()).build()
}

/// What a server says of a token that is good but for revocation: the code of its refusal.
fn code(node: &RedisRevocations, user: u64) -> &'static str {
    let token = Mint::new(APP).token(&TestUser::from_seed(user));
    verifier(node).verify(&token).map_or_else(|error| error.code(), |_| "ok")
}

async fn log_out(node: &RedisRevocations, user: u64) -> Result<(), magic_admin::StoreError> {
    // Far enough in the future for any token of these tests.
    node.list().revoke(TestUser::from_seed(user).issuer(), in_an_hour()).await
}

fn in_an_hour() -> UnixSeconds {
    use magic_admin::Clock as _;
    UnixSeconds::new(magic_admin::SystemClock::default().now().get() + 3_600)
}

fn stranger(number: u64) -> Issuer {
    let mut bytes = [0xee; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(Address::from_bytes(bytes))
}

const REVOKED: &str = "ERROR_DIDT_REVOKED";
const UNAVAILABLE: &str = "ERROR_UNAVAILABLE";

#[tokio::test]
async fn a_logout_on_one_server_is_one_on_all() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    assert_eq!((code(&here, 1), code(&there, 1)), ("ok", "ok"));
    log_out(&here, 1).await.unwrap();
    assert_eq!(code(&here, 1), REVOKED);
    eventually("the other server refuses", || code(&there, 1) == REVOKED).await;
    assert_eq!(code(&there, 2), "ok");
    assert!(there.health().last_id().milliseconds() > 0);
}

#[tokio::test]
async fn a_server_accepts_nothing_before_it_has_read_everything() {
    let redis = Redis::start();
    let first = node(&redis).await;
    // More than is read at once.
    for chunk in 0..5 {
        let logouts = (0..500).map(|number| {
            let list = first.list().clone();
            async move { list.revoke(stranger(chunk * 500 + number), in_an_hour()).await }
        });
        for logout in logouts {
            logout.await.unwrap();
        }
    }
    log_out(&first, 1).await.unwrap();
    let second = start(&redis);
    assert_eq!(code(&second, 2), UNAVAILABLE);
    second.ready().await.unwrap();
    assert_eq!((code(&second, 1), code(&second, 2)), (REVOKED, "ok"));
    assert_eq!(second.list().len(), 2_501);
}

#[tokio::test]
async fn a_server_starts_without_redis_and_is_ready_when_it_comes() {
    let mut redis = Redis::start();
    redis.kill();
    let node = start(&redis);
    assert!(!node.health().is_fresh());
    assert_eq!(node.health().last_contact(), None);
    assert_eq!(code(&node, 1), UNAVAILABLE);
    assert!(log_out(&node, 1).await.is_err());
    redis.restart();
    node.ready().await.unwrap();
    assert!(node.health().is_fresh());
    assert_eq!((code(&node, 1), code(&node, 2)), (REVOKED, "ok"));
}

#[tokio::test]
async fn without_redis_a_server_knows_what_it_knew_until_the_bound_and_then_fails_closed() {
    let mut redis = Redis::start();
    let node = node(&redis).await;
    log_out(&node, 1).await.unwrap();
    redis.kill();
    assert!(log_out(&node, 2).await.is_err());
    // Here it holds all the same.
    assert_eq!((code(&node, 1), code(&node, 2), code(&node, 3)), (REVOKED, REVOKED, "ok"));
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!((code(&node, 1), code(&node, 3)), (REVOKED, UNAVAILABLE));
    redis.restart();
    eventually("fresh", || node.health().is_fresh()).await;
    assert_eq!((code(&node, 1), code(&node, 2), code(&node, 3)), (REVOKED, REVOKED, "ok"));
    // What Redis lost and what it never got is there for others.
    let other = start(&redis);
    other.ready().await.unwrap();
    assert_eq!((code(&other, 1), code(&other, 2), code(&other, 3)), (REVOKED, REVOKED, "ok"));
}

#[tokio::test]
async fn whoever_chose_so_goes_on_without_redis_for_ever() {
    let mut redis = Redis::start();
    let builder = || RedisRevocations::builder(server(&redis)).staleness_bound(BOUND);
    let node = builder().dangerous_accept_when_stale().start().unwrap();
    node.ready().await.unwrap();
    let without_redis = builder().dangerous_accept_when_stale();
    log_out(&node, 1).await.unwrap();
    redis.kill();
    let late = without_redis.start().unwrap();
    assert_eq!(code(&late, 2), UNAVAILABLE);
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!((code(&node, 1), code(&node, 2)), (REVOKED, "ok"));
    eventually("the one that never knew goes on as well", || code(&late, 2) == "ok").await;
}

#[tokio::test]
async fn a_redis_that_stands_still_delays_no_request_and_goes_on_where_it_was() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    redis.pause();
    let before = Instant::now();
    let logout = log_out(&here, 1).await;
    let waited = before.elapsed();
    // Refused by its time-out, not never.
    assert!(logout.is_err());
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    eventually("stale", || !there.health().is_fresh()).await;
    assert_eq!(code(&there, 1), UNAVAILABLE);
    redis.resume();
    eventually("the logout is made up for", || code(&there, 1) == REVOKED).await;
    eventually("fresh", || there.health().is_fresh() && here.health().is_fresh()).await;
    assert_eq!(code(&there, 2), "ok");
}

#[tokio::test]
async fn flushed_data_are_written_back_by_whoever_knows_them() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    log_out(&here, 1).await.unwrap();
    log_out(&there, 2).await.unwrap();
    for number in 0..300 {
        here.list().revoke(stranger(number), in_an_hour()).await.unwrap();
    }
    eventually("both know all", || here.list().len() == 302 && there.list().len() == 302).await;
    assert_eq!(redis.command("FLUSHALL"), "+OK");
    // One that starts now does not take the empty stream for everything.
    let late = start(&redis);
    late.ready().await.unwrap();
    assert_eq!((code(&late, 1), code(&late, 2), code(&late, 3)), (REVOKED, REVOKED, "ok"));
    assert_eq!(late.list().len(), 302);
    // Nobody had to go stale for it.
    assert!(here.health().is_fresh() && there.health().is_fresh());
    // Once, not by every server: 302 revocations, 100 an entry, and whoever came second had none.
    assert_eq!(redis.command(&format!("XLEN {STREAM}")), ":4");
}

#[tokio::test]
async fn a_lost_end_of_the_stream_is_noticed_and_written_back() {
    let redis = Redis::start();
    let here = node(&redis).await;
    log_out(&here, 1).await.unwrap();
    log_out(&here, 2).await.unwrap();
    eventually("it follows itself", || here.health().last_id().milliseconds() > 0).await;
    // As when a replica takes over that had not heard of the last entry.
    let last = redis.text(&format!("XADD {STREAM} * revoked \"everybody 5\""));
    eventually("read", || here.health().last_id().to_string() == last).await;
    redis.command(&format!("XTRIM {STREAM} MAXLEN 0"));
    eventually("written back", || redis.command(&format!("XLEN {STREAM}")) != ":0").await;
    let late = node(&redis).await;
    assert_eq!((code(&late, 1), code(&late, 2), code(&late, 3)), (REVOKED, REVOKED, "ok"));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_stops_everything_until_it_is_removed() {
    let redis = Redis::start();
    let node = node(&redis).await;
    let id = redis.text(&format!("XADD {STREAM} * revoked \"nobody 5\""));
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!(code(&node, 1), UNAVAILABLE);
    redis.command(&format!("XDEL {STREAM} {id}"));
    eventually("fresh", || node.health().is_fresh()).await;
    assert_eq!(code(&node, 1), "ok");
}

#[tokio::test]
async fn applications_with_a_prefix_each_do_not_hear_of_each_other() {
    let redis = Redis::start();
    let start = |prefix| {
        let server = server(&redis).with_key_prefix(prefix);
        RedisRevocations::builder(server).staleness_bound(BOUND).start().unwrap()
    };
    let (shop, blog, shop_again) = (start("shop"), start("blog"), start("shop"));
    for node in [&shop, &blog, &shop_again] {
        node.ready().await.unwrap();
    }
    log_out(&shop, 1).await.unwrap();
    eventually("the same application hears of it", || code(&shop_again, 1) == REVOKED).await;
    log_out(&blog, 2).await.unwrap();
    eventually("the other one follows", || blog.list().len() == 1).await;
    assert_eq!((code(&blog, 1), code(&shop_again, 2)), ("ok", "ok"));

    let once =
        |prefix| ReplayGuard::new(RedisSingleUse::new(server(&redis).with_key_prefix(prefix)));
    let token = Mint::new(APP).token(&TestUser::from_seed(3));
    let token = verifier(&shop).verify(&token).unwrap();
    for (prefix, expected) in [("shop", true), ("shop", false), ("blog", true)] {
        assert_eq!(once(prefix).consume(&token).await.is_ok(), expected, "{prefix}");
    }
}

#[tokio::test]
async fn old_entries_are_removed_from_the_stream() {
    let redis = Redis::start();
    let first = node(&redis).await;
    first.shutdown().await;
    redis.command("DEL magic:revocations");
    redis.commands(
        (1..=500).map(|number| format!("XADD {STREAM} 1-{number} revoked \"everybody 5\"")),
    );
    redis.text(&format!("XADD {STREAM} * revoked \"everybody 6\""));
    let second = node(&redis).await;
    let len = || redis.command(&format!("XLEN {STREAM}"))[1..].parse::<u32>().unwrap();
    // Redis removes them by the hundred.
    eventually("trimmed", || len() < 150).await;
    assert!(len() >= 1);
    assert!(second.health().is_fresh());
}

#[tokio::test]
async fn the_task_and_its_connection_end_with_the_handle() {
    let redis = Redis::start();
    let connections = || redis.text("CLIENT LIST").lines().count() - 1;
    let (dropped, shut_down) = (node(&redis).await, node(&redis).await);
    let list = dropped.list().clone();
    assert_eq!(connections(), 2);
    drop(dropped);
    shut_down.shutdown().await;
    eventually("no connection is left", || connections() == 0).await;
    // Nobody keeps the list up to date any more.
    let verifier = Verifier::builder(Audience::new(APP).unwrap()).revocations(list).build();
    let token = Mint::new(APP).token(&TestUser::from_seed(1));
    eventually("it is not trusted for ever", || {
        verifier.verify(&token).is_err_and(|error| error.kind() == VerifyErrorKind::Unavailable)
    })
    .await;
}

#[test]
fn outside_a_runtime_it_does_not_start() {
    let server = RedisServer::new("redis://127.0.0.1:1").unwrap();
    let error = RedisRevocations::builder(server).start().unwrap_err();
    assert_eq!(error.to_string(), "revocations in Redis need a Tokio runtime");
}

#[tokio::test]
async fn a_token_used_on_one_server_is_used_on_all() {
    let redis = Redis::start();
    let guards = [0, 1].map(|_| ReplayGuard::new(RedisSingleUse::new(server(&redis))));
    let verifier = Verifier::new(Audience::new(APP).unwrap());
    let token = verifier.verify(&Mint::new(APP).token(&TestUser::from_seed(1))).unwrap();
    guards[0].consume(&token).await.unwrap();
    let error = guards[1].consume(&token).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Replayed);
    // It is kept for the token's life and the minute after it.
    let key = redis.text("EVAL \"return redis.call('KEYS','*')[1]\" 0");
    assert!(key.starts_with("magic:once:"), "{key}");
    let left: u64 = redis.command(&format!("TTL {key}"))[1..].parse().unwrap();
    assert!((940..=961).contains(&left), "{left}");
}

#[tokio::test]
async fn a_challenge_of_one_server_is_redeemed_once_on_another() {
    let redis = Redis::start();
    let [here, there] = [0, 1].map(|_| Challenges::new(RedisSingleUse::new(server(&redis))));
    let nonce = here.issue().await.unwrap();
    assert!(there.redeem(&nonce).await.unwrap());
    assert!(!here.redeem(&nonce).await.unwrap());
}

#[tokio::test]
async fn without_redis_no_token_is_used_and_with_it_again_they_are() {
    let mut redis = Redis::start();
    let store = RedisSingleUse::new(server(&redis));
    let (guard, challenges) = (ReplayGuard::new(store.clone()), Challenges::new(store));
    let verifier = Verifier::new(Audience::new(APP).unwrap());
    let token = |user| verifier.verify(&Mint::new(APP).token(&TestUser::from_seed(user))).unwrap();
    guard.consume(&token(1)).await.unwrap();
    redis.kill();
    for _ in 0..3 {
        let error = guard.consume(&token(2)).await.unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Unavailable);
        assert!(error.retry_after().is_some());
    }
    assert!(challenges.issue().await.is_err());
    redis.restart();
    // It does not try again within a tenth of a second.
    let again = Instant::now() + Duration::from_millis(200);
    while Instant::now() < again {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    guard.consume(&token(2)).await.unwrap();
    // A connection that broke in the meantime is nobody's fault.
    redis.kill();
    redis.restart();
    let last = token(3);
    guard.consume(&last).await.unwrap();
    assert_eq!(guard.consume(&last).await.unwrap_err().kind(), VerifyErrorKind::Replayed);
}

/// The user that the README describes can do all that is needed, and nothing else.
#[tokio::test]
async fn the_user_of_the_readme_has_the_rights_it_needs() {
    let readme = include_str!("../README.md");
    let rule = readme.lines().find(|line| line.starts_with("ACL SETUSER")).unwrap();
    let redis = Redis::start();
    assert_eq!(redis.command(rule), "+OK");
    let url = redis.url().replace("redis://", "redis://shop:secret@");
    let server = RedisServer::new(&url).unwrap().with_key_prefix("shop");
    let start =
        || RedisRevocations::builder(server.clone()).staleness_bound(BOUND).start().unwrap();
    let (here, there) = (start(), start());
    here.ready().await.unwrap();
    there.ready().await.unwrap();
    log_out(&here, 1).await.unwrap();
    eventually("the other server refuses", || code(&there, 1) == REVOKED).await;
    redis.command("DEL shop:revocations shop:revocations:epoch");
    eventually("written back", || redis.command("XLEN shop:revocations") != ":0").await;
    let challenges = Challenges::new(RedisSingleUse::new(server.clone()));
    let nonce = challenges.issue().await.unwrap();
    assert!(challenges.redeem(&nonce).await.unwrap());
    assert_eq!(redis.command("ACL LOG"), "*0", "something was denied");
    // Other keys are other people's.
    let others = RedisSingleUse::new(server.with_key_prefix("blog"));
    assert!(Challenges::new(others).issue().await.is_err());
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let redis = Redis::start();
    redis.command("ACL SETUSER shop on >secret ~* +@all");
    let url = redis.url().replace("redis://", "redis://shop:hunter2@");
    let store = RedisSingleUse::new(RedisServer::new(&url).unwrap());
    let error = Challenges::new(store).issue().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(!format!("{error:?}{source}").contains("hunter2"), "{error:?}");
}

#[cfg(feature = "rustls-ring")]
#[tokio::test]
async fn tls_with_a_private_authority() {
    let directory = std::env::temp_dir().join(format!("redis-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let cert = write("cert.pem", certificate.cert.pem());
    let key = write("key.pem", certificate.signing_key.serialize_pem());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let tls_port = port.to_string();
    let redis = Redis::start_with(&[
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ]);
    let url = format!("rediss://localhost:{port}");
    let unknown = RedisSingleUse::new(RedisServer::new(&url).unwrap());
    assert!(Challenges::new(unknown).issue().await.is_err());
    let server = RedisServer::new(&url).unwrap();
    let pem = std::fs::read(Path::new(&cert)).unwrap();
    let known = RedisSingleUse::new(server.with_root_certificates(&pem).unwrap());
    let challenges = Challenges::new(known);
    let nonce = challenges.issue().await.unwrap();
    assert!(challenges.redeem(&nonce).await.unwrap());
    drop(redis);
    std::fs::remove_dir_all(&directory).unwrap();
}

/// The stream holds addresses and times, no token and nothing that names a person.
#[tokio::test]
async fn what_is_in_redis_names_no_token() {
    let redis = Redis::start();
    let node = node(&redis).await;
    let user = TestUser::from_seed(1).with_subject("the-subject");
    let token = Mint::new(APP).builder(&user).token_id("the-token-id").build();
    let verified = verifier(&node).verify(&token).unwrap();
    node.list().revoke_token(&verified).await.unwrap();
    ReplayGuard::new(RedisSingleUse::new(server(&redis))).consume(&verified).await.unwrap();
    let everything = redis.text(
        "EVAL \"local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key .. cjson.encode(redis.call('TYPE', key).ok == 'stream' and redis.call('XRANGE', key, '-', '+') or redis.call('GET', key)) end return table.concat(all)\" 0",
    );
    assert!(everything.contains("magic:once:") && everything.contains("token "), "{everything}");
    for secret in ["the-subject", "the-token-id", APP, &token] {
        assert!(!everything.contains(secret), "{everything}");
    }
}

const STREAM: &str = "magic:revocations";

#[expect(dead_code, reason = "the types of the crate are what an application can hold")]
fn applications_can_hold_and_send_them() {
    fn holds<T: Send + Sync + std::fmt::Debug>() {}
    holds::<RedisRevocations>();
    holds::<RedisServer>();
    holds::<RedisSingleUse>();
    holds::<RevocationList>();
    holds::<Revocation>();
}
