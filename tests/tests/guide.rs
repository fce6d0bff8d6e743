//! The pages under `docs/` keep up with the code. Their Rust code runs as doctests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use regex::Regex;

fn codes(text: &str) -> BTreeSet<&str> {
    let code = Regex::new("`(ERROR_[A-Z_]+|EXPECTED_BEARER_STRING|SERVICE_ERROR)`").unwrap();
    code.captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect()
}

#[test]
fn signing_in_explains_every_code() {
    let known = codes(include_str!("../../README.md"));
    let explained = codes(include_str!("../../docs/sign-in.md"));
    assert!(known.len() > 15, "{known:?}");
    let missing: Vec<_> = known.difference(&explained).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
