//! Tests access to Redis: permissions, passwords, TLS, several applications, and the stored
//! contents.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use magic_admin::{ReplayGuard, single_use::Challenges};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};
use magic_admin_testkit::{Mint, TestUser};
use support::{Redis, application::*, eventually};

#[tokio::test]
async fn prefixes_isolate_applications() {
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

/// The user described in the README can do everything that is needed and nothing else.
#[tokio::test]
async fn the_readme_user_has_sufficient_rights() {
    let readme = include_str!("../README.md");
    let rule = readme.lines().find(|line| line.starts_with("ACL SETUSER")).unwrap();
    let redis = Redis::start();
    assert_eq!(redis.command(rule), "+OK");
    let url = redis.url().replace("redis://", "redis://shop:secret@");
    let server = RedisConfig::new(&url).unwrap().with_key_prefix("shop");
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
    assert!(challenges.redeem(&nonce).await.unwrap().is_some());
    let guard = ReplayGuard::new(RedisSingleUse::new(server.clone()));
    let token = || Mint::new(APP).token(&TestUser::from_seed(3));
    // One token more than an issuer may have, which is undone.
    for number in 0..=128 {
        let used = guard.consume(&verifier(&here).verify(&token()).unwrap()).await;
        assert_eq!(used.is_ok(), number < 128, "{used:?}");
    }
    // An entry that is old enough to be removed.
    here.shutdown().await.unwrap();
    redis.command("DEL shop:revocations:trimming shop:revocations");
    redis.text("XADD shop:revocations 1-1 revoked \"everybody 5\"");
    log_out(&there, 2).await.unwrap();
    let next = start();
    next.ready().await.unwrap();
    eventually("removed", || redis.command("XRANGE shop:revocations 1-1 1-1") == "*0").await;
    assert_eq!(redis.command("ACL LOG"), "*0", "something was denied");
    // Other keys are off limits.
    let others = RedisSingleUse::new(server.with_key_prefix("blog"));
    assert!(Challenges::new(others).issue().await.is_err());
}

#[tokio::test]
async fn errors_do_not_contain_the_password() {
    let redis = Redis::start();
    redis.command("ACL SETUSER shop on >secret ~* +@all");
    let url = redis.url().replace("redis://", "redis://shop:hunter2@");
    let store = RedisSingleUse::new(RedisConfig::new(&url).unwrap());
    let error = Challenges::new(store).issue().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(!format!("{error:?}{source}").contains("hunter2"), "{error:?}");
}

#[cfg(feature = "rustls-ring")]
#[tokio::test]
async fn connects_over_tls_with_a_private_ca() {
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
    let unknown = RedisSingleUse::new(RedisConfig::new(&url).unwrap());
    assert!(Challenges::new(unknown).issue().await.is_err());
    let server = RedisConfig::new(&url).unwrap();
    let pem = std::fs::read(&cert).unwrap();
    let known = RedisSingleUse::new(server.with_root_certificates(&pem).unwrap());
    let challenges = Challenges::new(known);
    let nonce = challenges.issue().await.unwrap();
    assert!(challenges.redeem(&nonce).await.unwrap().is_some());
    drop(redis);
    std::fs::remove_dir_all(&directory).unwrap();
}

/// The stream contains addresses and times, but no token and nothing that identifies a person.
#[tokio::test]
async fn redis_contains_no_tokens() {
    let redis = Redis::start();
    let node = node(&redis).await;
    let user = TestUser::from_seed(1).with_subject("the-subject");
    let token = Mint::new(APP).builder(&user).token_id("the-token-id").build();
    let verified = verifier(&node).verify(&token).unwrap();
    node.list().revoke_token(&verified).await.unwrap();
    ReplayGuard::new(RedisSingleUse::new(server(&redis))).consume(&verified).await.unwrap();
    let everything = redis.text(
        "EVAL \"local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key .. cjson.encode(({stream = function() return redis.call('XRANGE', key, '-', '+') end, zset = function() return redis.call('ZRANGE', key, 0, -1) end, string = function() return redis.call('GET', key) end})[redis.call('TYPE', key).ok]()) end return table.concat(all)\" 0",
    );
    assert!(everything.contains("magic:once:") && everything.contains("token "), "{everything}");
    for secret in ["the-subject", "the-token-id", APP, &token] {
        assert!(!everything.contains(secret), "{everything}");
    }
}
