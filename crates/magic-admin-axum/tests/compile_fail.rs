//! Code that must not compile. The expected messages are those of Rust 1.95; `TRYBUILD=overwrite`
//! rewrites them for another version.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
