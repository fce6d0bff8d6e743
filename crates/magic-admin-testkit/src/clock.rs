use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use magic_admin::{Clock, UnixSeconds};

/// A clock that stands still until a test moves it.
///
/// All clones share the same time. Pass a clone to the [`Mint`](crate::Mint) or the
/// [`FakeMagic`](crate::FakeMagic), whose verifiers use the same clock, and keep one to move:
///
/// ```
/// use magic_admin::VerifyErrorKind;
/// use magic_admin_testkit::{Mint, SettableClock, TestUser};
///
/// let clock = SettableClock::at(1_700_000_000);
/// let mint = Mint::new("my-client-id").with_clock(clock.clone());
/// let verifier = mint.verifier();
/// let token = mint.token(&TestUser::from_seed(1));
///
/// clock.advance(900);
/// assert!(verifier.verify(&token).is_ok());
/// clock.advance(1);
/// assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::Expired);
/// ```
#[derive(Clone, Debug)]
pub struct SettableClock {
    seconds: Arc<AtomicI64>,
}

impl SettableClock {
    /// Creates a clock that shows the given time, in seconds since the Unix epoch.
    #[must_use]
    pub fn at(unix_seconds: i64) -> Self {
        Self { seconds: Arc::new(AtomicI64::new(unix_seconds)) }
    }

    /// Sets the time of this clock and all its clones, in seconds since the Unix epoch.
    pub fn set(&self, unix_seconds: i64) {
        self.seconds.store(unix_seconds, Ordering::SeqCst);
    }

    /// Moves this clock and all its clones by `seconds`, or backwards if negative. Wraps around at
    /// the bounds of `i64`.
    pub fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.seconds.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_show_the_same_time() {
        let clock = SettableClock::at(100);
        let other = clock.clone();
        assert_eq!(other.now(), UnixSeconds::new(100));
        clock.advance(-30);
        assert_eq!(other.now(), UnixSeconds::new(70));
        other.set(5);
        assert_eq!(clock.now(), UnixSeconds::new(5));
    }
}
