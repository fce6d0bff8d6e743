use std::{
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};

use magic_admin::{Clock, SystemClock, UnixSeconds};

/// Escapes control characters, so that untrusted text can neither move the cursor of a terminal nor start a
/// new line.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Formats a time as `2023-11-14T22:13:20Z`; returns `None` if it cannot be expressed as a date.
pub(crate) fn date(time: UnixSeconds) -> Option<String> {
    let seconds = u64::try_from(time.get()).ok()?;
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    // The formatter fails for years from 10000 on.
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(time)).ok()?;
    Some(text)
}

/// Formats a time as `1700000000 (2023-11-14T22:13:20Z, 3h 2m ago)`, relative to now.
pub(crate) fn moment(time: UnixSeconds) -> String {
    let now = SystemClock::default().now();
    let relative = if time > now {
        format!("in {}", humantime::format_duration(time.saturating_since(now)))
    } else {
        format!("{} ago", humantime::format_duration(now.saturating_since(time)))
    };
    match date(time) {
        Some(date) => format!("{time} ({date}, {relative})"),
        None => time.to_string(),
    }
}

/// Returns `true` for characters that change the direction of text, or that some programs treat as a line
/// break.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[2J\nb\u{202e}é"), "a\\u{1b}[2J\\nb\\u{202e}é");
    }

    #[test]
    fn dates_are_rfc_3339() {
        let dates = [0, 1_700_000_000, 253_402_300_799].map(|time| date(UnixSeconds::new(time)));
        assert_eq!(
            dates.each_ref().map(Option::as_deref),
            [
                Some("1970-01-01T00:00:00Z"),
                Some("2023-11-14T22:13:20Z"),
                Some("9999-12-31T23:59:59Z"),
            ]
        );
        for beyond in [-1, 253_402_300_800, i64::MAX, i64::MIN] {
            assert_eq!(date(UnixSeconds::new(beyond)), None);
            assert_eq!(moment(UnixSeconds::new(beyond)), beyond.to_string());
        }
    }
}
