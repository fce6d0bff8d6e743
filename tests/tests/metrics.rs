//! The reported metrics, with a separate recorder for each test, which runs in a single thread.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use magic_admin::{
    Audience, Magic, RevocationList, SecretKey, Verifier,
    gating::{Chain, Gate, Requirement},
};
use magic_admin_axum::{load_user_fn, logout_router};
use magic_admin_testkit::{FakeMagic, TestUser};
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_default_local_recorder, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use test_chain::{Anvil, Arg, CHAIN_ID};
use tests::Fixture;
use tower::Service as _;

/// Compares the metrics with the names in the protocol's specification and in the guide.
#[test]
fn every_metric_is_described_and_listed() {
    let described = Described::default();
    with_local_recorder(&described, || {
        magic_admin_axum::metrics::describe();
        magic_admin_redis::metrics::describe();
    });
    let described = described.0.into_inner();
    let expected = [
        ("magic_verifications_total", "counter"),
        ("magic_verify_seconds", "histogram"),
        ("magic_cache_tokens", "gauge"),
        ("magic_cache_bytes", "gauge"),
        ("magic_cache_evictions_total", "counter"),
        ("magic_rejections_total", "counter"),
        ("magic_logouts_total", "counter"),
        ("magic_api_requests_total", "counter"),
        ("magic_api_seconds", "histogram"),
        ("magic_api_retries_total", "counter"),
        ("magic_client_id_fetches_total", "counter"),
        ("magic_revocations_entries", "gauge"),
        ("magic_revocations_in_sync", "gauge"),
        ("magic_revocations_lag_seconds", "gauge"),
        ("magic_gating_checks_total", "counter"),
    ];
    let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
    assert_eq!(described, BTreeMap::from(expected));

    let guide = include_str!("../../docs/operations.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `magic_")).map(|row| {
        let mut cells = row.split('|').map(str::trim);
        (cells.next().unwrap().trim_end_matches('`'), cells.next().unwrap())
    });
    let listed: BTreeMap<_, _> = rows.map(|(name, kind)| (format!("magic_{name}"), kind)).collect();
    assert_eq!(listed.keys().collect::<BTreeSet<_>>(), described.keys().collect());
    assert!(described.iter().all(|(name, kind)| listed[name] == *kind), "{listed:?}");
}

#[tokio::test]
async fn calls_without_a_response_are_counted() {
    let recorder = recorder();
    let _guard = set_default_local_recorder(&recorder);
    let key = SecretKey::new("sk_live_0123456789ABCDEF").unwrap();
    let magic = Magic::builder(key.clone())
        .base_url("http://127.0.0.1:9")
        .api(|client| client.backoff(Duration::ZERO).retries(2))
        .build()
        .unwrap();
    magic.users().logout_by_issuer(TestUser::from_seed(1).issuer()).await.unwrap_err();
    let status = |status, operation| {
        let labels = format!("{{operation=\"{operation}\",status=\"{status}\"}}");
        value(&recorder, &format!("magic_api_requests_total{labels}"))
    };
    assert_eq!(status("connect", "logout"), 3.0);
    assert_eq!(value(&recorder, "magic_api_retries_total{operation=\"logout\"}"), 2.0);

    let fake = FakeMagic::start().await.unwrap();
    let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
        .base_url(fake.base_url())
        .api(|client| client.calls_per_minute(2))
        .build()
        .unwrap();
    for number in 0..5 {
        assert_eq!(magic.client().info().await.is_ok(), number < 2, "{number}");
    }
    assert_eq!((status("200", "client"), status("budget", "client")), (2.0, 3.0));
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_logout_with_anothers_token_is_counted() {
    let recorder = recorder();
    let _guard = set_default_local_recorder(&recorder);
    let app = Fixture::new();
    let users = load_user_fn(|| async {
        Ok::<_, std::convert::Infallible>(Some(TestUser::from_seed(2).issuer()))
    });
    let mut router = logout_router(app.magic().build().unwrap(), users).into_router::<()>();
    let request = http::Request::post("/v1/user/logout")
        .header("authorization", format!("Bearer {}", app.token(1)))
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(router.call(request).await.unwrap().status(), 403);
    let count = |series| value(&recorder, series);
    assert_eq!(count("magic_logouts_total{result=\"ERROR_ISSUER_MISMATCH\"}"), 1.0);
    assert_eq!(count("magic_rejections_total{code=\"ERROR_ISSUER_MISMATCH\"}"), 1.0);
    assert_eq!(count("magic_verifications_total{result=\"ok\"}"), 1.0);
}

#[tokio::test]
async fn ownership_checks_are_counted() {
    let recorder = recorder();
    let _guard = set_default_local_recorder(&recorder);
    let count = |standard, result| {
        let labels = format!("{{standard=\"{standard}\",result=\"{result}\"}}");
        value(&recorder, &format!("magic_gating_checks_total{labels}"))
    };
    let app = Fixture::new();
    let user = app.verifier().build().verify(&app.token(1)).unwrap();
    let contract = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse().unwrap();
    let down = Chain::builder(1, "http://127.0.0.1:9").retries(0).build().unwrap();
    let requirements: [Requirement; 3] = [
        down.erc721(contract).into(),
        down.erc1155(contract).token(7_u64).into(),
        down.erc20(contract).at_least(1_u64).unwrap(),
    ];
    for (requirement, standard) in requirements.into_iter().zip(["erc721", "erc1155", "erc20"]) {
        let gate = Gate::new(requirement);
        // The second check is answered from the gate's cache.
        for _ in 0..2 {
            gate.check(&user).await.unwrap_err();
        }
        assert_eq!(count(standard, "unreachable"), 1.0, "{standard}");
    }

    let Some(anvil) = Anvil::start() else { return };
    let nft = anvil.erc721();
    let chain = Chain::new(CHAIN_ID, anvil.url()).unwrap();
    let pass: Requirement = chain.erc721(nft.parse().unwrap()).into();
    pass.check(&user).await.unwrap();
    assert_eq!(count("erc721", "does_not_own"), 1.0);
    anvil.send(&nft, "0x6a627842", &[Arg::Address(&user.address().to_string())]);
    pass.check(&user).await.unwrap();
    assert_eq!((count("erc721", "owns"), count("erc721", "does_not_own")), (1.0, 1.0));
    let wrong: Requirement =
        Chain::new(1, anvil.url()).unwrap().erc721(nft.parse().unwrap()).into();
    wrong.check(&user).await.unwrap_err();
    assert_eq!(count("erc721", "wrong_chain"), 1.0);
}

#[test]
fn a_verifier_without_a_recorder_works() {
    let app = Fixture::new();
    let audience = Audience::new(tests::CLIENT_ID).unwrap();
    let list = RevocationList::builder().clock(app.clock.clone()).build();
    let verifier = Verifier::builder(audience).clock(app.clock.clone()).revocations(list).build();
    let token = app.token(1);
    for _ in 0..2 {
        verifier.verify(&token).unwrap();
    }
    magic_admin::metrics::describe();
    magic_admin::metrics::set_gauges();
    verifier.verify(&token).unwrap();
}

fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

/// Returns the value of a series, or 0 if there is none.
fn value(recorder: &PrometheusRecorder, series: &str) -> f64 {
    let text = recorder.handle().render();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// The names and kinds of the described metrics.
#[derive(Default)]
struct Described(RefCell<BTreeMap<String, &'static str>>);

impl Described {
    fn add(&self, name: &KeyName, kind: &'static str, text: &SharedString) {
        assert!(text.len() > 10, "{name:?}");
        let before = self.0.borrow_mut().insert(name.as_str().to_owned(), kind);
        assert_eq!(before, None, "{name:?} is described twice");
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "counter", &text);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "gauge", &text);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.add(&name, "histogram", &text);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
