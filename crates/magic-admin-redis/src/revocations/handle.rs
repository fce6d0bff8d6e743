use std::fmt;

use magic_admin::{RevocationList, StoreError, StoreErrorKind};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use super::{follower::Follower, health::Health};

/// A [`RevocationList`] that all servers of an application share: a stream in Redis, which this
/// server appends to and follows. Looking a token up stays in the process.
///
/// A background task belongs to this handle: keep it as long as the list is used. When it is
/// dropped, the task stops, and the list refuses everything once the staleness bound has passed.
///
/// ```no_run
/// use magic_admin::Magic;
/// use magic_admin_redis::{RedisRevocations, RedisConfig};
///
/// # async fn run(magic: magic_admin::MagicBuilder) -> Result<(), Box<dyn std::error::Error>> {
/// let server = RedisConfig::new("redis://127.0.0.1:6379")?.with_key_prefix("shop");
/// let revocations = RedisRevocations::builder(server).start()?;
/// revocations.ready().await?; // or serve at once, and answer 503 until then
///
/// let magic = magic.verifier(|verifier| verifier.revocations(revocations.list().clone())).build()?;
/// // … serve …
/// revocations.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// | when | then |
/// |---|---|
/// | it starts | everything in the stream is read before anything is accepted |
/// | Redis cannot be reached | the server goes on with what it knows; logouts fail (503), but hold on this server and are written later |
/// | Redis rejects writes | the same, and the servers go on following |
/// | for longer than the staleness bound | everything is refused as unavailable (503), unless [`dangerous_accept_when_stale`](crate::RedisRevocationsBuilder::dangerous_accept_when_stale) |
/// | Redis is back | it reads on where it was |
/// | Redis lost its data | it is noticed within a second, and every server writes what the stream lacks |
/// | an entry is older than the retention window and an hour | it is removed from the stream |
#[must_use = "the list is followed as long as this is kept"]
pub struct RedisRevocations {
    list: RevocationList,
    health: watch::Receiver<Health>,
    /// Dropped, or used, to stop the task.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), StoreError>>,
}

impl RedisRevocations {
    pub(super) fn start(runtime: &Handle, list: RevocationList, follower: Follower) -> Self {
        let health = follower.health();
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(follower.run(stopped));
        Self { list, health, stop: Some(stop), task }
    }

    /// Returns the list, for
    /// [`VerifierBuilder::revocations`](magic_admin::VerifierBuilder::revocations).
    #[must_use]
    pub fn list(&self) -> &RevocationList {
        &self.list
    }

    /// How well it follows, now.
    #[must_use]
    pub fn health(&self) -> Health {
        *self.health.borrow()
    }

    /// Waits until everything in the stream was read once. It has no time-out of its own.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] when the task ended before.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut health = self.health.clone();
        match health.wait_for(|health| health.contact.is_some()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Unreachable,
                "the stream of revocations is not followed any more",
            )),
        }
    }

    /// Stops following, and writes the revocations that Redis has not taken so far.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when some of them could not be written: only this process knows them,
    /// and another one accepts the tokens that they revoke.
    pub async fn shutdown(mut self) -> Result<(), StoreError> {
        self.stop.take();
        (&mut self.task).await.unwrap_or_else(|error| {
            Err(StoreError::new(StoreErrorKind::Unreachable, "following the revocations failed")
                .with_source(error))
        })
    }
}

impl Drop for RedisRevocations {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations")
            .field("list", &self.list)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
