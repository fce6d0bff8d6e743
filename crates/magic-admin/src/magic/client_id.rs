use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};

use crate::{
    client::{ApiError, Client},
    verify::{Audience, Checks, Verifier, VerifierId, VerifyError},
};

/// The longest that a request waits for the client id.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long a failed fetch is not repeated, and what clients are told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A verifier that comes into being when the client id is known.
///
/// All waiting requests share one fetch. It runs in a task of its own, so it survives the request
/// that started it.
#[derive(Clone)]
pub(super) struct LazyVerifier {
    shared: Arc<Shared>,
}

struct Shared {
    /// The identity of the verifier to be: of the `Magic` that it belongs to.
    id: VerifierId,
    checks: Checks,
    verifier: OnceLock<Verifier>,
    fetch: Mutex<Fetch>,
}

enum Fetch {
    Idle,
    Running(watch::Receiver<Outcome>),
    Failed { at: Instant, error: Arc<ApiError> },
}

/// `None` while the fetch runs.
type Outcome = Option<Result<(), Arc<ApiError>>>;

impl LazyVerifier {
    /// One that waits for the client id, or with an audience that is known from the start.
    pub(super) fn new(checks: Checks, audience: Option<Audience>) -> Self {
        let id = VerifierId::unique();
        let verifier = OnceLock::new();
        if let Some(audience) = audience {
            verifier.get_or_init(|| Verifier::from_parts(checks.clone(), audience, id));
        }
        Self { shared: Arc::new(Shared { id, checks, verifier, fetch: Mutex::new(Fetch::Idle) }) }
    }

    pub(super) fn get(&self) -> Option<&Verifier> {
        self.shared.verifier.get()
    }

    /// Waits for the verifier; starts a fetch when none runs and none has just failed.
    pub(super) async fn wait(&self, client: &Client) -> Result<&Verifier, VerifyError> {
        let mut outcome = self.join_fetch(client)?;
        let failure = match timeout(LONGEST_WAIT, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.as_ref().and_then(|result| result.as_ref().err().cloned()),
            // Too slow, or the task ended with its runtime.
            Err(_) | Ok(Err(_)) => None,
        };
        self.get().ok_or_else(|| unavailable(failure))
    }

    fn join_fetch(&self, client: &Client) -> Result<watch::Receiver<Outcome>, VerifyError> {
        let mut fetch = self.shared.lock();
        match &*fetch {
            Fetch::Running(outcome) if outcome.has_changed().is_ok() => return Ok(outcome.clone()),
            Fetch::Failed { at, error } if at.elapsed() < RETRY_AFTER => {
                return Err(unavailable(Some(Arc::clone(error))));
            }
            Fetch::Idle | Fetch::Running(_) | Fetch::Failed { .. } => {}
        }
        // Without a runtime nothing can be fetched: an error, not the panic of `spawn`.
        let runtime = Handle::try_current().map_err(|_| unavailable(None))?;
        let (sender, outcome) = watch::channel(None);
        *fetch = Fetch::Running(outcome.clone());
        runtime.spawn(Arc::clone(&self.shared).fetch(client.clone(), sender));
        Ok(outcome)
    }
}

impl Shared {
    async fn fetch(self: Arc<Self>, client: Client, outcome: watch::Sender<Outcome>) {
        let result = match client.info().await {
            Ok(info) => {
                self.know(info.client_id());
                Ok(())
            }
            Err(error) => {
                let error = Arc::new(error);
                tracing::warn!(%error, "the client id cannot be fetched: no token is accepted");
                *self.lock() = Fetch::Failed { at: Instant::now(), error: Arc::clone(&error) };
                Err(error)
            }
        };
        outcome.send_replace(Some(result));
    }

    fn know(&self, client_id: &str) {
        // The client has refused an empty one as an error of the API.
        if let Ok(audience) = Audience::new(client_id) {
            self.verifier
                .get_or_init(|| Verifier::from_parts(self.checks.clone(), audience, self.id));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Fetch> {
        self.fetch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(source: Option<Arc<ApiError>>) -> VerifyError {
    VerifyError::unavailable(RETRY_AFTER, source.map(|error| error as _))
}
