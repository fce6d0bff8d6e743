use std::{sync::Arc, time::Duration};

use super::{RevocationList, RevocationStore, shared::Shared};
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use crate::types::SystemClock;
use crate::{metrics, types::Clock};

impl RevocationList {
    /// Creates a list with the defaults, which ends with the process.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    #[must_use]
    pub fn in_memory() -> Self {
        Self::builder().build()
    }

    /// Starts from the defaults: 24 h of retention, room for a million entries, the system's
    /// clock.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub fn builder() -> RevocationListBuilder {
        Self::builder_with_clock(SystemClock)
    }

    /// Starts from the defaults, with this clock.
    pub fn builder_with_clock(clock: impl Clock + 'static) -> RevocationListBuilder {
        RevocationListBuilder {
            retention: Duration::from_secs(24 * 60 * 60),
            issued_at_grace: Duration::from_secs(300),
            capacity: 1_000_000,
            clock: Arc::new(clock),
            store: None,
        }
    }
}

/// Settings of a [`RevocationList`].
///
/// Created by [`RevocationList::builder`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct RevocationListBuilder {
    pub(super) retention: Duration,
    issued_at_grace: Duration,
    capacity: usize,
    pub(super) clock: Arc<dyn Clock>,
    store: Option<Arc<dyn RevocationStore>>,
}

impl RevocationListBuilder {
    /// Sets how long entries are kept, and how old (`iat`) a token or session may be. Default: 24 h.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::RevocationList;
    ///
    /// // Sessions live for 30 days, and a logout has to end them for as long.
    /// let list = RevocationList::builder().retention(Duration::from_secs(30 * 24 * 3_600)).build();
    /// ```
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how far in the future a token may have been issued (`iat`). Default: 300 s.
    pub fn issued_at_grace(mut self, grace: Duration) -> Self {
        self.issued_at_grace = grace;
        self
    }

    /// Sets the maximum number of entries, of about 140 bytes each. Default: 1,000,000.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::RevocationList;
    ///
    /// // About 14 MB at most.
    /// let list = RevocationList::builder().capacity(100_000).build();
    /// ```
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries.max(1);
        self
    }

    /// Sets the source of the current time.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the store that entries are written to. Default: none.
    pub fn store(mut self, store: impl RevocationStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Builds the list.
    #[must_use]
    pub fn build(self) -> RevocationList {
        let Self { retention, issued_at_grace, capacity, clock, store } = self;
        let shared = Shared::new(capacity, retention, issued_at_grace, clock, store);
        let shared = Arc::new(shared);
        metrics::watch(&shared);
        RevocationList { shared }
    }
}
