use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z, not counting leap seconds.
///
/// All arithmetic saturates at the bounds of `i64`, so no timestamp in a token can cause an
/// overflow.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::UnixSeconds;
///
/// let issued_at = UnixSeconds::new(1_700_000_000);
/// let expires_at = issued_at.saturating_add(Duration::from_secs(900));
/// assert!(issued_at < expires_at);
/// assert_eq!(expires_at.saturating_since(issued_at), Duration::from_secs(900));
/// assert_eq!(issued_at.saturating_since(expires_at), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(i64);

impl UnixSeconds {
    /// Creates a time `seconds` after the epoch, or before it if negative.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the number of seconds since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Adds `duration`, ignoring fractions of a second.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// Subtracts `duration`, ignoring fractions of a second.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_secs()))
    }

    /// Returns the time elapsed since `earlier`, or zero if `earlier` is later.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        Duration::from_secs(self.0.abs_diff(earlier.0))
    }
}

impl From<SystemTime> for UnixSeconds {
    /// Rounds down to a whole second. A time before 1970 can only come from a broken clock, so it
    /// is converted to the latest possible time, and every token is rejected as expired.
    fn from(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs());
        Self(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl From<i64> for UnixSeconds {
    fn from(seconds: i64) -> Self {
        Self(seconds)
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let (min, max) = (UnixSeconds::new(i64::MIN), UnixSeconds::new(i64::MAX));
        assert_eq!(max.saturating_add(Duration::from_secs(1)), max);
        assert_eq!(min.saturating_sub(Duration::MAX), min);
        assert_eq!(min.saturating_add(Duration::MAX), max);
        assert_eq!(max.saturating_since(min), Duration::from_secs(u64::MAX));
        assert_eq!(min.saturating_since(max), Duration::ZERO);
    }

    #[test]
    fn ignores_fractions_of_a_second() {
        let time = UnixSeconds::new(10);
        assert_eq!(time.saturating_add(Duration::from_millis(1_999)).get(), 11);
        assert_eq!(time.saturating_sub(Duration::from_millis(1_999)).get(), 9);
    }
}
