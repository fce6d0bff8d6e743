use std::fmt;

/// The ID of an entry in the stream. Later entries have greater IDs.
///
/// # Examples
///
/// ```
/// use magic_admin_redis::RedisRevocations;
///
/// /// Returns when Redis added the last entry that this server knows, in milliseconds since the
/// /// Unix epoch.
/// fn last_added(revocations: &RedisRevocations) -> u64 {
///     revocations.health().last_id().milliseconds()
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    milliseconds: u64,
    sequence: u64,
}

impl EntryId {
    /// An ID that precedes those of all entries.
    pub(crate) const START: Self = Self { milliseconds: 0, sequence: 0 };

    /// Parses the output of [`Display`](fmt::Display), which is the format of Redis. Returns `None`
    /// for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok())?
        };
        let (milliseconds, sequence) = text.split_once('-')?;
        Some(Self { milliseconds: number(milliseconds)?, sequence: number(sequence)? })
    }

    /// Returns the next possible ID.
    pub(crate) const fn next(self) -> Self {
        match self.sequence.checked_add(1) {
            Some(sequence) => Self { milliseconds: self.milliseconds, sequence },
            None => Self { milliseconds: self.milliseconds.saturating_add(1), sequence: 0 },
        }
    }

    /// Returns the time at which Redis added the entry, in milliseconds since the Unix epoch,
    /// according to the clock of Redis.
    #[must_use]
    pub const fn milliseconds(&self) -> u64 {
        self.milliseconds
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_numerically_and_round_trip() {
        let texts = ["0-0", "9-10", "10-9", "10-18446744073709551615"];
        let ids: Vec<_> = texts.iter().map(|text| EntryId::parse(text).unwrap()).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().zip(texts).all(|(id, text)| id.to_string() == text));
        assert_eq!(ids.first(), Some(&EntryId::START));
    }

    #[test]
    fn rejects_malformed_ids() {
        for text in ["", "-", "5", "5-", "-5", "+5-1", "5-1-1", "5-x", "18446744073709551616-0"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }
}
