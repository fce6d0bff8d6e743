//! The cost of an attacker's tokens: memory is bounded by a small multiple of the maximum length,
//! parsing does not recurse, and the verdict is correct.

use std::{sync::LazyLock, thread};

use allocation_counter::{AllocationInfo, measure};
use magic_admin::{Audience, Verifier};
use tests::{
    StoppedClock,
    generator::{HOSTILE_CLIENT_ID, HOSTILE_NOW, Hostile, hostile},
};

/// The maximum length of a token.
const LIMIT: usize = 8 * 1024;

static HOSTILE: LazyLock<Vec<Hostile>> = LazyLock::new(hostile);

fn verifier() -> Verifier {
    let audience = Audience::new(HOSTILE_CLIENT_ID).expect("it is not empty");
    // The memory of the cache does not count as a cost of the token.
    Verifier::builder(audience).clock(StoppedClock(HOSTILE_NOW)).cache_bytes(0).build()
}

fn verdict(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).map_or_else(|error| error.code(), |_| "ok")
}

fn cost(token: &str) -> AllocationInfo {
    let verifier = verifier();
    // One-time initialisation of libraries does not count as a cost of the token.
    verdict(&verifier, "");
    measure(|| {
        verdict(&verifier, token);
    })
}

#[test]
fn hostile_tokens_get_their_verdicts() {
    for Hostile { name, token, expected } in &*HOSTILE {
        assert_eq!(verdict(&verifier(), token), *expected, "{name}");
    }
}

#[test]
fn hostile_tokens_are_large() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let beyond = ["a megabyte", "one byte beyond the limit"].contains(name);
        assert_eq!(token.len() > LIMIT, beyond, "{name}: {}", token.len());
        assert!(token.len() > LIMIT * 3 / 4, "{name}: {}", token.len());
    }
}

/// The decoded bytes, the unescaped text and the kept claims are each smaller than the token
/// itself.
#[test]
fn memory_is_bounded_by_four_times_the_limit() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let cost = cost(token);
        assert!(cost.bytes_max <= 4 * LIMIT as u64, "{name}: {cost:?}");
        assert_eq!(cost.count_current, 0, "{name} leaks: {cost:?}");
    }
}

/// A hostile token causes as many allocations as a valid one, plus those for growing buffers.
/// Nesting, digits and members cause no additional ones, except for a member whose name needs
/// unescaping.
#[test]
fn allocations_are_bounded() {
    for Hostile { name, token, .. } in &*HOSTILE {
        let cost = cost(token);
        let names = token.len() as u64 / 16;
        let most = if *name == "many escaped names" { 2 * names } else { 40 };
        assert!(cost.count_total <= most, "{name}: {cost:?}");
        assert!(cost.bytes_total <= 6 * LIMIT as u64, "{name}: {cost:?}");
    }
}

/// A token beyond the limit is rejected for its length, without looking at its content.
#[test]
fn longer_tokens_cost_no_more() {
    let [beyond, far_beyond] = [LIMIT + 1, 1 << 24].map(|length| cost(&"A".repeat(length)));
    assert_eq!(beyond.bytes_total, far_beyond.bytes_total);
    assert!(beyond.bytes_total < 1_024, "{beyond:?}");
}

/// A stack that is too small for thousands of nested calls, but large enough for one verification.
#[test]
fn no_token_makes_the_parser_recurse() {
    let verifier = verifier();
    let small = thread::Builder::new().stack_size(128 * 1024);
    let verdicts = small
        .spawn(move || HOSTILE.iter().map(|it| verdict(&verifier, &it.token)).collect::<Vec<_>>());
    for (verdict, hostile) in verdicts.unwrap().join().unwrap().into_iter().zip(&*HOSTILE) {
        assert_eq!(verdict, hostile.expected, "{}", hostile.name);
    }
}
