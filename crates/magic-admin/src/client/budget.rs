use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A budget of calls per minute, whose last tenth is reserved for logouts.
///
/// Anyone can sign tokens with their own key, and each sign-in costs a call. Without a budget,
/// sign-ins could use up the rate limit that Magic grants the application, and then nobody could
/// log out.
pub(super) struct CallBudget {
    calls_per_minute: usize,
    /// The start times of the calls of the last minute, oldest first.
    begun: Mutex<VecDeque<Instant>>,
}

impl CallBudget {
    pub(super) const fn new(calls_per_minute: usize) -> Self {
        Self { calls_per_minute, begun: Mutex::new(VecDeque::new()) }
    }

    pub(super) const fn calls_per_minute(&self) -> usize {
        self.calls_per_minute
    }

    /// Takes a call from the budget. A call with precedence is always allowed.
    ///
    /// # Errors
    ///
    /// Returns how long to wait if the budget is exhausted.
    pub(super) fn take(&self, has_precedence: bool) -> Result<(), Duration> {
        let now = Instant::now();
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while begun.front().is_some_and(|call| now.duration_since(*call) >= MINUTE) {
            begun.pop_front();
        }
        let limit = self.calls_per_minute - self.calls_per_minute / 10;
        if !has_precedence && begun.len() >= limit {
            // The budget allows a call again once enough of the older ones are a minute old.
            let first = begun.get(begun.len() - limit).copied().unwrap_or(now);
            return Err((first + MINUTE).saturating_duration_since(now));
        }
        // Logouts beyond the budget need no record.
        if begun.len() < self.calls_per_minute {
            begun.push_back(now);
        }
        Ok(())
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn reserves_a_tenth_for_urgent_calls() {
        let budget = CallBudget::new(10);
        assert_eq!(budget.take(false), Ok(()));
        tokio::time::advance(Duration::from_secs(20)).await;
        for _ in 1..9 {
            assert_eq!(budget.take(false), Ok(()));
        }
        assert_eq!(budget.take(false), Err(Duration::from_secs(40)));
        for _ in 0..100 {
            assert_eq!(budget.take(true), Ok(()));
        }
        // Ten calls are on record: two have to pass before the next one may.
        assert_eq!(budget.take(false), Err(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(budget.take(false).is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(budget.take(false), Ok(()));
    }
}
