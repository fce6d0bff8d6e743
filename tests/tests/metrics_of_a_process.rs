//! Metrics that belong to the whole process: its recorder, the cached handles, and the gauges,
//! which include every verifier and list. Therefore this is a single test.

use std::thread;

use allocation_counter::measure;
use magic_admin::{
    RevocationList, Verifier,
    metrics::{describe, set_gauges},
};
use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tests::{CLIENT_ID, Fixture};

const OK: &str = "magic_verifications_total{result=\"ok\"}";
const HITS: &str = "magic_verify_seconds_count{cache=\"hit\"}";

#[test]
fn the_global_recorder_gets_everything() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let token = app.token(1);
    // Without a recorder, metrics are lost, but nothing fails.
    verify(&verifier, &token, 2);

    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    verify(&verifier, &token, 3);
    assert_eq!((value(&metrics, OK), value(&metrics, HITS)), (3.0, 3.0));
    describe();
    verify(&verifier, &token, 4);
    assert_eq!((value(&metrics, OK), value(&metrics, HITS)), (7.0, 7.0));

    threads_lose_nothing(&verifier, &token, &metrics);
    remembered_tokens_allocate_nothing(&verifier, &token);
    a_local_recorder_comes_first(&verifier, &token, &metrics);
    gauges_add_up_all_instances(&app, verifier, &metrics);
}

fn threads_lose_nothing(verifier: &Verifier, token: &str, metrics: &PrometheusHandle) {
    let before = value(metrics, OK);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| verify(verifier, token, 1_000));
        }
    });
    assert_eq!(value(metrics, OK) - before, 4_000.0);
    assert_eq!(value(metrics, HITS), value(metrics, OK));
}

fn remembered_tokens_allocate_nothing(verifier: &Verifier, token: &str) {
    // The recorder's list of durations grows from time to time.
    let counts = (0..20).map(|_| measure(|| verify(verifier, token, 1)).count_total);
    assert_eq!(counts.min(), Some(0));
}

fn a_local_recorder_comes_first(verifier: &Verifier, token: &str, metrics: &PrometheusHandle) {
    let before = value(metrics, OK);
    for is_described in [false, true, true, true] {
        // It may have the address of the previous recorder.
        let local = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&local, || {
            if is_described {
                describe();
            }
            verify(verifier, token, 5);
        });
        assert_eq!((value(&local.handle(), OK), value(&local.handle(), HITS)), (5.0, 5.0));
    }
    assert_eq!(value(metrics, OK), before);
    verify(verifier, token, 1);
    describe();
    verify(verifier, token, 1);
    assert_eq!(value(metrics, OK), before + 2.0);
}

fn gauges_add_up_all_instances(app: &Fixture, first: Verifier, metrics: &PrometheusHandle) {
    let gauges = || {
        set_gauges();
        ["cache_tokens", "cache_bytes", "revocations_entries", "revocations_in_sync"]
            .map(|name| value(metrics, &format!("magic_{name}")))
    };
    let bytes = |verifier: &Verifier| verifier.cache_stats().bytes() as f64;
    assert_eq!(gauges(), [1.0, bytes(&first), 0.0, 0.0]);
    assert!(!metrics.render().contains("magic_revocations"), "there is no list");

    let lists = [1, 2].map(|_| RevocationList::builder().clock(app.clock.clone()).build());
    // The cache has room for only a few tokens.
    let small = app.verifier().cache_bytes(8_000).revocations(lists[0].clone()).build();
    for token in app.tokens(20) {
        small.verify(&token).unwrap();
    }
    let stats = small.cache_stats();
    let tokens = 1.0 + stats.tokens() as f64;
    assert_eq!(gauges(), [tokens, bytes(&first) + bytes(&small), 0.0, 1.0]);
    assert!(stats.evictions() > 0);
    assert_eq!(value(metrics, "magic_cache_evictions_total"), stats.evictions() as f64);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let user = small.verify(&app.token(1)).unwrap();
    for list in &lists {
        runtime.block_on(list.revoke_now(user.issuer())).unwrap();
    }
    assert_eq!(gauges()[2..], [2.0, 1.0]);
    lists[1].suspend();
    assert_eq!(gauges()[2..], [2.0, 0.0]);
    // The suspension ends without any call.
    lists[1].resume();
    lists[1].trust_until(magic_admin::UnixSeconds::new(tests::NOW + 10));
    assert_eq!(gauges()[3], 1.0);
    app.clock.advance(10);
    assert_eq!(gauges()[3], 0.0);

    let [gone, still] = lists;
    drop((first, small, gone));
    assert_eq!(gauges(), [0.0, 0.0, 1.0, 0.0]);
    drop(still);
    assert!(!metrics.render().contains(CLIENT_ID));
}

fn verify(verifier: &Verifier, token: &str, times: usize) {
    for _ in 0..times {
        verifier.verify(token).unwrap();
    }
}

/// Returns the value of a series, or 0 if there is none.
fn value(metrics: &PrometheusHandle, series: &str) -> f64 {
    let text = metrics.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}
