//! What an attacker can make a token cost: memory within a small multiple of what a token may be
//! long, no recursion, and the verdict that is due.

use std::{sync::LazyLock, thread};

use allocation_counter::{AllocationInfo, measure};
use magic_admin::{Audience, Verifier};
use tests::{
    StoppedClock,
    generator::{HOSTILE_CLIENT_ID, HOSTILE_NOW, Hostile, hostile},
};

/// What a token may be long.
const LIMIT: usize = 8 * 1024;

static HOSTILE: LazyLock<Vec<Hostile>> = LazyLock::new(hostile);

fn verifier() -> Verifier {
    let audience = Audience::new(HOSTILE_CLIENT_ID).expect("it is not empty");
    // What the cache keeps is no cost of a token.
    Verifier::builder(audience).clock(StoppedClock(HOSTILE_NOW)).cache_bytes(0).build()
}

fn verdict(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).map_or_else(|error| error.code(), |_| "ok")
}

fn cost(token: &str) -> AllocationInfo {
    let verifier = verifier();
    // What libraries set up once is not a token's.
    verdict(&verifier, "");
    measure(|| {
        verdict(&verifier, token);
    })
}

#[test]
fn hostile_tokens_get_the_verdict_that_is_due() {
    for Hostile { name, token, expected } in &*HOSTILE {
        assert_eq!(verdict(&verifier(), token), *expected, "{name}");
    }
}

#[test]
fn hostile_tokens_are_as_large_as_can_be() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let beyond = ["a megabyte", "one byte beyond the limit"].contains(name);
        assert_eq!(token.len() > LIMIT, beyond, "{name}: {}", token.len());
        assert!(token.len() > LIMIT * 3 / 4, "{name}: {}", token.len());
    }
}

/// The decoded bytes, what their escapes are undone into, and the claims that are kept: each is
/// smaller than the token itself.
#[test]
fn no_token_takes_more_memory_than_four_times_the_limit() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let cost = cost(token);
        assert!(cost.bytes_max <= 4 * LIMIT as u64, "{name}: {cost:?}");
        assert_eq!(cost.count_current, 0, "{name} leaks: {cost:?}");
    }
}

/// As few as a good token's, and those by which buffers grow: no level, no digit and no member has
/// one of its own, but for a member whose name needs unescaping.
#[test]
fn no_token_takes_many_allocations() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let cost = cost(token);
        let names = token.len() as u64 / 16;
        let most = if *name == "many escaped names" { 2 * names } else { 40 };
        assert!(cost.count_total <= most, "{name}: {cost:?}");
        assert!(cost.bytes_total <= 6 * LIMIT as u64, "{name}: {cost:?}");
    }
}

/// A token beyond the limit is refused by its length alone, whatever that is.
#[test]
fn a_longer_token_costs_nothing_more() {
    let [beyond, far_beyond] = [LIMIT + 1, 1 << 24].map(|length| cost(&"A".repeat(length)));
    assert_eq!(beyond.bytes_total, far_beyond.bytes_total);
    assert!(beyond.bytes_total < 1_024, "{beyond:?}");
}

/// A stack on which thousands of nested calls do not fit, but one verification does.
#[test]
fn no_token_makes_the_reader_recurse() {
    let verifier = verifier();
    let small = thread::Builder::new().stack_size(128 * 1024);
    let verdicts = small
        .spawn(move || HOSTILE.iter().map(|it| verdict(&verifier, &it.token)).collect::<Vec<_>>());
    for (verdict, hostile) in verdicts.unwrap().join().unwrap().into_iter().zip(&*HOSTILE) {
        assert_eq!(verdict, hostile.expected, "{}", hostile.name);
    }
}
