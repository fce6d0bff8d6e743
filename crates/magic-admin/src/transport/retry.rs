use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use super::{Request, Response, TransportError, TransportErrorKind};
use crate::metrics;

/// Limits on the time and the number of attempts of a call.
#[derive(Debug, Clone)]
pub(crate) struct RetryPolicy {
    /// The limit for one attempt, from connecting to the end of the body.
    pub(crate) timeout: Duration,
    /// The limit for all attempts, including the pauses between them.
    pub(crate) deadline: Duration,
    /// The number of attempts after the first.
    pub(crate) retries: u32,
    /// The upper limit of the first pause, which doubles with each attempt.
    pub(crate) backoff: Duration,
}

impl RetryPolicy {
    /// Returns a random pause up to the ceiling (exponential backoff with full jitter), so that
    /// clients that failed at the same time do not retry at the same time.
    fn pause(&self, attempt: u32) -> Duration {
        let ceiling = self.ceiling(attempt).as_nanos();
        Duration::from_nanos(fastrand::u64(0..=u64::try_from(ceiling).unwrap_or(u64::MAX)))
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.backoff.saturating_mul(doubled).min(self.deadline)
    }
}

/// Runs attempts until one yields a final response, or until the attempts or the time run out.
///
/// If a pause would last beyond the deadline, the call returns the last outcome immediately.
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

        if number > policy.retries || !is_transient(&outcome, request.spares_limit) {
            return outcome;
        }
        let asked = outcome.as_ref().ok().and_then(|response| response.retry_after);
        let pause = policy.pause(number).max(asked.unwrap_or_default());
        if pause >= policy.deadline.saturating_sub(started.elapsed()) {
            return outcome;
        }
        sleep(pause).await;
    }
}

fn is_transient(outcome: &Result<Response, TransportError>, spares_limit: bool) -> bool {
    match outcome {
        Ok(response) => match response.status {
            StatusCode::TOO_MANY_REQUESTS => !spares_limit || response.retry_after.is_some(),
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => true,
            _ => false,
        },
        Err(error) => error.is_transient(),
    }
}

/// Logs only the method, the path without its query, the attempt, the outcome and the duration.
/// Also counts the attempt.
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
    if let Some(operation) = request.operation {
        let status = match outcome {
            Ok(response) => response.status.as_str(),
            Err(error) => error.kind().name(),
        };
        metrics::api_request(operation, attempt, status, duration);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use http::Method;

    use super::*;
    use crate::transport::Body;

    const POLICY: RetryPolicy = RetryPolicy {
        timeout: Duration::from_secs(10),
        deadline: Duration::from_secs(30),
        retries: 3,
        backoff: Duration::from_millis(500),
    };

    type Outcome = Result<Response, TransportError>;

    /// Runs attempts that complete immediately with the `outcome` for their number. Returns the
    /// start time of each attempt and the final outcome.
    async fn run_with(
        policy: &RetryPolicy,
        outcome: impl Fn(usize) -> Outcome,
    ) -> (Vec<Duration>, Outcome) {
        let started = Instant::now();
        let begun = RefCell::new(Vec::new());
        let end = run(policy, &request(), || {
            begun.borrow_mut().push(started.elapsed());
            std::future::ready(outcome(begun.borrow().len()))
        })
        .await;
        (begun.into_inner(), end)
    }

    fn request() -> Request {
        Request {
            method: Method::GET,
            path: "/",
            query: Vec::new(),
            body: None,
            credential: None,
            operation: None,
            spares_limit: false,
        }
    }

    fn answer(status: u16, retry_after: Option<u64>) -> Outcome {
        Ok(Response {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: retry_after.map(Duration::from_secs),
            content_type: None,
            body: Body::TooLarge,
        })
    }

    fn status(outcome: &Outcome) -> u16 {
        outcome.as_ref().ok().unwrap().status.as_u16()
    }

    #[tokio::test(start_paused = true)]
    async fn retries_only_transient_failures() {
        for (code, attempts) in [
            (200, 1),
            (204, 1),
            (302, 1),
            (400, 1),
            (401, 1),
            (403, 1),
            (404, 1),
            (408, 1),
            (429, 4),
            (500, 1),
            (501, 1),
            (502, 4),
            (503, 4),
            (504, 4),
        ] {
            let (begun, end) = run_with(&POLICY, |_| answer(code, None)).await;
            assert_eq!((begun.len(), status(&end)), (attempts, code));
        }
        for (kind, attempts) in [
            (TransportErrorKind::Connect, 4),
            (TransportErrorKind::Interrupted, 4),
            (TransportErrorKind::Timeout, 4),
            (TransportErrorKind::RedirectFollowed, 1),
            (TransportErrorKind::Request, 1),
        ] {
            let (begun, end) = run_with(&POLICY, |_| Err(TransportError::new(kind))).await;
            assert_eq!((begun.len(), end.err().unwrap().kind()), (attempts, kind));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_first_good_answer() {
        let outcome = |number| {
            if number < 3 { answer(503, None) } else { answer(200, None) }
        };
        let (begun, end) = run_with(&POLICY, outcome).await;
        assert_eq!((begun.len(), status(&end)), (3, 200));
    }

    #[tokio::test(start_paused = true)]
    async fn no_retries_is_one_attempt() {
        let policy = RetryPolicy { retries: 0, ..POLICY };
        let (begun, end) = run_with(&policy, |_| answer(503, Some(1))).await;
        assert_eq!((begun.len(), status(&end)), (1, 503));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_have_a_ceiling_and_full_jitter() {
        let mut pauses = BTreeSet::new();
        for _ in 0..50 {
            let (begun, _) = run_with(&POLICY, |_| answer(503, None)).await;
            for (pair, ceiling) in begun.windows(2).zip([500, 1000, 2000]) {
                let pause = pair[1] - pair[0];
                // The timer has millisecond resolution and rounds up.
                assert!(pause <= Duration::from_millis(ceiling + 1), "{pause:?}");
                pauses.insert(pause);
            }
        }
        // Among 150 pauses, full jitter rarely draws the same millisecond twice.
        assert!(pauses.len() > 75, "{pauses:?}");
        let longest = pauses.last().unwrap();
        assert!(*longest > Duration::from_secs(1), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_server_asks() {
        let outcome = |number| {
            if number == 1 { answer(429, Some(2)) } else { answer(200, None) }
        };
        let (begun, _) = run_with(&POLICY, outcome).await;
        assert_eq!(begun, [Duration::ZERO, Duration::from_secs(2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_if_the_pause_is_too_long() {
        for seconds in [30, 31, u64::MAX] {
            let started = Instant::now();
            let (begun, end) = run_with(&POLICY, |_| answer(429, Some(seconds))).await;
            assert_eq!((begun.len(), status(&end)), (1, 429));
            assert_eq!(started.elapsed(), Duration::ZERO);
        }
        let started = Instant::now();
        let (begun, end) = run_with(&POLICY, |_| answer(429, Some(16))).await;
        assert_eq!((begun.len(), status(&end)), (2, 429));
        assert_eq!(started.elapsed(), Duration::from_secs(16));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_times_out() {
        let silence = std::future::pending::<Outcome>;
        for (policy, seconds) in [
            (RetryPolicy { retries: 0, ..POLICY }, 10),
            (RetryPolicy { retries: 1, backoff: Duration::ZERO, ..POLICY }, 20),
            (POLICY, 30),
            (RetryPolicy { timeout: Duration::MAX, ..POLICY }, 30),
            (
                RetryPolicy {
                    deadline: Duration::MAX,
                    retries: 4,
                    backoff: Duration::ZERO,
                    ..POLICY
                },
                50,
            ),
        ] {
            let started = Instant::now();
            let end = run(&policy, &request(), silence).await;
            assert_eq!(end.err().unwrap().kind(), TransportErrorKind::Timeout);
            assert_eq!(started.elapsed().as_secs(), seconds);
        }
    }

    #[test]
    fn no_setting_overflows() {
        let policy = RetryPolicy { backoff: Duration::MAX, deadline: Duration::MAX, ..POLICY };
        for attempt in [0, 1, 2, 33, u32::MAX] {
            assert!(policy.pause(attempt) <= Duration::MAX);
            assert_eq!(policy.ceiling(attempt), Duration::MAX);
        }
    }
}
