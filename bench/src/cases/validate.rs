use std::{hint::black_box, iter::Cycle, slice::Iter};

use magic_admin::{Verifier, dangerous::UnverifiedToken};

use super::Parts;
use crate::{
    audience,
    measure::{Case, Group},
};

/// A token as it comes for the first time, and again; `many` are tokens enough to overflow a
/// small cache.
pub fn validate<'a>(token: &'a str, parts: &'a Parts, many: &'a [String]) -> Group<'a> {
    let cold = Verifier::builder(audience()).cache_bytes(0).build();
    let full = Verifier::builder(audience()).cache_bytes(100_000).build();
    let (warm, busy) =
        (Verifier::builder(audience()).build(), Verifier::builder(audience()).build());
    let ten_thousand = &many[..many.len().min(10_000)];
    for token in ten_thousand {
        verify(&busy, token);
    }
    verify(&warm, token);
    let (mut new, mut again) = (Rotation::of(many), Rotation::of(ten_thousand));
    Group {
        name: "validation",
        cases: vec![
            Case::new("bare recovery", || parts.recover()),
            Case::new("decode", move || drop(black_box(UnverifiedToken::decode(black_box(token))))),
            Case::new("Keccak of claim and key", || parts.hash()),
            Case::new("cold, no cache", move || verify(&cold, token)),
            Case::new("cold, into a full cache", move || verify(&full, new.next())),
            Case::new("warm, one token", move || verify(&warm, token)),
            Case::new("warm, 10 000 tokens in turn", move || verify(&busy, again.next())),
        ],
    }
}

fn verify(verifier: &Verifier, token: &str) {
    black_box(verifier.verify(black_box(token)).expect("a good token"));
}

struct Rotation<'a>(Cycle<Iter<'a, String>>);

impl<'a> Rotation<'a> {
    fn of(tokens: &'a [String]) -> Self {
        Self(tokens.iter().cycle())
    }

    fn next(&mut self) -> &'a str {
        self.0.next().expect("it never ends")
    }
}
