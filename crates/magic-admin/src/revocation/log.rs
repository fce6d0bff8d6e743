//! The lines of a revocation file: an entry and its checksum.

use std::{collections::BTreeMap, io};

use sha3::{Digest, Keccak256};

use super::Revocation;
use crate::types::UnixSeconds;

/// An entry as it stands in the file.
pub(super) fn line(revocation: &Revocation) -> String {
    let text = revocation.to_string();
    format!("{text} {}\n", checksum(&text))
}

/// Reads a file's contents; returns the entries and how many bytes of the contents are good. What
/// follows them, a line without its end, is what a crash left of the last write.
///
/// # Errors
///
/// When a line with its end is not good: that is no torn write but damage.
pub(super) fn read(contents: &[u8]) -> io::Result<(Vec<Revocation>, usize)> {
    let mut revocations = Vec::new();
    let mut good = 0;
    for line in contents.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
    {
        let revocation = parse(line).ok_or_else(|| {
            let number = revocations.len() + 1;
            let message = format!("line {number} is damaged: restore the file, or remove it and accept that tokens revoked in the past are valid again");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        revocations.push(revocation);
        good += line.len();
    }
    Ok((revocations, good))
}

/// The entries that are still needed: the latest of each kind, none about tokens that are too old
/// to be accepted anyway.
pub(super) fn compact(revocations: &[Revocation], forget_before: UnixSeconds) -> Vec<Revocation> {
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

fn parse(line: &[u8]) -> Option<Revocation> {
    let (text, sum) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
    (sum == checksum(text)).then(|| text.parse().ok())?
}

/// Tells a torn line from a whole one; it is no protection against forgery.
fn checksum(text: &str) -> String {
    let hash: [u8; 32] = Keccak256::digest(text).into();
    let [first, second, third, fourth, ..] = hash;
    const_hex::encode([first, second, third, fourth])
}

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
            let (revocations, good) = read(&contents.as_bytes()[..end]).unwrap();
            assert_eq!((revocations.as_slice(), good), (&whole[..2], two), "{end}");
        }
        assert_eq!(read(contents.as_bytes()).unwrap(), (whole.to_vec(), contents.len()));
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
        assert_eq!(compact(&all, UnixSeconds::new(4)), kept);
    }
}
