use std::{sync::Arc, time::Duration};

use magic_admin::{
    Clock, RevocationList, StoreError, StoreErrorKind, SystemClock,
    revocation::RevocationListBuilder,
};
use tokio::runtime::Handle;

use super::{
    follower::{Follower, Settings},
    handle::RedisRevocations,
    store::{StreamStore, Written},
};
use crate::{config::RedisConfig, link::Link};

impl RedisRevocations {
    /// Returns a builder with the default settings.
    pub fn builder(server: RedisConfig) -> RedisRevocationsBuilder {
        RedisRevocationsBuilder::new(server)
    }
}

/// Builder for [`RedisRevocations`].
///
/// Created by [`RedisRevocations::builder`].
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// use magic_admin::RevocationList;
/// use magic_admin_redis::{RedisConfig, RedisRevocations};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let revocations = RedisRevocations::builder(RedisConfig::new("redis://127.0.0.1:6379")?)
///     .list(RevocationList::builder().retention(Duration::from_secs(3_600)))
///     .staleness_bound(Duration::from_secs(10))
///     .start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "call `start`"]
pub struct RedisRevocationsBuilder {
    server: RedisConfig,
    list: RevocationListBuilder,
    clock: Arc<dyn Clock>,
    bound: Duration,
    accept_when_stale: bool,
}

impl RedisRevocationsBuilder {
    fn new(server: RedisConfig) -> Self {
        Self {
            server,
            list: RevocationList::builder(),
            clock: Arc::new(SystemClock::default()),
            bound: Duration::from_secs(30),
            accept_when_stale: false,
        }
    }

    /// Sets the settings of the list, such as its retention and capacity.
    ///
    /// The list always writes to the stream; a store set here is ignored.
    pub fn list(mut self, list: RevocationListBuilder) -> Self {
        self.list = list;
        self
    }

    /// Sets the source of the current time, which the list uses, too.
    ///
    /// The default is the system clock. Use the same clock as the verifiers.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets how long the list may be out of sync before verifiers reject every token as
    /// unavailable.
    ///
    /// The default is 30 s, and the minimum is 2 s. Use the same value on all servers.
    ///
    /// The server polls Redis ten times within this time, but at least once a second.
    pub fn staleness_bound(mut self, bound: Duration) -> Self {
        self.bound = bound.max(SHORTEST_BOUND);
        self
    }

    /// Keeps accepting tokens after the staleness bound: **tokens of users who logged out on other
    /// servers are accepted while Redis is unreachable**.
    pub fn dangerous_accept_when_stale(mut self) -> Self {
        self.accept_when_stale = true;
        self
    }

    /// Starts following the stream in a background task.
    ///
    /// Until the whole stream has been read, verifiers reject every token as unavailable. Call
    /// [`ready`](RedisRevocations::ready) to wait for that.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if called outside a Tokio runtime. It does not fail if Redis is
    /// unreachable; the task keeps trying to connect.
    pub fn start(self) -> Result<RedisRevocations, StoreError> {
        let runtime = Handle::try_current().map_err(|error| {
            StoreError::new(StoreErrorKind::Refused, "revocations in Redis need a Tokio runtime")
                .with_source(error)
        })?;
        let written = Arc::new(Written::default());
        let store =
            StreamStore { link: Link::new(self.server.clone()), written: Arc::clone(&written) };
        let list = self.list.clock(Arc::clone(&self.clock)).store(store).build();
        list.suspend();
        let settings = Settings {
            bound: self.bound,
            poll_every: (self.bound / 10).min(LONGEST_POLL),
            accept_when_stale: self.accept_when_stale,
        };
        let follower = Follower::new(self.server, list.clone(), self.clock, settings, written);
        Ok(RedisRevocations::start(&runtime, list, follower))
    }
}

/// The list measures time in whole seconds.
const SHORTEST_BOUND: Duration = Duration::from_secs(2);

const LONGEST_POLL: Duration = Duration::from_secs(1);
