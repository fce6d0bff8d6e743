use core::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use super::{Request, Response, TransportError, TransportErrorKind};

/// How long to try, and how often.
#[derive(Debug, Clone)]
pub(crate) struct RetryPolicy {
    /// For one attempt, connecting and body included.
    pub(crate) timeout: Duration,
    /// For all attempts and the pauses between them.
    pub(crate) deadline: Duration,
    /// Attempts after the first.
    pub(crate) retries: u32,
    /// What the first pause is at most; it doubles with each attempt.
    pub(crate) backoff: Duration,
}

impl RetryPolicy {
    /// Exponential backoff with full jitter: anything between nothing and the ceiling, so that
    /// clients that failed together do not come back together.
    fn pause(&self, attempt: u32) -> Duration {
        let ceiling = self.ceiling(attempt).as_nanos();
        Duration::from_nanos(fastrand::u64(
            0..=u64::try_from(ceiling).unwrap_or(u64::MAX),
        ))
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.backoff.saturating_mul(doubled).min(self.deadline)
    }
}

/// Runs attempts until one has an answer worth keeping, or attempts or time are used up.
///
/// A pause that would not end before the deadline is not begun: the call ends with what it has.
pub(super) async fn run<A>(
    policy: &RetryPolicy,
    request: &Request,
    mut attempt: impl FnMut() -> A,
) -> Result<Response, TransportError>
where
    A: Future<Output = Result<Response, TransportError>>,
{
    let started = Instant::now();
    let mut number: u32 = 0;
    loop {
        number = number.saturating_add(1);
        let begun = Instant::now();
        let left = policy.deadline.saturating_sub(started.elapsed());
        let outcome = timeout(policy.timeout.min(left), attempt())
            .await
            .unwrap_or_else(|_| Err(TransportError::new(TransportErrorKind::Timeout)));
        report(request, number, begun.elapsed(), &outcome);

        if number > policy.retries || !is_transient(&outcome) {
            return outcome;
        }
        let asked = outcome
            .as_ref()
            .ok()
            .and_then(|response| response.retry_after);
        let pause = policy.pause(number).max(asked.unwrap_or_default());
        if pause >= policy.deadline.saturating_sub(started.elapsed()) {
            return outcome;
        }
        sleep(pause).await;
    }
}

fn is_transient(outcome: &Result<Response, TransportError>) -> bool {
    match outcome {
        Ok(response) => matches!(
            response.status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
        Err(error) => error.is_transient(),
    }
}

/// Method, path without the query, attempt, outcome and duration: all that a log may know.
fn report(
    request: &Request,
    attempt: u32,
    duration: Duration,
    outcome: &Result<Response, TransportError>,
) {
    let (status, failure) = match outcome {
        Ok(response) => (Some(response.status.as_u16()), None),
        Err(error) => (None, Some(error.kind())),
    };
    tracing::debug!(
        method = %request.method,
        path = request.path,
        attempt,
        status,
        failure = failure.map(tracing::field::debug),
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "HTTP attempt",
    );
}
