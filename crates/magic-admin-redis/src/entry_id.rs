use std::{fmt, str::FromStr};

/// The name of an entry of the stream: the time at which Redis took it, in milliseconds since the
/// Unix epoch, and a number within it. Later entries have greater names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    milliseconds: u64,
    sequence: u64,
}

impl EntryId {
    /// Before all entries.
    pub(crate) const START: Self = Self { milliseconds: 0, sequence: 0 };

    /// Returns the first name after this one.
    pub(crate) const fn next(self) -> Self {
        match self.sequence.checked_add(1) {
            Some(sequence) => Self { milliseconds: self.milliseconds, sequence },
            None => Self { milliseconds: self.milliseconds.saturating_add(1), sequence: 0 },
        }
    }

    /// When Redis took the entry, in milliseconds since the Unix epoch, by the clock of Redis.
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

impl FromStr for EntryId {
    type Err = ParseEntryIdError;

    fn from_str(text: &str) -> Result<Self, ParseEntryIdError> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok())?
        };
        let (milliseconds, sequence) = text.split_once('-').ok_or(ParseEntryIdError(()))?;
        let parsed = number(milliseconds).zip(number(sequence));
        let (milliseconds, sequence) = parsed.ok_or(ParseEntryIdError(()))?;
        Ok(Self { milliseconds, sequence })
    }
}

/// The text is not the name of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseEntryIdError(());

impl fmt::Display for ParseEntryIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a stream's entry")
    }
}

impl std::error::Error for ParseEntryIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_numbers_and_round_trip() {
        let names = ["0-0", "9-10", "10-9", "10-18446744073709551615"];
        let ids: Vec<EntryId> = names.iter().map(|name| name.parse().unwrap()).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().zip(names).all(|(id, name)| id.to_string() == name));
        assert_eq!(ids.first(), Some(&EntryId::START));
    }

    #[test]
    fn refuses_what_redis_does_not_write() {
        for text in ["", "-", "5", "5-", "-5", "+5-1", "5-1-1", "5-x", "18446744073709551616-0"] {
            assert!(text.parse::<EntryId>().is_err(), "{text}");
        }
    }
}
