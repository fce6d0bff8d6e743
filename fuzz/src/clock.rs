use magic_admin::{Clock, UnixSeconds};

/// A clock that always returns the same time.
#[derive(Debug, Clone, Copy)]
pub struct StoppedClock(pub i64);

impl Clock for StoppedClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.0)
    }
}
