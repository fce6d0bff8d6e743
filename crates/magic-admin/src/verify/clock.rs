use core::fmt::Debug;
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::types::UnixSeconds;

/// Where a [`Verifier`](crate::Verifier) takes the time from.
///
/// [`SystemClock`] unless set; tests set their own.
pub trait Clock: Debug + Send + Sync {
    /// The current time. Must not block: it is read for every token.
    fn now(&self) -> UnixSeconds;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixSeconds {
        (**self).now()
    }
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is broken; at the end of time every token is refused as expired.
        let seconds = since_epoch.map_or(u64::MAX, |duration| duration.as_secs());
        UnixSeconds::new(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}
