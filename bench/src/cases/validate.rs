use std::{hint::black_box, iter::Cycle, slice::Iter};

use magic_admin::{Verifier, dangerous::UnverifiedToken};

use super::Parts;
use crate::{
    audience,
    measure::{Case, Group},
};

/// The same token again and again.
pub fn validate<'a>(token: &'a str, parts: &'a Parts) -> Group<'a> {
    let cold = Verifier::builder(audience()).cache_bytes(0).build();
    let warm = Verifier::new(audience());
    Group {
        name: "validation",
        cases: vec![
            Case::new("bare recovery", || parts.recover()),
            Case::new("Keccak of message and key", || parts.hash()),
            Case::new("decode", move || drop(black_box(UnverifiedToken::decode(black_box(token))))),
            Case::new("cold, no cache", move || verify(&cold, token)),
            Case::new("warm", move || verify(&warm, token)),
        ],
    }
}

/// Tokens in turn, so many that neither they nor what is remembered of them are in the
/// processor's caches.
pub fn validate_many<'a>(tokens: &'a [String], parts: &'a [Parts]) -> Group<'a> {
    let cold = Verifier::builder(audience()).cache_bytes(0).build();
    let full = Verifier::builder(audience()).cache_bytes(100_000).build();
    let warm = Verifier::new(audience());
    for token in tokens {
        verify(&warm, token);
    }
    let mut parts = parts.iter().cycle();
    let rotation = || tokens.iter().cycle();
    let (mut first, mut second, mut third) = (rotation(), rotation(), rotation());
    Group {
        name: "validation of many",
        cases: vec![
            Case::new("bare recovery", move || next(&mut parts).recover()),
            Case::new("cold, no cache", move || verify(&cold, next(&mut first).as_str())),
            Case::new("cold, into a full cache", move || verify(&full, next(&mut second).as_str())),
            Case::new("warm", move || verify(&warm, next(&mut third).as_str())),
        ],
    }
}

fn verify(verifier: &Verifier, token: &str) {
    black_box(verifier.verify(black_box(token)).expect("a good token"));
}

fn next<'a, T>(rotation: &mut Cycle<Iter<'a, T>>) -> &'a T {
    rotation.next().expect("it never ends")
}
