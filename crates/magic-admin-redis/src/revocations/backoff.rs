use std::time::Duration;

/// The time to wait before the next attempt. It grows with each attempt and is random, so that servers do
/// not reconnect together.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(longest: Duration) -> Self {
        Self { next: FIRST.min(longest), longest }
    }

    pub(super) fn reset(&mut self) {
        self.next = FIRST.min(self.longest);
    }

    /// Returns a random time between half of the current limit and all of it.
    pub(super) fn wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

const FIRST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_start_again() {
        let mut backoff = Backoff::new(Duration::from_millis(180));
        for whole in [50, 100, 180, 180] {
            let wait = backoff.wait();
            let whole = Duration::from_millis(whole);
            assert!(whole / 2 <= wait && wait <= whole, "{wait:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.wait() <= FIRST);
    }
}
