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
    /// Starts from the default settings.
    pub fn builder(server: RedisConfig) -> RedisRevocationsBuilder {
        RedisRevocationsBuilder::new(server)
    }
}

/// Settings of [`RedisRevocations`]: [`RedisRevocations::builder`].
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

    /// The settings of the list: retention, capacity. Its store is the stream; one that is set
    /// here is not used.
    pub fn list(mut self, list: RevocationListBuilder) -> Self {
        self.list = list;
        self
    }

    /// Where the time comes from, for the list too: the system's clock unless set. To be the
    /// verifiers' clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long the list may go without knowing whether it has everything, before verifiers refuse
    /// all tokens as unavailable: 30 s unless set, 2 s at least. The same on all servers.
    ///
    /// The server asks Redis ten times in this time, but once a second at least.
    pub fn staleness_bound(mut self, bound: Duration) -> Self {
        self.bound = bound.max(SHORTEST_BOUND);
        self
    }

    /// Goes on with what is known when the bound has passed, instead of refusing everything:
    /// **tokens that were logged out on other servers are accepted while Redis is away**.
    pub fn dangerous_accept_when_stale(mut self) -> Self {
        self.accept_when_stale = true;
        self
    }

    /// Starts following. Until everything in the stream was read, verifiers refuse all tokens as
    /// unavailable; [`ready`](RedisRevocations::ready) waits for it.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] outside a Tokio runtime: it starts a task. Whether Redis can be reached
    /// plays no part.
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

/// Times of the list have whole seconds.
const SHORTEST_BOUND: Duration = Duration::from_secs(2);

const LONGEST_POLL: Duration = Duration::from_secs(1);
