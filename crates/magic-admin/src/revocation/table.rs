use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use dashmap::DashMap;

use super::Revocation;
use crate::{
    types::{Address, Issuer, StoreError, StoreErrorKind, UnixSeconds},
    verified::Fingerprint,
};

/// The entries of a list. The table is sharded, so a lookup only waits for writers to the same
/// shard.
pub(super) struct Table {
    issuers: DashMap<Address, Entry>,
    /// Tokens of all issuers issued at or before this time are revoked.
    everybody_at: AtomicI64,
    /// The number of entries, counting issuers and individual tokens.
    len: AtomicUsize,
    capacity: usize,
    /// The number of entries at which to look again for entries to forget. Locked while looking.
    crowded_at: Mutex<usize>,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            issuers: DashMap::new(),
            everybody_at: AtomicI64::new(i64::MIN),
            len: AtomicUsize::new(0),
            capacity,
            crowded_at: Mutex::new(capacity.min(CROWDED_AT_LEAST)),
        }
    }

    /// Returns `true` if a token is revoked. `token` is called only if individual tokens of its
    /// issuer are revoked.
    pub(super) fn revokes(
        &self,
        issuer: Issuer,
        issued_at: UnixSeconds,
        token: impl FnOnce() -> Fingerprint,
    ) -> bool {
        let own = self.issuers.get(&issuer.address()).is_some_and(|entry| {
            entry.revoked_at.is_some_and(|at| issued_at <= at)
                || (!entry.tokens.is_empty() && {
                    let token = token();
                    entry.tokens.iter().any(|(revoked, _)| *revoked == token)
                })
        });
        // Check this last: when an entry is removed to make room, this value is raised before the
        // entry is gone.
        own || issued_at.get() <= self.everybody_at.load(Ordering::Acquire)
    }

    /// Returns the second of an issuer's last logout.
    pub(super) fn logged_out_at(&self, issuer: Issuer) -> Option<UnixSeconds> {
        self.issuers.get(&issuer.address()).and_then(|entry| entry.revoked_at)
    }

    /// Returns the second up to which all tokens and sessions of an issuer are revoked.
    pub(super) fn revoked_until(&self, issuer: Issuer) -> Option<UnixSeconds> {
        let own = self.logged_out_at(issuer);
        // Check this last, as in `revokes`.
        let everybody = UnixSeconds::new(self.everybody_at.load(Ordering::Acquire));
        own.max((everybody.get() > i64::MIN).then_some(everybody))
    }

    /// Adds an entry; adding it again has no effect. Returns `true` if tokens of other issuers had
    /// to be revoked as well, because the table was full.
    ///
    /// Tokens issued before `forget_before` are rejected as too old, so entries that concern only
    /// such tokens are forgotten.
    pub(super) fn add(
        &self,
        revocation: &Revocation,
        forget_before: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let time = revocation.concerns_until();
        if time < forget_before || time.get() <= self.everybody_at.load(Ordering::Acquire) {
            return Ok(false);
        }
        if self.is_covered(revocation) {
            return Ok(false);
        }
        let concerns_others = match revocation {
            // Takes no room.
            Revocation::Everybody { .. } => false,
            _ => self.make_room(forget_before, now)?,
        };
        self.insert(revocation);
        Ok(concerns_others)
    }

    /// Adds an entry even if the table is full.
    pub(super) fn insert(&self, revocation: &Revocation) {
        match *revocation {
            Revocation::Everybody { at } => {
                self.everybody_at.fetch_max(at.get(), Ordering::AcqRel);
            }
            Revocation::Issuer { issuer, at } => {
                let mut entry = self.issuers.entry(issuer.address()).or_insert(Entry::EMPTY);
                let before = entry.len();
                entry.revoked_at = entry.revoked_at.max(Some(at));
                entry.tokens.retain(|(_, issued_at)| *issued_at > at);
                self.count(before, entry.len());
            }
            Revocation::Token { issuer, token, issued_at } => {
                let mut entry = self.issuers.entry(issuer.address()).or_insert(Entry::EMPTY);
                if !entry.covers(&token, issued_at) {
                    let before = entry.len();
                    entry.tokens.push((token, issued_at));
                    if entry.tokens.len() > TOKENS_PER_ISSUER {
                        entry.merge_older_half();
                    }
                    self.count(before, entry.len());
                }
            }
        }
    }

    /// Returns `true` if adding an entry would change nothing.
    fn is_covered(&self, revocation: &Revocation) -> bool {
        match *revocation {
            Revocation::Everybody { at } => at.get() <= self.everybody_at.load(Ordering::Acquire),
            Revocation::Issuer { issuer, at } => self.logged_out_at(issuer) >= Some(at),
            Revocation::Token { issuer, token, issued_at } => self
                .issuers
                .get(&issuer.address())
                .is_some_and(|entry| entry.covers(&token, issued_at)),
        }
    }

    /// Returns `true` if less than a quarter of the room is taken.
    pub(super) fn is_mostly_empty(&self) -> bool {
        self.len() < self.capacity / 4
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Returns all entries, in no particular order.
    pub(super) fn revocations(&self) -> Vec<Revocation> {
        let at = UnixSeconds::new(self.everybody_at.load(Ordering::Acquire));
        let everybody = (at.get() > i64::MIN).then_some(Revocation::Everybody { at });
        let mut all = Vec::with_capacity(self.len() + 1);
        all.extend(everybody);
        for item in &self.issuers {
            let issuer = Issuer::from(*item.key());
            all.extend(item.revoked_at.map(|at| Revocation::Issuer { issuer, at }));
            all.extend(item.tokens.iter().map(|&(token, issued_at)| Revocation::Token {
                issuer,
                token,
                issued_at,
            }));
        }
        all
    }

    /// Forgets entries that are no longer needed, from time to time.
    ///
    /// If the table is still full, revokes the tokens of all issuers up to the median time of its
    /// entries, but not beyond now, and forgets the entries up to that time. Users then have to
    /// sign in again, but no revoked token becomes valid again. Returns `true` in this case.
    fn make_room(&self, forget_before: UnixSeconds, now: UnixSeconds) -> Result<bool, StoreError> {
        if self.len() < CROWDED_AT_LEAST.min(self.capacity) {
            return Ok(false);
        }
        let mut crowded_at = self.crowded_at.lock().unwrap_or_else(PoisonError::into_inner);
        if self.len() < *crowded_at {
            return Ok(false);
        }
        self.keep(|time| time >= forget_before);
        let is_full = self.len() >= self.capacity;
        if is_full {
            let mut times: Vec<_> =
                self.revocations().iter().map(Revocation::concerns_until).collect();
            let middle = times.len() / 2;
            let (_, &mut median, _) = times.select_nth_unstable(middle);
            // Never up to a time to come, because then no user could sign in.
            let until = if median <= now {
                Some(median)
            } else {
                times.into_iter().filter(|time| *time <= now).max()
            };
            let Some(until) = until else {
                return Err(StoreError::new(StoreErrorKind::Full, "the revocation list is full"));
            };
            self.everybody_at.fetch_max(until.get(), Ordering::AcqRel);
            self.keep(|time| time > until);
        }
        *crowded_at = (2 * self.len()).clamp(CROWDED_AT_LEAST.min(self.capacity), self.capacity);
        Ok(is_full)
    }

    /// Keeps the entries for whose time `keeps` returns `true`.
    fn keep(&self, keeps: impl Fn(UnixSeconds) -> bool) {
        self.issuers.retain(|_, entry| {
            let before = entry.len();
            entry.revoked_at = entry.revoked_at.filter(|at| keeps(*at));
            entry.tokens.retain(|(_, issued_at)| keeps(*issued_at));
            self.count(before, entry.len());
            entry.len() > 0
        });
    }

    /// Records a change in the number of an issuer's entries. Must be called while these entries
    /// are locked, so that the total is never wrong for long.
    fn count(&self, before: usize, after: usize) {
        self.len.fetch_add(after, Ordering::Relaxed);
        self.len.fetch_sub(before, Ordering::Relaxed);
    }
}

/// The revocations of one issuer: all tokens up to a time, and individual tokens issued later.
struct Entry {
    revoked_at: Option<UnixSeconds>,
    tokens: Vec<(Fingerprint, UnixSeconds)>,
}

impl Entry {
    const EMPTY: Self = Self { revoked_at: None, tokens: Vec::new() };

    fn len(&self) -> usize {
        usize::from(self.revoked_at.is_some()) + self.tokens.len()
    }

    fn covers(&self, token: &Fingerprint, issued_at: UnixSeconds) -> bool {
        self.revoked_at.is_some_and(|at| issued_at <= at)
            || self.tokens.iter().any(|(revoked, _)| revoked == token)
    }

    /// Revokes everything up to the median of the individual tokens, so that the older half no
    /// longer needs entries.
    fn merge_older_half(&mut self) {
        self.tokens.sort_unstable_by_key(|(_, issued_at)| *issued_at);
        let middle = self.tokens.len() / 2;
        let until = self.tokens.get(middle).map(|(_, issued_at)| *issued_at);
        self.revoked_at = self.revoked_at.max(until);
        self.tokens.retain(|(_, issued_at)| Some(*issued_at) > until);
    }
}

/// The maximum number of individual tokens per issuer, because each lookup compares with all of
/// them.
const TOKENS_PER_ISSUER: usize = 64;

/// Below this number of entries, none are forgotten.
const CROWDED_AT_LEAST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(number: u64, at: i64) -> Revocation {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Revocation::Issuer {
            issuer: Issuer::from(Address::from_bytes(bytes)),
            at: UnixSeconds::new(at),
        }
    }

    fn add(table: &Table, number: u64, at: i64, forget_before: i64) {
        let forget_before = UnixSeconds::new(forget_before);
        table.add(&issuer(number, at), forget_before, UnixSeconds::new(at)).unwrap();
    }

    /// The cost of a scan is proportional to the number of entries, so as many new ones must have
    /// been added in between.
    #[test]
    fn sweeps_only_after_doubling() {
        let table = Table::new(1_000_000);
        for number in 0..1_100 {
            add(&table, number, 0, 0);
        }
        // From now on, all of these could be forgotten.
        for number in 1_100..2_048 {
            add(&table, number, 10, 5);
            assert_eq!(table.len() as u64, number + 1);
        }
        add(&table, 2_048, 10, 5);
        assert_eq!(table.len(), 2_048 - 1_100 + 1);
    }

    #[test]
    fn issuers_without_entries_are_removed() {
        let table = Table::new(10);
        for number in 0..10 {
            add(&table, number, 0, 0);
        }
        add(&table, 10, 10, 5);
        assert_eq!((table.len(), table.issuers.len()), (1, 1));
    }
}
