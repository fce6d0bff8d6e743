//! Servers of an application, reduced to revocation.

use std::time::Duration;

use magic_admin::{Address, Audience, Issuer, UnixSeconds, Verifier};
use magic_admin_redis::{RedisConfig, RedisRevocations};
use magic_admin_testkit::{Mint, TestUser};

use super::Redis;

pub(crate) const APP: &str = "client-id";
/// Longer than a busy machine may pause a test.
pub(crate) const BOUND: Duration = Duration::from_secs(60);
/// For tests that wait until a server is stale.
pub(crate) const SHORT_BOUND: Duration = Duration::from_secs(2);
pub(crate) const REVOKED: &str = "ERROR_DIDT_REVOKED";
pub(crate) const UNAVAILABLE: &str = "ERROR_UNAVAILABLE";

pub(crate) fn server(redis: &Redis) -> RedisConfig {
    RedisConfig::new(&redis.url()).unwrap().with_timeout(Duration::from_secs(2))
}

/// Starts a server of the application, without waiting until it has caught up.
pub(crate) fn start(redis: &Redis) -> RedisRevocations {
    RedisRevocations::builder(server(redis)).staleness_bound(BOUND).start().unwrap()
}

pub(crate) async fn node(redis: &Redis) -> RedisRevocations {
    let node = start(redis);
    node.ready().await.unwrap();
    node
}

/// Starts a server that becomes stale soon, or after a pause of the test itself.
pub(crate) async fn impatient_node(redis: &Redis) -> RedisRevocations {
    let node =
        RedisRevocations::builder(server(redis)).staleness_bound(SHORT_BOUND).start().unwrap();
    node.ready().await.unwrap();
    node
}

pub(crate) fn verifier(node: &RedisRevocations) -> Verifier {
    Verifier::builder(Audience::new(APP).unwrap()).revocations(node.list().clone()).build()
}

/// Returns `ok`, or the code with which a server rejects a token that is valid unless revoked.
pub(crate) fn code(node: &RedisRevocations, user: u64) -> &'static str {
    let token = Mint::new(APP).token(&TestUser::from_seed(user));
    verifier(node).verify(&token).map_or_else(|error| error.code(), |_| "ok")
}

pub(crate) async fn log_out(
    node: &RedisRevocations,
    user: u64,
) -> Result<(), magic_admin::StoreError> {
    // Later than the `iat` of every token in these tests.
    node.list().revoke(TestUser::from_seed(user).issuer(), in_an_hour()).await
}

pub(crate) fn in_an_hour() -> UnixSeconds {
    use magic_admin::Clock as _;
    UnixSeconds::new(magic_admin::SystemClock::default().now().get() + 3_600)
}

pub(crate) fn stranger(number: u64) -> Issuer {
    let mut bytes = [0xee; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(Address::from_bytes(bytes))
}
