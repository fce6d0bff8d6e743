use magic_admin_testkit::{Encoding, Mint, TestUser, TokenBuilder};

use super::draft::{Envelope, quoted};
use crate::StoppedClock;

/// A token designed to be expensive to verify.
#[derive(Debug)]
pub struct Hostile {
    pub name: &'static str,
    pub token: String,
    /// The verdict that it must get nevertheless.
    pub expected: &'static str,
}

/// The audience and the time of the hostile tokens.
pub const HOSTILE_CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";
pub const HOSTILE_NOW: i64 = 1_700_000_000;

/// Returns the largest tokens of the kinds that cost a parser most, signed if that gets them
/// further.
pub fn hostile() -> Vec<Hostile> {
    let all = [("ok", accepted()), ("ERROR_MALFORMED_TOKEN", malformed())];
    let all = all.into_iter().flat_map(|(expected, tokens)| {
        tokens.into_iter().map(move |(name, token)| Hostile { name, token, expected })
    });
    all.chain(refused()).collect()
}

fn accepted() -> Vec<(&'static str, String)> {
    let (proof, claim) = builder().parts();
    let escapes = |count: usize| {
        let (proof, claim) = builder().set("sub", "a".repeat(1_000)).parts();
        let (escaped, rest) = claim.split_at(count.min(claim.len()));
        let escaped: String = escaped.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        outer(&format!("[{},\"{escaped}{}]", quoted(&proof), &quoted(rest)[1..]))
    };
    vec![
        (
            "white space",
            largest(|count| outer(&(Envelope::json(&proof, &claim) + &" ".repeat(count)))),
        ),
        ("escapes in the envelope", largest(escapes)),
        ("nested arrays", largest(|count| with("x", &nested(count)))),
        (
            "nested objects",
            largest(|count| with("x", &("{\"\":".repeat(count) + "0" + &"}".repeat(count)))),
        ),
        ("many members", largest(|count| with("x", &("0".to_owned() + &",\"\":0".repeat(count))))),
        (
            "many escaped names",
            largest(|count| with("x", &("0".to_owned() + &",\"\\u0069\":0".repeat(count)))),
        ),
        (
            "a name of escapes",
            largest(|count| with("x", &format!("0,\"{}\":0", "\\u0041".repeat(count)))),
        ),
        ("a text of escapes", largest(|count| with("sub", &text("\\u0041", count)))),
        ("a text of surrogate pairs", largest(|count| with("sub", &text("\\ud83d\\ude00", count)))),
        ("a giant unknown number", largest(|count| with("x", &nines(count)))),
        ("a giant exponent", largest(|count| with("x", &format!("1e{}", nines(count))))),
        ("a giant time", largest(|count| with("ext", &nines(count)))),
        (
            "a time with a giant fraction",
            largest(|count| with("ext", &format!("1700000000.{}", nines(count)))),
        ),
        (
            "a time with a tiny exponent",
            largest(|count| with("nbf", &format!("1e-{}", nines(count)))),
        ),
    ]
}

fn malformed() -> Vec<(&'static str, String)> {
    vec![
        ("one byte beyond the limit", "A".repeat(MAX_LEN + 1)),
        ("a megabyte", "A".repeat(1 << 20)),
        ("padding only", "=".repeat(MAX_LEN)),
        ("a fault at the end of the base64", "A".repeat(MAX_LEN - 1) + "!"),
        ("nested arrays for the envelope", largest(|count| outer(&"[".repeat(count)))),
        (
            "nested arrays for the proof",
            largest(|count| outer(&format!("[{},\"\"]", nested(count)))),
        ),
        ("nested arrays without an end", largest(|count| with("x", &"[".repeat(count)))),
        ("nested arrays for a claim", largest(|count| with("tid", &nested(count)))),
        (
            "a time with a giant exponent",
            largest(|count| with("ext", &format!("1e{}", nines(count)))),
        ),
    ]
}

fn refused() -> [Hostile; 3] {
    let (_, claim) = builder().parts();
    let proof = |count: usize| outer(&Envelope::json(&"0x".repeat(count), &claim));
    let issuer = |count: usize| with("iss", &format!("\"did:ethr:0x{}\"", "0".repeat(count)));
    let audience = |count: usize| with("aud", &text("a", count));
    [
        ("a giant proof", "ERROR_FAILED_RECOVERING_PROOF", largest(proof)),
        ("a giant issuer", "ERROR_INCORRECT_SIGNER_ADDR", largest(issuer)),
        ("a giant audience", "ERROR_AUDIENCE_MISMATCH", largest(audience)),
    ]
    .map(|(name, expected, token)| Hostile { name, token, expected })
}

/// Returns the token with the highest count that is not rejected for its length.
fn largest(token: impl Fn(usize) -> String) -> String {
    let (mut fits, mut too_many) = (1, MAX_LEN);
    while too_many - fits > 1 {
        let count = usize::midpoint(fits, too_many);
        if token(count).len() <= MAX_LEN {
            fits = count;
        } else {
            too_many = count;
        }
    }
    token(fits)
}

fn builder() -> TokenBuilder {
    Mint::new(HOSTILE_CLIENT_ID)
        .with_clock(StoppedClock(HOSTILE_NOW))
        .builder(&TestUser::from_seed(1))
}

fn with(name: &str, json: &str) -> String {
    builder().set_raw(name, json).build()
}

fn outer(json: &str) -> String {
    Encoding::Standard.encode(json)
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

fn nines(count: usize) -> String {
    "9".repeat(count)
}

fn text(piece: &str, count: usize) -> String {
    format!("\"{}\"", piece.repeat(count))
}

const MAX_LEN: usize = 8 * 1024;
