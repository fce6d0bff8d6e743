//! The lines of a revocation file: an entry, or the second from which the file is complete, and a
//! checksum.

use std::{collections::BTreeMap, io};

use sha3::{Digest, Keccak256};

use super::Revocation;
use crate::types::UnixSeconds;

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(super) struct Contents {
    pub(super) revocations: Vec<Revocation>,
    /// Entries about what was issued before may have been let go by a compaction.
    pub(super) complete_from: UnixSeconds,
    /// How many bytes are good. A line without its end follows, which is what a crash left of the
    /// last write.
    pub(super) good: usize,
}

/// Returns an entry as it stands in the file.
pub(super) fn line(revocation: &Revocation) -> String {
    with_checksum(&revocation.to_string())
}

/// Reads a file's contents.
///
/// # Errors
///
/// Returns an error when a whole line cannot be read: that is not a torn write but damage.
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

/// Returns the text of a new file: the entries that are still needed, and from when on it is complete.
pub(super) fn compacted(contents: &Contents, forget_before: UnixSeconds) -> String {
    let complete_from = contents.complete_from.max(forget_before);
    let mut text = with_checksum(&format!("{COMPLETE} {complete_from}"));
    text.extend(latest(&contents.revocations, forget_before).iter().map(line));
    text
}

/// Returns the latest entry of each kind, and none about tokens that are too old to be accepted.
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

/// Tells a torn line from a whole one; it is no protection against forgery.
fn checksum(text: &str) -> String {
    let hash: [u8; 32] = Keccak256::digest(text).into();
    let [first, second, third, fourth, ..] = hash;
    const_hex::encode([first, second, third, fourth])
}

/// Begins the line that says from when on a file is complete.
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
    fn a_torn_end_of_any_length_is_left_out_and_nothing_else() {
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
    fn damage_of_a_whole_line_is_an_error() {
        let contents = format!("{}{}", line(&issuer(1, 5)), line(&issuer(2, 6)));
        for position in 0..line(&issuer(1, 5)).len() {
            let mut damaged = contents.clone().into_bytes();
            damaged[position] ^= 1;
            assert!(read(&damaged).is_err(), "{position}");
        }
    }

    #[test]
    fn compaction_keeps_the_latest_of_each_and_forgets_what_is_too_old() {
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
    fn a_compacted_file_says_from_when_on_it_is_complete() {
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
