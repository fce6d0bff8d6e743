//! Tests with thousands of generated tokens. Our verdict is the one that SPEC 2 gives for the
//! changes made to the token, and the official SDKs differ from it only where a rule of SPEC 2
//! explains it.
//!
//! Set `DIFFERENTIAL_SEED` for other tokens, and `DIFFERENTIAL_COUNT` for more of them.

mod peers;
mod table;

use std::{env, thread};

use magic_admin::{Audience, Verifier, dangerous::AnyAudienceVerifier};
use tests::{
    StoppedClock,
    generator::{Case, Generator, kinds},
};

use crate::{
    peers::{Peer, Question},
    table::Table,
};

/// Enough tokens to try every kind of change alone, and about a thousand pairs, in less than a
/// minute: the Python SDK is slow.
const COUNT: usize = 1_200;

const SEED: u64 = 1;

#[test]
fn generated_tokens_get_their_verdicts() {
    let (seed, count) = (number("DIFFERENTIAL_SEED", SEED), 5_000);
    println!("DIFFERENTIAL_SEED={seed}");
    let wrong: Vec<String> = Generator::new(seed)
        .take(count)
        .filter(|case| !case.expected().contains(verdict(case)))
        .map(|case| format!("{}: {}, not {:?}", case.name(), verdict(&case), case.expected()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_kind_is_tried_alone() {
    assert!(kinds().len() < COUNT);
    for (kind, case) in kinds().iter().zip(Generator::new(SEED)) {
        assert_eq!(case.name(), kind.name);
    }
}

#[test]
fn the_sdks_differ_only_by_known_rules() {
    if let Err(why) = peers::set_up() {
        assert!(env::var_os("CI").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    }
    let seed = number("DIFFERENTIAL_SEED", SEED);
    let count = number("DIFFERENTIAL_COUNT", COUNT);
    println!("DIFFERENTIAL_SEED={seed} DIFFERENTIAL_COUNT={count}");

    let cases: Vec<Case> = Generator::new(seed).take(count).collect();
    let questions = &cases.iter().map(Question::from).collect::<Vec<_>>();
    let [js, python] = thread::scope(|scope| {
        [Peer::Js, Peer::Python]
            .map(|peer| scope.spawn(move || peer.verdicts(questions)))
            .map(|answers| answers.join().expect("the peer answers"))
    });

    let mut table = Table::default();
    for ((case, js), python) in cases.iter().zip(&js).zip(&python) {
        table.count(case, verdict(case), js, python);
    }
    println!("{table}");
    table.assert_all_explained();
}

/// Returns the verdict of this library.
fn verdict(case: &Case) -> &'static str {
    let clock = StoppedClock(case.now);
    let attachment = case.attachment.as_deref();
    let result = match &case.client_id {
        None => AnyAudienceVerifier::with_clock(clock)
            .dangerous_verify(&case.token, attachment)
            .map(drop),
        Some(client_id) => {
            let audience = Audience::new(client_id).expect("no generated client id is empty");
            let verifier = Verifier::builder(audience).clock(clock).build();
            match attachment {
                None => verifier.verify(&case.token),
                Some(attachment) => verifier.verify_with_attachment(&case.token, attachment),
            }
            .map(drop)
        }
    };
    result.map_or_else(|error| error.code(), |()| "ok")
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    match env::var(name) {
        Err(_) => default,
        Ok(text) => text.parse().ok().unwrap_or_else(|| panic!("{name} is a number, not {text}")),
    }
}
