mod promtool;
mod text;

use magic_admin::{Magic, RevocationList, SecretKey};
use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, TestUser};
use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::PrometheusRecorder;
use text::Metrics;

use super::*;

const EMAIL: &str = "alice@example.com";

/// The application and the endpoint, each on a port of its own, and a recorder for this test alone.
///
/// The runtime of a test has a single thread, so whatever happens in it is recorded here.
struct Served {
    fake: FakeMagic,
    list: RevocationList,
    alice: TestUser,
    application: String,
    endpoint: String,
}

impl Served {
    async fn start(metrics: &PrometheusRecorder) -> Self {
        // reqwest has none of its own here; who comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let alice = TestUser::from_seed(1);
        let user = FakeUser::from(&alice).email(EMAIL);
        let fake = FakeMagic::builder().user(user).start().await.unwrap();
        let list = RevocationList::in_memory();
        let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
            .base_url(fake.base_url())
            .api(|client| client.backoff(Duration::ZERO))
            .verifier(|verifier| verifier.revocations(list.clone()))
            .build()
            .unwrap();
        let application = serve(app(magic)).await;
        let endpoint = serve(endpoint(metrics.handle())).await;
        Self { fake, list, alice, application, endpoint }
    }

    fn token(&self) -> String {
        self.fake.mint().token(&self.alice)
    }

    async fn me(&self, token: Option<&str>) -> u16 {
        self.send(reqwest::Method::GET, "/me", token).await
    }

    async fn log_out(&self, token: Option<&str>) -> u16 {
        self.send(reqwest::Method::POST, "/v1/user/logout", token).await
    }

    async fn send(&self, method: reqwest::Method, path: &str, token: Option<&str>) -> u16 {
        let url = format!("{}{path}", self.application);
        let mut request = reqwest::Client::new().request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// What Prometheus would read.
    async fn scrape(&self) -> Metrics {
        let response = reqwest::get(format!("{}/metrics", self.endpoint)).await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(content_type, "text/plain; version=0.0.4");
        Metrics::parse(response.text().await.unwrap())
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Makes a recorder that this thread reports to.
fn record(recorder: &PrometheusRecorder) -> LocalRecorderGuard<'_> {
    let guard = metrics::set_default_local_recorder(recorder);
    describe();
    guard
}

#[tokio::test]
async fn verifications_are_counted_and_timed() {
    let recorder = recorder().unwrap().build_recorder();
    let _guard = record(&recorder);
    let app = Served::start(&recorder).await;
    let (token, builder) = (app.token(), || app.fake.mint().builder(&app.alice));
    let other = builder().set("aud", "other").build();
    for _ in 0..3 {
        assert_eq!(app.me(Some(&token)).await, 200);
    }
    for (token, status) in [
        (Some(builder().expired().build()), 401),
        (Some(other), 401),
        (Some("WyJd".to_owned()), 401),
        (None, 401),
    ] {
        assert_eq!(app.me(token.as_deref()).await, status);
    }

    let metrics = app.scrape().await;
    let result = "magic_verifications_total{result=";
    assert_eq!(metrics.value(&format!("{result}\"ok\"}}")), 3.0);
    for code in ["ERROR_DIDT_EXPIRED", "ERROR_AUDIENCE_MISMATCH", "ERROR_MALFORMED_TOKEN"] {
        assert_eq!(metrics.value(&format!("{result}\"{code}\"}}")), 1.0);
        assert_eq!(metrics.value(&format!("magic_rejections_total{{code=\"{code}\"}}")), 1.0);
    }
    let missing = "magic_rejections_total{code=\"ERROR_MISSING_AUTH_HEADER\"}";
    assert_eq!(metrics.value(missing), 1.0);
    assert_eq!(metrics.sum_of(result), 6.0);
    assert_eq!(metrics.sum_of("magic_rejections_total"), 4.0);
    assert_eq!(metrics.value("magic_verify_seconds_count{cache=\"hit\"}"), 2.0);
    assert_eq!(metrics.value("magic_verify_seconds_count{cache=\"miss\"}"), 4.0);
    assert!(metrics.value("magic_verify_seconds_sum{cache=\"miss\"}") > 0.0);
    assert_eq!(metrics.value("magic_verify_seconds_bucket{cache=\"hit\",le=\"+Inf\"}"), 2.0);
    assert_eq!(metrics.value("magic_client_id_fetches_total{result=\"ok\"}"), 1.0);
}

#[tokio::test]
async fn an_unknown_client_id_is_seen() {
    let recorder = recorder().unwrap().build_recorder();
    let _guard = record(&recorder);
    let app = Served::start(&recorder).await;
    app.fake.fail(Fault::status(401).at(Endpoint::Client));
    assert_eq!(app.me(Some(&app.token())).await, 503);
    assert_eq!(app.me(Some(&app.token())).await, 503);
    // It costs no fetch.
    assert_eq!(app.me(Some("WyJd")).await, 401);

    let metrics = app.scrape().await;
    assert_eq!(metrics.value("magic_verifications_total{result=\"ERROR_UNAVAILABLE\"}"), 2.0);
    assert_eq!(metrics.value("magic_verifications_total{result=\"ERROR_MALFORMED_TOKEN\"}"), 1.0);
    assert_eq!(metrics.sum_of("magic_verifications_total"), 3.0);
    // A failed fetch is not repeated for two seconds.
    assert_eq!(metrics.value("magic_client_id_fetches_total{result=\"Authentication\"}"), 1.0);
    let request = "magic_api_requests_total{operation=\"client\",status=\"401\"}";
    assert_eq!(metrics.value(request), 1.0);
}

#[tokio::test]
async fn logouts_and_calls_of_magic_are_counted() {
    let recorder = recorder().unwrap().build_recorder();
    let _guard = record(&recorder);
    let app = Served::start(&recorder).await;
    assert_eq!(app.log_out(None).await, 400);
    app.fake.fail_next(Fault::status(500).at(Endpoint::Logout));
    let token = app.token();
    assert_eq!(app.log_out(Some(&token)).await, 502);
    // The list revoked the token all the same, and the logout can be repeated.
    assert_eq!(app.me(Some(&token)).await, 401);
    assert_eq!(app.log_out(Some(&token)).await, 200);

    let other = TestUser::from_seed(2);
    app.fake.add_user(&other);
    app.fake.fail_next(Fault::status(503).at(Endpoint::Logout));
    assert_eq!(app.log_out(Some(&app.fake.mint().token(&other))).await, 200);

    let metrics = app.scrape().await;
    for (result, count) in [("ok", 2.0), ("SERVICE_ERROR", 1.0), ("ERROR_MISSING_AUTH_HEADER", 1.0)]
    {
        let name = format!("magic_logouts_total{{result=\"{result}\"}}");
        assert_eq!(metrics.value(&name), count, "{result}");
    }
    for (status, count) in [("500", 1.0), ("503", 1.0), ("200", 2.0)] {
        let name = format!("magic_api_requests_total{{operation=\"logout\",status=\"{status}\"}}");
        assert_eq!(metrics.value(&name), count, "{status}");
    }
    assert_eq!(metrics.value("magic_api_retries_total{operation=\"logout\"}"), 1.0);
    assert_eq!(metrics.value("magic_api_seconds_count{operation=\"logout\"}"), 4.0);
    assert_eq!(app.fake.logout_calls().len(), 4);
}

#[tokio::test]
async fn a_scrape_is_valid_complete_and_impersonal() {
    let recorder = recorder().unwrap().build_recorder();
    let _guard = record(&recorder);
    let app = Served::start(&recorder).await;
    let token = app.token();
    app.fake.fail_next(Fault::status(503).at(Endpoint::Logout));
    for _ in 0..2 {
        app.me(Some(&token)).await;
    }
    app.log_out(Some(&token)).await;
    app.me(Some(&token)).await;
    app.list.suspend();
    app.me(Some(&app.fake.mint().token(&TestUser::from_seed(2)))).await;

    let metrics = app.scrape().await;
    for name in [
        "magic_verifications_total",
        "magic_verify_seconds",
        "magic_cache_tokens",
        "magic_cache_bytes",
        "magic_rejections_total",
        "magic_logouts_total",
        "magic_api_requests_total",
        "magic_api_seconds",
        "magic_api_retries_total",
        "magic_client_id_fetches_total",
        "magic_revocations_entries",
        "magic_revocations_in_sync",
    ] {
        assert!(metrics.is_described(name), "{name}: {}", metrics.text());
    }
    // Any list of the process that is out of sync shows, and this one is.
    assert_eq!(metrics.value("magic_revocations_in_sync"), 0.0);
    assert!(metrics.value("magic_revocations_entries") >= 1.0);
    assert!(metrics.value("magic_cache_tokens") >= 1.0);
    let issuer = app.alice.issuer().to_string();
    for personal in [&token[..40], EMAIL, &issuer, "0x", "did:", app.fake.secret_key()] {
        assert!(!metrics.text().contains(personal), "{personal}: {}", metrics.text());
    }
    promtool::check_metrics(metrics.text());
}

#[test]
fn every_alert_fires_when_it_should() {
    promtool::run(&["check", "rules", "alerts.yml"]);
    promtool::run(&["test", "rules", "alerts_test.yml"]);
}

#[test]
fn the_guide_shows_the_alerts() {
    let (guide, alerts) =
        (include_str!("../../../docs/operations.md"), include_str!("../alerts.yml"));
    assert!(guide.contains(&format!("```yaml\n{alerts}```")), "docs/operations.md differs");
}
