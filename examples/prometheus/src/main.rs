//! The metrics of verification, logouts and the Admin API on a Prometheus endpoint.
//!
//! Set `MAGIC_API_SECRET_KEY` to run it. The application listens on port 3000. The metrics are on port
//! 9464, which must not be public. The file `alerts.yml` contains alerts to start with.

use std::{convert::Infallible, error::Error, time::Duration};

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use magic_admin::{Magic, MagicBuilder, RevocationList};
use magic_admin_axum::{
    Authenticated, Authenticator, LogoutIssuer, RequireTokenLayer, load_user_fn, logout_router,
    metrics::{describe, set_gauges},
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, time::sleep};

fn app(magic: Magic) -> Router {
    let auth = Authenticator::new(magic);
    // A request acts for the user whose token it carries; see the example `logout-router` for sessions.
    let on_record =
        load_user_fn(|user: LogoutIssuer| async move { Ok::<_, Infallible>(Some(user.issuer())) });
    Router::new()
        .route("/me", get(|user: Authenticated| async move { user.issuer().to_string() }))
        .route_layer(RequireTokenLayer::new(auth.clone()))
        .merge(logout_router(auth.clone(), on_record))
        .with_state(auth)
}

/// The endpoint that Prometheus scrapes.
fn endpoint(metrics: PrometheusHandle) -> Router {
    let scrape = || async move {
        set_gauges();
        ([(CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render())
    };
    Router::new().route("/metrics", get(scrape))
}

/// Verifying a cached token takes less than a microsecond, a new one about 50 µs, and a call to Magic
/// much longer. Without buckets, the exporter would create summaries, which cannot be aggregated
/// across servers.
fn recorder() -> Result<PrometheusBuilder, BuildError> {
    let verification = [2e-7, 5e-7, 1e-6, 5e-6, 2e-5, 5e-5, 1e-4, 5e-4, 5e-3];
    let call = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("magic_verify_seconds".to_owned()), &verification)?
        .set_buckets_for_metric(Matcher::Full("magic_api_seconds".to_owned()), &call)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics = recorder()?.install_recorder()?;
    describe();
    tokio::spawn(keep_small(metrics.clone()));

    let list = RevocationList::in_memory();
    let magic =
        MagicBuilder::from_env()?.verifier(|verifier| verifier.revocations(list)).build()?;
    let (public, private) =
        (TcpListener::bind("127.0.0.1:3000").await?, TcpListener::bind("127.0.0.1:9464").await?);
    tokio::try_join!(
        axum::serve(public, app(magic)).into_future(),
        axum::serve(private, endpoint(metrics)).into_future(),
    )?;
    Ok(())
}

/// The exporter keeps every duration until it is read. This reads them even if nothing scrapes.
async fn keep_small(metrics: PrometheusHandle) {
    loop {
        sleep(Duration::from_secs(5)).await;
        metrics.run_upkeep();
    }
}

#[cfg(test)]
mod tests;
