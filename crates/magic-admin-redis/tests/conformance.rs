//! The testkit's suites, run against a real Redis.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};
use magic_admin_testkit::{revocation_store_tests, single_use_store_tests};
use support::Redis;

single_use_store_tests!(single_use, {
    let redis = Redis::start();
    async move || RedisSingleUse::new(RedisConfig::new(&redis.url()).unwrap())
});

revocation_store_tests!(revocations, {
    let redis = Redis::start();
    async move || {
        let server = RedisConfig::new(&redis.url()).unwrap();
        let bound = std::time::Duration::from_secs(60);
        let revocations = RedisRevocations::builder(server).staleness_bound(bound).start().unwrap();
        revocations.ready().await.unwrap();
        (revocations.list().clone(), revocations)
    }
});
