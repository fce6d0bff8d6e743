use std::{hint::black_box, iter::Cycle, slice::Iter};

use magic_admin::{Verifier, dangerous::UnverifiedToken};

use super::Parts;
use crate::{
    audience,
    measure::{Case, Group},
};

/// Verifies the same token repeatedly.
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

/// Verifies so many tokens that neither they nor their cache entries fit into the processor's
/// caches. Their order differs from that in memory.
pub fn validate_many<'a>(tokens: &'a [String], parts: &'a [Parts]) -> Group<'a> {
    let cold = Verifier::builder(audience()).cache_bytes(0).build();
    let full = Verifier::builder(audience()).cache_bytes(100_000).build();
    let warm = Verifier::new(audience());
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut order);
    for index in &order {
        verify(&warm, &tokens[*index]);
    }
    let mut parts = parts.iter().cycle();
    let rotation = || tokens.iter().cycle();
    let (mut read, mut first) = (rotation(), rotation());
    let (mut second, mut third) = (rotation(), rotation());
    let (mut buffer, mut received) = (String::new(), String::new());
    Group {
        name: "validation of many",
        cases: vec![
            Case::new("bare recovery", move || next(&mut parts).recover()),
            Case::new("cold, no cache", move || verify(&cold, next(&mut first).as_str())),
            Case::new("cold, into a full cache", move || verify(&full, next(&mut second).as_str())),
            Case::new("receiving the text", move || {
                receive(next(&mut read).as_str(), &mut buffer);
            }),
            Case::new("receiving the text and warm", move || {
                verify(&warm, receive(next(&mut third).as_str(), &mut received));
            }),
        ],
    }
}

/// Copies a token into the same memory each time, like a server that reads it from a socket.
fn receive<'a>(token: &str, buffer: &'a mut String) -> &'a str {
    buffer.clear();
    buffer.push_str(token);
    black_box(buffer)
}

fn verify(verifier: &Verifier, token: &str) {
    black_box(verifier.verify(black_box(token)).expect("a valid token"));
}

fn next<'a, T>(rotation: &mut Cycle<Iter<'a, T>>) -> &'a T {
    rotation.next().expect("it never ends")
}
