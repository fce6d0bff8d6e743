//! Tests the metrics while Redis is down. The runtime has a single thread, so the task that follows
//! Redis reports to this test's recorder.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use magic_admin_redis::{RedisConfig, RedisRevocations};
use metrics_exporter_prometheus::PrometheusBuilder;
use support::{Redis, eventually};

#[tokio::test]
async fn the_lag_grows_while_redis_is_down() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    magic_admin::metrics::describe();
    magic_admin_redis::metrics::describe();
    let value = |name: &str| {
        magic_admin::metrics::set_gauges();
        let text = recorder.handle().render();
        let value =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(f64::NAN)
    };
    let (lag, in_sync) = ("magic_revocations_lag_seconds", "magic_revocations_in_sync");

    let mut redis = Redis::start();
    let server = RedisConfig::new(&redis.url()).unwrap();
    let node =
        RedisRevocations::builder(server).staleness_bound(Duration::from_secs(3)).start().unwrap();
    assert_eq!(value(in_sync), 0.0);
    node.ready().await.unwrap();
    eventually("it is in sync", || value(in_sync) == 1.0 && value(lag) < 3.0).await;
    assert!(recorder.handle().render().contains("# HELP magic_revocations_lag_seconds "));

    redis.kill();
    eventually("it lags", || value(lag) >= 3.0 && value(in_sync) == 0.0).await;
    redis.restart();
    eventually("it has caught up", || value(lag) < 3.0 && value(in_sync) == 1.0).await;
    node.shutdown().await.unwrap();
}
