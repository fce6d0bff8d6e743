use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};

use crate::{
    client::{ApiError, Client},
    metrics,
    types::{Audience, VerifyError},
    verify::Verifier,
};

/// Fetches the client ID and sets it as the audience of a verifier.
///
/// All waiting requests share one fetch. It runs in its own task, so it continues even if the
/// request that started it is dropped.
#[derive(Default)]
pub(super) struct ClientIdFetch {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Running(watch::Receiver<Outcome>),
    Failed {
        at: Instant,
        error: Arc<ApiError>,
    },
}

/// `None` while the fetch is running.
type Outcome = Option<Result<(), Arc<ApiError>>>;

impl ClientIdFetch {
    /// Waits until the verifier knows its audience. Starts a fetch unless one is running or has
    /// just failed.
    pub(super) async fn wait(
        &self,
        client: &Client,
        verifier: &Verifier,
    ) -> Result<(), VerifyError> {
        let mut outcome = self.join(client, verifier)?;
        match timeout(LONGEST_WAIT, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => match outcome.as_ref() {
                Some(Err(error)) => Err(unavailable(Some(Arc::clone(error)))),
                Some(Ok(())) | None => Ok(()),
            },
            // The fetch took too long, or its task ended because the runtime shut down.
            Err(_) | Ok(Err(_)) => Err(unavailable(None)),
        }
    }

    fn join(
        &self,
        client: &Client,
        verifier: &Verifier,
    ) -> Result<watch::Receiver<Outcome>, VerifyError> {
        let mut state = lock(&self.state);
        match &*state {
            State::Running(outcome) if outcome.has_changed().is_ok() => return Ok(outcome.clone()),
            State::Failed { at, error } if at.elapsed() < RETRY_AFTER => {
                return Err(unavailable(Some(Arc::clone(error))));
            }
            State::Idle | State::Running(_) | State::Failed { .. } => {}
        }
        // Without a runtime nothing can be fetched. Return an error, because `spawn` would panic.
        let runtime = Handle::try_current().map_err(|_| unavailable(None))?;
        let (sender, outcome) = watch::channel(None);
        *state = State::Running(outcome.clone());
        let fetch = fetch(Arc::clone(&self.state), client.clone(), verifier.clone());
        runtime.spawn(async move { sender.send_replace(Some(fetch.await)) });
        Ok(outcome)
    }
}

async fn fetch(
    state: Arc<Mutex<State>>,
    client: Client,
    verifier: Verifier,
) -> Result<(), Arc<ApiError>> {
    match client.info().await {
        Ok(info) => {
            metrics::client_id_fetched("ok");
            // The client has already rejected an empty client ID as an API error.
            if let Ok(audience) = Audience::new(info.client_id()) {
                verifier.set_audience(audience);
            }
            Ok(())
        }
        Err(error) => {
            metrics::client_id_fetched(error.kind().name());
            let error = Arc::new(error);
            tracing::warn!(%error, "cannot fetch the client id: no token is accepted");
            *lock(&state) = State::Failed { at: Instant::now(), error: Arc::clone(&error) };
            Err(error)
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(source: Option<Arc<ApiError>>) -> VerifyError {
    VerifyError::unavailable(RETRY_AFTER, source.map(|error| error as _))
}

/// The maximum time that a request waits for the client ID.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The time after a failed fetch before the next one, which is also the `Retry-After` for clients.
const RETRY_AFTER: Duration = Duration::from_secs(2);
