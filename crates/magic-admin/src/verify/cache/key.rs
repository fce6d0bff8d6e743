use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use foldhash::{SharedSeed, quality};

/// The hash of the texts of tokens: under a seed that nobody knows, another one in each cache.
///
/// Anybody can sign tokens with keys of their own, so what is hashed is an attacker's choice; the
/// seed keeps texts that collide from being made in advance. A collision would cost time, not
/// truth: the table compares the whole text.
pub(super) fn seeded() -> quality::SeedableRandomState {
    quality::SeedableRandomState::with_seed(random(), &SHARED)
}

static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(random()));

/// Randomness of the operating system, as the standard library's hash maps get it.
fn random() -> u64 {
    RandomState::new().hash_one(0u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cache_hashes_the_whole_text_under_a_seed_of_its_own() {
        let (one, other) = (seeded(), seeded());
        let text = "a".repeat(8_192);
        assert_eq!(one.hash_one(&*text), one.clone().hash_one(&*text));
        for changed in [0, 1, 100, 4_000, 8_190, 8_191] {
            let mut changed_text = text.clone();
            changed_text.replace_range(changed..=changed, "b");
            assert_ne!(one.hash_one(&*text), one.hash_one(changed_text));
        }
        assert_ne!(one.hash_one(&*text), one.hash_one(&text[1..]));
        assert_ne!(one.hash_one(&*text), other.hash_one(&*text));
    }
}
