//! A `Verifier` cannot be created without an audience.

use magic_admin::{Audience, Verifier};

fn without_one() -> Verifier {
    Verifier::builder().build()
}

fn by_default() -> Verifier {
    Default::default()
}

fn with_an_unchecked_text() -> Verifier {
    Verifier::new("")
}

fn of_nobody() -> Audience {
    Default::default()
}

fn main() {}
