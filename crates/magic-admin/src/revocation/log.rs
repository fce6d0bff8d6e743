//! The line format of a revocation file. A line holds either an entry or the time since which the
//! file is complete, followed by a checksum.

use std::{collections::BTreeMap, io};

use sha3::{Digest, Keccak256};

use super::Revocation;
use crate::types::UnixSeconds;

/// The parsed contents of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Contents {
    pub(super) revocations: Vec<Revocation>,
    /// Compaction may have dropped entries about tokens and sessions from before this time.
    pub(super) complete_from: UnixSeconds,
    /// The number of valid bytes. They may be followed by an incomplete line, left by a crash
    /// during the last write.
    pub(super) good: usize,
}

/// Returns the line for an entry.
pub(super) fn line(revocation: &Revocation) -> String {
    with_checksum(&revocation.to_string())
}

/// Parses the contents of a file.
///
/// # Errors
///
/// Returns an error if a complete line cannot be parsed, which means damage rather than a torn
/// write.
pub(super) fn read(contents: &[u8]) -> io::Result<Contents> {
    let mut read =
        Contents { revocations: Vec::new(), complete_from: UnixSeconds::new(i64::MIN), good: 0 };
    let lines = contents.split_inclusive(|byte| *byte == b'\n');
    for (index, line) in lines.enumerate().filter(|(_, line)| line.ends_with(b"\n")) {
        match parse(line) {
            Some(Line::Entry(revocation)) => read.revocations.push(revocation),
            Some(Line::CompleteFrom(time)) => read.complete_from = read.complete_from.max(time),
            None => {
                let number = index + 1;
                let message = format!(
                    "line {number} is damaged: restore the file, or remove it and accept that tokens revoked in the past are valid again"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        read.good += line.len();
    }
    Ok(read)
}

/// Returns the contents of a compacted file: the time since which it is complete, and the entries
/// that are still needed.
pub(super) fn compacted(contents: &Contents, forget_before: UnixSeconds) -> String {
    let complete_from = contents.complete_from.max(forget_before);
    let mut text = with_checksum(&format!("{COMPLETE} {complete_from}"));
    text.extend(latest(&contents.revocations, forget_before).iter().map(line));
    text
}

/// Returns the latest entry for each issuer and token, leaving out those that concern only tokens
/// too old to be accepted.
pub(super) fn latest(revocations: &[Revocation], forget_before: UnixSeconds) -> Vec<Revocation> {
    let mut latest = BTreeMap::new();
    for revocation in revocations {
        let time = revocation.concerns_until();
        if time < forget_before {
            continue;
        }
        let about = match *revocation {
            Revocation::Everybody { .. } => (None, None),
            Revocation::Issuer { issuer, .. } => (Some(issuer), None),
            Revocation::Token { issuer, token, .. } => (Some(issuer), Some(token)),
        };
        let known = latest.entry(about).or_insert(*revocation);
        if known.concerns_until() < time {
            *known = *revocation;
        }
    }
    latest.into_values().collect()
}

enum Line {
    Entry(Revocation),
    CompleteFrom(UnixSeconds),
}

fn parse(line: &[u8]) -> Option<Line> {
    let (text, sum) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
    if sum != checksum(text) {
        return None;
    }
    match text.strip_prefix(COMPLETE).and_then(|rest| rest.strip_prefix(' ')) {
        Some(time) => time.parse().ok().map(|time| Line::CompleteFrom(UnixSeconds::new(time))),
        None => text.parse().ok().map(Line::Entry),
    }
}

fn with_checksum(text: &str) -> String {
    format!("{text} {}\n", checksum(text))
}

/// Detects incomplete lines. It does not protect against tampering.
fn checksum(text: &str) -> String {
    let hash: [u8; 32] = Keccak256::digest(text).into();
    let [first, second, third, fourth, ..] = hash;
    const_hex::encode([first, second, third, fourth])
}

/// The first word of the line with the time since which a file is complete.
const COMPLETE: &str = "complete";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Address, Issuer};
    use crate::verified::Fingerprint;

    fn issuer(byte: u8, at: i64) -> Revocation {
        let issuer = Issuer::from(Address::from_bytes([byte; 20]));
        Revocation::Issuer { issuer, at: UnixSeconds::new(at) }
    }

    #[test]
    fn only_a_torn_last_line_is_dropped() {
        let whole = [issuer(1, 5), issuer(2, 6), issuer(3, 7)];
        let lines = whole.map(|revocation| line(&revocation));
        let contents = lines.concat();
        let two = lines[0].len() + lines[1].len();
        for end in two..contents.len() {
            let read = read(&contents.as_bytes()[..end]).unwrap();
            assert_eq!((read.revocations.as_slice(), read.good), (&whole[..2], two), "{end}");
        }
        let read = read(contents.as_bytes()).unwrap();
        assert_eq!((read.revocations.as_slice(), read.good), (&whole[..], contents.len()));
    }

    #[test]
    fn damaged_lines_are_an_error() {
        let contents = format!("{}{}", line(&issuer(1, 5)), line(&issuer(2, 6)));
        for position in 0..line(&issuer(1, 5)).len() {
            let mut damaged = contents.clone().into_bytes();
            damaged[position] ^= 1;
            assert!(read(&damaged).is_err(), "{position}");
        }
    }

    #[test]
    fn compaction_keeps_the_latest_entries() {
        let everybody = |at| Revocation::Everybody { at: UnixSeconds::new(at) };
        let token = |byte| Revocation::Token {
            issuer: Issuer::from(Address::from_bytes([1; 20])),
            token: Fingerprint::from_bytes([byte; 32]),
            issued_at: UnixSeconds::new(8),
        };
        let all = [
            issuer(1, 5),
            issuer(1, 9),
            issuer(1, 7),
            issuer(2, 3),
            issuer(3, 4),
            everybody(4),
            everybody(6),
            token(1),
            token(2),
            token(1),
        ];
        let kept = [everybody(6), issuer(1, 9), token(1), token(2), issuer(3, 4)];
        assert_eq!(latest(&all, UnixSeconds::new(4)), kept);
    }

    #[test]
    fn compaction_records_completeness() {
        let at = UnixSeconds::new;
        let mut text = line(&issuer(1, 5));
        for (forget_before, complete_from) in [(3, 3), (4, 4), (2, 4)] {
            text = compacted(&read(text.as_bytes()).unwrap(), at(forget_before));
            let read = read(text.as_bytes()).unwrap();
            assert_eq!(read.revocations, [issuer(1, 5)]);
            assert_eq!((read.complete_from, read.good), (at(complete_from), text.len()));
        }
    }
}
