//! Thousands of generated tokens: our verdict is the one that SPEC 2 gives to what was done to the
//! token, and the official SDKs differ from it only where a rule of SPEC 2 says why.
//!
//! `DIFFERENTIAL_SEED` and `DIFFERENTIAL_COUNT` make other tokens, and more.

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

/// How many tokens it takes to try every kind alone, and about a thousand in pairs, in less than a
/// minute: the Python SDK is slow.
const COUNT: usize = 1_200;

const SEED: u64 = 1;

#[test]
fn every_generated_token_gets_the_verdict_of_what_was_done_to_it() {
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
fn the_official_sdks_differ_only_where_a_rule_says_why() {
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

/// What this library says.
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
