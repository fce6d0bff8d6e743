use std::{sync::Arc, time::Duration};

use super::{RevocationList, RevocationStore, shared::Shared};
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use crate::types::SystemClock;
use crate::{metrics, types::Clock};

impl RevocationList {
    /// Creates an in-memory list with the default settings. Its entries are lost when the process
    /// ends.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    #[must_use]
    pub fn in_memory() -> Self {
        Self::builder().build()
    }

    /// Returns a builder with the defaults: a retention window of 24 h, room for 1,000,000 entries,
    /// and the system clock.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub fn builder() -> RevocationListBuilder {
        Self::builder_with_clock(SystemClock)
    }

    /// Returns a builder with the defaults, except that it reads the time from `clock`.
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

/// Builder for a [`RevocationList`].
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
    /// Sets the retention window: how long entries are kept, and how old a token (by its `iat`) or
    /// a session may be.
    ///
    /// The default is 24 h.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::RevocationList;
    ///
    /// // Sessions last for 30 days, so a logout has to be remembered for as long.
    /// let list = RevocationList::builder().retention(Duration::from_secs(30 * 24 * 3_600)).build();
    /// ```
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how far in the future the `iat` of a token may be. The default is 300 s.
    pub fn issued_at_grace(mut self, grace: Duration) -> Self {
        self.issued_at_grace = grace;
        self
    }

    /// Sets the maximum number of entries, each of which takes about 140 bytes. The default is
    /// 1,000,000.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::RevocationList;
    ///
    /// // At most about 14 MB.
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

    /// Sets the store to which entries are written. By default there is none.
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
