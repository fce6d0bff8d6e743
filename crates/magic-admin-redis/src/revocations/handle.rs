use std::fmt;

use magic_admin::{RevocationList, StoreError, StoreErrorKind};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use super::{follower::Follower, health::Health};

/// A [`RevocationList`] shared by all servers of an application through a stream in Redis.
///
/// Each server appends its own revocations to the stream and follows those of the others in a
/// background task. Lookups are local to the process. Keep this handle for as long as the list is
/// in use. If it is dropped, the task stops, and the list rejects every token after the staleness
/// bound.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::Magic;
/// use magic_admin_redis::{RedisRevocations, RedisConfig};
///
/// # async fn run(magic: magic_admin::MagicBuilder) -> Result<(), Box<dyn std::error::Error>> {
/// let server = RedisConfig::new("redis://127.0.0.1:6379")?.with_key_prefix("shop");
/// let revocations = RedisRevocations::builder(server).start()?;
/// revocations.ready().await?; // or serve right away, with a 503 until then
///
/// let magic = magic.verifier(|verifier| verifier.revocations(revocations.list().clone())).build()?;
/// // … serve …
/// revocations.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// | event | effect |
/// |---|---|
/// | the server starts | every token is rejected until the whole stream has been read |
/// | Redis is unreachable | the server keeps using the entries it knows; a logout fails (503), but takes effect on this server and is written to Redis later |
/// | Redis rejects writes | the same, but the servers stay in sync with each other |
/// | out of sync for longer than the staleness bound | every token is rejected as unavailable (503), unless [`dangerous_accept_when_stale`](crate::RedisRevocationsBuilder::dangerous_accept_when_stale) is set |
/// | Redis is reachable again | the server resumes where it left off |
/// | Redis lost its data | the servers notice within a second and restore every revocation that any of them still knows |
/// | an entry is older than the retention window plus one hour | it is removed from the stream |
#[must_use = "the list is kept in sync only while this handle exists"]
pub struct RedisRevocations {
    list: RevocationList,
    health: watch::Receiver<Health>,
    /// Dropped or used to stop the task.
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

    /// Returns the list, to be passed to
    /// [`VerifierBuilder::revocations`](magic_admin::VerifierBuilder::revocations).
    #[must_use]
    pub fn list(&self) -> &RevocationList {
        &self.list
    }

    /// Returns the sync state of this server.
    #[must_use]
    pub fn health(&self) -> Health {
        *self.health.borrow()
    }

    /// Waits until the whole stream has been read once. This method has no time-out.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the background task has ended.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut health = self.health.clone();
        match health.wait_for(|health| health.contact.is_some()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Unreachable,
                "the stream of revocations is no longer followed",
            )),
        }
    }

    /// Stops following the stream, and writes the revocations that Redis has not yet accepted.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if some of them cannot be written. In that case no other server
    /// knows about them, so the other servers keep accepting the tokens that they revoke.
    pub async fn shutdown(mut self) -> Result<(), StoreError> {
        self.stop.take();
        (&mut self.task).await.unwrap_or_else(|error| {
            Err(StoreError::new(
                StoreErrorKind::Unreachable,
                "the background task that follows the revocations failed",
            )
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
