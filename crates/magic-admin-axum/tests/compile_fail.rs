//! What must not compile. The messages are those of Rust 1.95; `TRYBUILD=overwrite` writes them
//! anew for another one.

#[test]
fn promises_of_the_types_are_kept_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
