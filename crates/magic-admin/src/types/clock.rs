use std::{fmt::Debug, sync::Arc, time::Duration};

use super::UnixSeconds;

/// A source of the current time.
///
/// Everything that reads the time uses [`SystemClock`](crate::SystemClock) unless you set another
/// clock. Implement this trait for tests and for `wasm32-unknown-unknown`, which has no system
/// clock:
///
/// ```
/// use magic_admin::{Audience, Clock, UnixSeconds, Verifier};
///
/// #[derive(Debug)]
/// struct Fixed(i64);
///
/// impl Clock for Fixed {
///     fn now(&self) -> UnixSeconds {
///         UnixSeconds::new(self.0)
///     }
/// }
///
/// let audience = Audience::new("client-id")?;
/// let verifier = Verifier::builder_with_clock(audience, Fixed(1_700_000_000)).build();
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
pub trait Clock: Debug + Send + Sync {
    /// Returns the current time. Must not block, because it is called for every token.
    fn now(&self) -> UnixSeconds;

    /// Returns the time left until `second` is over, that is, until `now` returns a later time.
    ///
    /// The default implementation counts in whole seconds, so its result may be up to a second too
    /// long.
    fn time_until_after(&self, second: UnixSeconds) -> Duration {
        second.saturating_add(Duration::from_secs(1)).saturating_since(self.now())
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixSeconds {
        (**self).now()
    }

    fn time_until_after(&self, second: UnixSeconds) -> Duration {
        (**self).time_until_after(second)
    }
}

/// The clock of the operating system.
///
/// Not available on `wasm32-unknown-unknown`, where reading the system time would panic.
///
/// # Examples
///
/// ```
/// use magic_admin::{Clock, SystemClock, UnixSeconds};
///
/// assert!(SystemClock::default().now() > UnixSeconds::new(1_700_000_000));
/// ```
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        std::time::SystemTime::now().into()
    }

    fn time_until_after(&self, second: UnixSeconds) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = std::time::SystemTime::now();
        let end = second.saturating_add(Duration::from_secs(1));
        let whole = end.saturating_since(now.into());
        let passed =
            now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        whole.saturating_sub(Duration::from_nanos(passed.into()))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
impl UnixSeconds {
    /// Returns the current time of the operating system.
    ///
    /// Not available on `wasm32-unknown-unknown`, which has no system clock.
    #[must_use]
    pub fn now() -> Self {
        SystemClock.now()
    }
}
