use core::hash::{BuildHasher, Hash, Hasher};
use std::{hash::RandomState, sync::LazyLock};

use foldhash::{SharedSeed, quality::SeedableRandomState};
use quick_cache::Equivalent;

/// The text of a remembered token, with its hash.
#[derive(PartialEq, Eq)]
pub(super) struct Key {
    hash: u64,
    text: Box<str>,
}

/// The text of a token that is looked for, hashed once for all that is asked about it.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    hash: u64,
    text: &'a str,
}

/// The hash of the texts of tokens: under a seed that nobody knows, another one in each cache.
///
/// Anybody can sign tokens with keys of their own, so what is hashed is an attacker's choice; the
/// seed keeps texts that collide from being made in advance. A collision would cost time, not
/// truth: the table compares the whole text.
pub(super) struct Seed(SeedableRandomState);

impl Seed {
    pub(super) fn random() -> Self {
        static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(random()));
        Self(SeedableRandomState::with_seed(random(), &SHARED))
    }

    pub(super) fn lookup<'a>(&self, text: &'a str) -> Lookup<'a> {
        Lookup { hash: self.0.hash_one(text), text }
    }
}

impl Key {
    pub(super) const fn text_len(&self) -> usize {
        self.text.len()
    }
}

impl Lookup<'_> {
    pub(super) const fn hash(self) -> u64 {
        self.hash
    }

    pub(super) fn into_key(self) -> Key {
        Key { hash: self.hash, text: self.text.into() }
    }
}

impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.hash == key.hash && *self.text == *key.text
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Hash for Lookup<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

/// Randomness of the operating system, as the standard library's hash maps get it.
fn random() -> u64 {
    RandomState::new().hash_one(0u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cache_hashes_the_whole_text_under_a_seed_of_its_own() {
        let (one, other) = (Seed::random(), Seed::random());
        let text = "a".repeat(8_192);
        let hash = one.lookup(&text).hash();
        assert_eq!(one.lookup(&text.clone()).hash(), hash);
        for changed in [0, 1, 100, 4_000, 8_190, 8_191] {
            let mut changed_text = text.clone();
            changed_text.replace_range(changed..=changed, "b");
            assert_ne!(one.lookup(&changed_text).hash(), hash);
        }
        assert_ne!(one.lookup(&text[1..]).hash(), hash);
        assert_ne!(other.lookup(&text).hash(), hash);
    }

    #[test]
    fn texts_of_one_hash_are_told_apart() {
        let found = |text| Lookup { hash: 1, text }.equivalent(&Key { hash: 1, text: "a".into() });
        assert!(found("a"));
        assert!(!found("b"));
        assert!(!found("aa"));
    }
}
