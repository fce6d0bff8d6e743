//! Tests revocation and single use on a real Redis that stops, crashes or loses data.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Instant;

use magic_admin::{Audience, ReplayGuard, Verifier, VerifyErrorKind, single_use::Challenges};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};
use magic_admin_testkit::{Mint, TestUser};
use support::{GIVE_UP, Redis, application::*, eventually};
use tokio::time::timeout;

#[tokio::test]
async fn logouts_take_effect_on_all_servers() {
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
async fn accepts_nothing_before_catching_up() {
    let redis = Redis::start();
    let first = node(&redis).await;
    // More entries than are read at once.
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
async fn starts_without_redis() {
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
async fn fails_closed_after_the_staleness_bound() {
    let mut redis = Redis::start();
    let (node, patient) = (impatient_node(&redis).await, node(&redis).await);
    log_out(&node, 1).await.unwrap();
    eventually("read", || code(&patient, 1) == REVOKED).await;
    redis.kill();
    assert!(log_out(&node, 2).await.is_err());
    // The logout still takes effect on this server.
    assert_eq!((code(&node, 1), code(&node, 2)), (REVOKED, REVOKED));
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!((code(&node, 1), code(&node, 3)), (REVOKED, UNAVAILABLE));
    assert_eq!((code(&patient, 1), code(&patient, 3)), (REVOKED, "ok"));
    redis.restart();
    eventually("fresh", || code(&node, 3) == "ok").await;
    assert_eq!((code(&node, 1), code(&node, 2)), (REVOKED, REVOKED));
    // Entries that Redis lost or never received are available to other servers.
    let other = start(&redis);
    other.ready().await.unwrap();
    assert_eq!((code(&other, 1), code(&other, 2), code(&other, 3)), (REVOKED, REVOKED, "ok"));
}

#[tokio::test]
async fn can_opt_in_to_stale_lists() {
    let mut redis = Redis::start();
    let builder = || RedisRevocations::builder(server(&redis)).staleness_bound(SHORT_BOUND);
    let node = builder().dangerous_accept_when_stale().start().unwrap();
    node.ready().await.unwrap();
    let without_redis = builder().dangerous_accept_when_stale();
    log_out(&node, 1).await.unwrap();
    redis.kill();
    let late = without_redis.start().unwrap();
    assert_eq!(code(&late, 2), UNAVAILABLE);
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!(code(&node, 1), REVOKED);
    eventually("it goes on", || code(&node, 2) == "ok").await;
    eventually("the one that never knew goes on as well", || code(&late, 2) == "ok").await;
}

#[tokio::test]
async fn recovers_from_a_hanging_redis() {
    let redis = Redis::start();
    let (here, there) = (impatient_node(&redis).await, impatient_node(&redis).await);
    redis.pause();
    let logout = timeout(GIVE_UP, log_out(&here, 1)).await.expect("a logout waits forever");
    assert!(logout.is_err());
    eventually("stale", || !there.health().is_fresh()).await;
    assert_eq!(code(&there, 1), UNAVAILABLE);
    redis.resume();
    eventually("the logout is made up for", || code(&there, 1) == REVOKED).await;
    eventually("fresh", || code(&here, 2) == "ok" && code(&there, 2) == "ok").await;
}

#[tokio::test]
async fn restores_flushed_data() {
    let redis = Redis::start();
    let (here, there) = (node(&redis).await, node(&redis).await);
    log_out(&here, 1).await.unwrap();
    log_out(&there, 2).await.unwrap();
    for number in 0..300 {
        here.list().revoke(stranger(number), in_an_hour()).await.unwrap();
    }
    eventually("both know all", || here.list().len() == 302 && there.list().len() == 302).await;
    assert_eq!(redis.command("FLUSHALL"), "+OK");
    // A server that starts now does not treat the empty stream as complete.
    let late = start(&redis);
    late.ready().await.unwrap();
    assert_eq!((code(&late, 1), code(&late, 2), code(&late, 3)), (REVOKED, REVOKED, "ok"));
    assert_eq!(late.list().len(), 302);
    // Neither server has become stale in the meantime.
    assert!(here.health().is_fresh() && there.health().is_fresh());
    // Written once, not by every server: 302 revocations at 100 per entry. The second server had
    // nothing left to write.
    assert_eq!(redis.command(&format!("XLEN {STREAM}")), ":4");
}

#[tokio::test]
async fn restores_lost_recent_entries() {
    let redis = Redis::start();
    let here = node(&redis).await;
    log_out(&here, 1).await.unwrap();
    log_out(&here, 2).await.unwrap();
    eventually("it follows itself", || here.health().last_id().milliseconds() > 0).await;
    // As if a replica had taken over that never received the last entry.
    let last = redis.text(&format!("XADD {STREAM} * revoked \"everybody 5\""));
    eventually("read", || here.health().last_id().to_string() == last).await;
    redis.command(&format!("XTRIM {STREAM} MAXLEN 0"));
    eventually("written back", || redis.command(&format!("XLEN {STREAM}")) != ":0").await;
    let late = node(&redis).await;
    assert_eq!((code(&late, 1), code(&late, 2), code(&late, 3)), (REVOKED, REVOKED, "ok"));
}

#[tokio::test]
async fn fails_closed_on_unreadable_entries() {
    let redis = Redis::start();
    let node = impatient_node(&redis).await;
    let id = redis.text(&format!("XADD {STREAM} * revoked \"nobody 5\""));
    eventually("stale", || !node.health().is_fresh()).await;
    assert_eq!(code(&node, 1), UNAVAILABLE);
    redis.command(&format!("XDEL {STREAM} {id}"));
    eventually("fresh", || code(&node, 1) == "ok").await;
}

#[tokio::test]
async fn removes_old_entries_from_the_stream() {
    let redis = Redis::start();
    let first = node(&redis).await;
    first.shutdown().await.unwrap();
    redis.command("DEL magic:revocations");
    redis.commands(
        (1..=500).map(|number| format!("XADD {STREAM} 1-{number} revoked \"everybody 5\"")),
    );
    redis.text(&format!("XADD {STREAM} * revoked \"everybody 6\""));
    let second = node(&redis).await;
    let len = || redis.command(&format!("XLEN {STREAM}"))[1..].parse::<u32>().unwrap();
    // Redis removes entries in batches of a hundred.
    eventually("trimmed", || len() < 150).await;
    assert!(len() >= 1);
    assert!(second.health().is_fresh());
}

#[tokio::test]
async fn dropping_the_handle_ends_the_task() {
    let redis = Redis::start();
    let connections = || redis.text("CLIENT LIST").lines().count() - 1;
    let (dropped, shut_down) = (impatient_node(&redis).await, node(&redis).await);
    let list = dropped.list().clone();
    assert_eq!(connections(), 2);
    drop(dropped);
    shut_down.shutdown().await.unwrap();
    eventually("no connection is left", || connections() == 0).await;
    // The list is no longer kept in sync.
    let verifier = Verifier::builder(Audience::new(APP).unwrap()).revocations(list).build();
    let token = Mint::new(APP).token(&TestUser::from_seed(1));
    eventually("it is not trusted for ever", || {
        verifier.verify(&token).is_err_and(|error| error.kind() == VerifyErrorKind::Unavailable)
    })
    .await;
}

#[test]
fn requires_a_runtime() {
    let server = RedisConfig::new("redis://127.0.0.1:1").unwrap();
    let error = RedisRevocations::builder(server).start().unwrap_err();
    assert_eq!(error.to_string(), "revocations in Redis need a Tokio runtime");
}

#[tokio::test]
async fn a_used_token_is_used_on_all_servers() {
    let redis = Redis::start();
    let guards = [0, 1].map(|_| ReplayGuard::new(RedisSingleUse::new(server(&redis))));
    let verifier = Verifier::new(Audience::new(APP).unwrap());
    let token = verifier.verify(&Mint::new(APP).token(&TestUser::from_seed(1))).unwrap();
    guards[0].consume(&token).await.unwrap();
    let error = guards[1].consume(&token).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Replayed);
    // The key is kept for the lifespan of the token plus five minutes.
    let key = redis.text("EVAL \"return redis.call('KEYS','magic:once:*')[1]\" 0");
    let left: u64 = redis.command(&format!("TTL {key}"))[1..].parse().unwrap();
    assert!((1_180..=1_201).contains(&left), "{left}");
}

#[tokio::test]
async fn another_server_redeems_a_challenge_once() {
    let redis = Redis::start();
    let [here, there] = [0, 1].map(|_| Challenges::new(RedisSingleUse::new(server(&redis))));
    let nonce = here.issue().await.unwrap();
    assert!(there.redeem(&nonce).await.unwrap().is_some());
    assert!(here.redeem(&nonce).await.unwrap().is_none());
}

#[tokio::test]
async fn rejects_every_use_without_redis() {
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
    // The store waits for a tenth of a second before it reconnects.
    let give_up = Instant::now() + GIVE_UP;
    while let Err(error) = guard.consume(&token(2)).await {
        assert_eq!(error.kind(), VerifyErrorKind::Unavailable);
        assert!(Instant::now() < give_up, "{error:?}");
        tokio::task::yield_now().await;
    }
    // A connection that broke in the meantime does not cause an error.
    redis.kill();
    redis.restart();
    let last = token(3);
    guard.consume(&last).await.unwrap();
    assert_eq!(guard.consume(&last).await.unwrap_err().kind(), VerifyErrorKind::Replayed);
}

const STREAM: &str = "magic:revocations";
