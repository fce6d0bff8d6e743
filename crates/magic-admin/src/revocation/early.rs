use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use foldhash::fast::RandomState;

use super::Revocation;
use crate::{
    types::{Address, Issuer, UnixSeconds},
    verified::Fingerprint,
};

/// Tokens that were accepted by this server before their `iat`.
///
/// The client writes `iat`, and its clock may be fast. A logout revokes tokens issued until now, so
/// it would miss these tokens. They are noted until their `iat` has passed, and a logout revokes
/// them individually.
pub(super) struct EarlyTokens {
    notes: Mutex<Notes>,
    capacity: usize,
}

impl EarlyTokens {
    pub(super) fn new(capacity: usize) -> Self {
        let notes = Notes {
            issuers: HashMap::default(),
            len: 0,
            crowded_at: capacity.min(CROWDED_AT_LEAST),
            swept_at: UnixSeconds::new(i64::MIN),
        };
        Self { notes: Mutex::new(notes), capacity }
    }

    /// Notes a token that is about to be accepted. Returns `false` if there is no room for the
    /// note, in which case the token must be rejected.
    #[must_use]
    pub(super) fn note(
        &self,
        issuer: Issuer,
        token: Fingerprint,
        issued_at: UnixSeconds,
        now: UnixSeconds,
        complete_until: UnixSeconds,
    ) -> bool {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let own = notes.issuers.get(&issuer.address());
        if own.is_some_and(|own| own.iter().any(|note| note.token == Some(token))) {
            return true;
        }
        if !notes.make_room(now, complete_until, self.capacity) {
            return false;
        }
        let own = notes.issuers.entry(issuer.address()).or_default();
        let before = own.len();
        own.push(Note { token: Some(token), issued_at, accepted_at: now });
        if own.len() > NOTES_PER_ISSUER {
            merge_earliest_half(own);
        }
        let after = own.len();
        notes.len = (notes.len + after).saturating_sub(before);
        true
    }

    /// Returns the earliest second at which a logout ends a token accepted at this time. It is a
    /// little earlier than `accepted_at`, because another server may have recorded the time of the
    /// logout.
    pub(super) fn ended_from(accepted_at: UnixSeconds) -> UnixSeconds {
        accepted_at.saturating_sub(CLOCK_DIFFERENCE)
    }

    /// Returns the entries that a logout at this time requires in addition to revoking everything
    /// issued until then.
    ///
    /// A known logout can arrive again, for example when a server reads the store from the start.
    /// In that case, tokens accepted after it are left alone.
    pub(super) fn take(&self, issuer: Issuer, at: UnixSeconds, is_known: bool) -> Vec<Revocation> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = notes.issuers.get_mut(&issuer.address()) else { return Vec::new() };
        let mut taken = Vec::new();
        let before = own.len();
        own.retain(|note| {
            let ended_from =
                if is_known { note.accepted_at } else { Self::ended_from(note.accepted_at) };
            let ended = ended_from <= at;
            if ended && note.issued_at > at {
                taken.push(note.revocation(issuer));
            }
            !ended
        });
        let after = own.len();
        if after == 0 {
            notes.issuers.remove(&issuer.address());
        }
        notes.len = (notes.len + after).saturating_sub(before);
        taken
    }
}

struct Notes {
    issuers: HashMap<Address, Vec<Note>, RandomState>,
    len: usize,
    /// The number of notes at which to look again for notes to forget.
    crowded_at: usize,
    /// The time of the last sweep.
    swept_at: UnixSeconds,
}

impl Notes {
    fn make_room(
        &mut self,
        now: UnixSeconds,
        complete_until: UnixSeconds,
        capacity: usize,
    ) -> bool {
        // Sweep at most once a second, because the cost is proportional to the number of notes.
        if self.len >= self.crowded_at && now > self.swept_at {
            self.swept_at = now;
            self.issuers.retain(|_, own| {
                own.retain(|note| {
                    note.issued_at.saturating_add(CLOCK_DIFFERENCE) >= complete_until
                });
                !own.is_empty()
            });
            self.len = self.issuers.values().map(Vec::len).sum();
            self.crowded_at = (2 * self.len).clamp(CROWDED_AT_LEAST.min(capacity), capacity);
        }
        self.len < capacity
    }
}

#[derive(Clone, Copy)]
struct Note {
    /// `None` stands for every token issued until then. Notes beyond the limit are merged into this
    /// form.
    token: Option<Fingerprint>,
    issued_at: UnixSeconds,
    accepted_at: UnixSeconds,
}

impl Note {
    fn revocation(&self, issuer: Issuer) -> Revocation {
        match self.token {
            Some(token) => Revocation::Token { issuer, token, issued_at: self.issued_at },
            None => Revocation::Issuer { issuer, at: self.issued_at },
        }
    }
}

/// Replaces the half of an issuer's notes with the earliest `iat` by a single note. A logout then
/// revokes everything up to the latest of them, so the user can sign in again only a little later.
fn merge_earliest_half(own: &mut Vec<Note>) {
    own.sort_unstable_by_key(|note| note.issued_at);
    let merged: Vec<_> = own.drain(..own.len() / 2 + 1).collect();
    let issued_at = merged.iter().map(|note| note.issued_at).max();
    let accepted_at = merged.iter().map(|note| note.accepted_at).min();
    own.extend(issued_at.zip(accepted_at).map(|(issued_at, accepted_at)| Note {
        token: None,
        issued_at,
        accepted_at,
    }));
}

/// Beyond this number, the notes of one issuer are merged, because every request with such a token
/// compares with all of them.
const NOTES_PER_ISSUER: usize = 16;

/// Below this number of notes, none are forgotten.
const CROWDED_AT_LEAST: usize = 1024;

/// The maximum difference between the clocks of servers.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(number: u8) -> Issuer {
        Issuer::from(Address::from_bytes([number; 20]))
    }

    fn token(number: u8) -> Fingerprint {
        Fingerprint::from_bytes([number; 32])
    }

    fn note(early: &EarlyTokens, user: u8, number: u8, issued_at: i64, now: i64) -> bool {
        let [issued_at, now] = [issued_at, now].map(UnixSeconds::new);
        early.note(issuer(user), token(number), issued_at, now, now)
    }

    #[test]
    fn takes_only_what_a_logout_would_miss() {
        let early = EarlyTokens::new(100);
        for (number, issued_at) in [(1, 150), (2, 250), (1, 150)] {
            assert!(note(&early, 1, number, issued_at, 100));
        }
        assert!(note(&early, 2, 3, 250, 100));
        let at = UnixSeconds::new(200);
        let expected = Revocation::Token {
            issuer: issuer(1),
            token: token(2),
            issued_at: UnixSeconds::new(250),
        };
        assert_eq!(early.take(issuer(1), at, false), [expected]);
        assert_eq!(early.take(issuer(1), at, false), []);
        assert_eq!(early.notes.lock().unwrap().len, 1);
    }

    #[test]
    fn tokens_accepted_after_the_logout_stay() {
        let early = EarlyTokens::new(100);
        assert!(note(&early, 1, 1, 500, 261));
        assert_eq!(early.take(issuer(1), UnixSeconds::new(200), false), []);
        assert_eq!(early.take(issuer(1), UnixSeconds::new(201), false).len(), 1);
    }

    #[test]
    fn a_known_logout_spares_later_tokens() {
        let early = EarlyTokens::new(100);
        assert!(note(&early, 1, 1, 500, 200));
        assert!(note(&early, 1, 2, 500, 201));
        assert_eq!(early.take(issuer(1), UnixSeconds::new(200), true).len(), 1);
        assert_eq!(early.take(issuer(1), UnixSeconds::new(200), true), []);
        assert_eq!(early.take(issuer(1), UnixSeconds::new(200), false).len(), 1);
    }

    /// A list that has been out of sync may still learn of an earlier logout.
    #[test]
    fn keeps_notes_until_the_list_is_complete() {
        let [first, second, complete, now] = [100, 400, 130, 300].map(UnixSeconds::new);
        let early = EarlyTokens::new(1);
        assert!(early.note(issuer(1), token(1), first, UnixSeconds::new(50), complete));
        assert!(!early.note(issuer(2), token(2), second, now, complete));
        assert_eq!(early.take(issuer(1), UnixSeconds::new(60), false).len(), 1);
    }

    #[test]
    fn merging_notes_loses_no_tokens() {
        let early = EarlyTokens::new(100);
        for number in 0..100 {
            assert!(note(&early, 1, number, 1_000 + i64::from(number), 500));
            let held = early.notes.lock().unwrap().len;
            assert!(held <= NOTES_PER_ISSUER, "{held}");
        }
        let taken = early.take(issuer(1), UnixSeconds::new(500), false);
        let revokes = |number: u8| {
            let issued_at = UnixSeconds::new(1_000 + i64::from(number));
            taken.iter().any(|revocation| match revocation {
                Revocation::Issuer { at, .. } => issued_at <= *at,
                Revocation::Token { token: taken, .. } => *taken == token(number),
                Revocation::Everybody { .. } => false,
            })
        };
        assert!((0..100).all(revokes));
    }

    #[test]
    fn a_full_store_rejects_until_notes_expire() {
        let early = EarlyTokens::new(3);
        for user in 0..3 {
            assert!(note(&early, user, user, 100, 10));
        }
        assert!(!note(&early, 4, 4, 300, 10));
        assert!(note(&early, 2, 2, 100, 10), "it is noted already");
        assert!(!note(&early, 4, 4, 300, 160));
        assert!(note(&early, 4, 4, 300, 161));
    }
}
