//! Rebuilds tokens issued by other software byte for byte with the mint. Their keys are small
//! numbers, and their signatures are deterministic (RFC 6979).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, time::Duration};

use magic_admin_testkit::{Encoding, Layout, Mint, SettableClock, TestUser, TokenBuilder};
use serde_json::json;

const CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";
const ISSUED_AT: i64 = 1_699_999_990;

fn vectors() -> BTreeMap<String, String> {
    let text = include_str!("vectors.json");
    let entries: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let string = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    entries.iter().map(|entry| (string(&entry["name"]), string(&entry["token"]))).collect()
}

fn user(seed: u64) -> TestUser {
    TestUser::from_seed(seed).with_subject("NjrA53ScQ8IV80NJnx4t3Shi9-kFfF5qavD2Vr0d1dc=")
}

/// Returns the token on which the vectors of this key are based.
fn base(seed: u64) -> TokenBuilder {
    Mint::new(CLIENT_ID)
        .with_clock(SettableClock::at(ISSUED_AT))
        .builder(&user(seed))
        .lifespan(Duration::from_secs(910))
        .token_id(format!("ebcc880a-ffc9-4375-84ae-{:012}", seed - 1))
        .encoding(Encoding::UrlSafe)
}

#[test]
fn rebuilds_every_vector_exactly() {
    let (r_and_s, _) = base(6).parts();
    let v_flipped = if r_and_s.ends_with("1b") { 28 } else { 27 };
    let v_zero_based = if r_and_s.ends_with("1b") { 0 } else { 1 };
    let floats = base(3)
        .set("iat", 1_699_999_989.5)
        .set("ext", 1_700_000_900.25)
        .set_raw("nbf", "1699999989.25");

    let rebuilt = [
        ("valid", base(1).build()),
        ("valid unpadded", base(1).encoding(Encoding::UrlSafeUnpadded).build()),
        ("valid standard alphabet", base(1).encoding(Encoding::Standard).build()),
        ("claim with whitespace", base(3).layout(Layout::Spaced).build()),
        ("claim pretty printed", base(3).layout(Layout::Pretty).build()),
        ("float timestamps", floats.build()),
        ("ext exponent beyond u64", base(3).set_raw("ext", "1.00000000000016881e+21").build()),
        ("non-ascii sub", base(3).set("sub", "žluťoučký-✨").build()),
        ("missing add", base(4).remove("add").build()),
        ("null ext", base(4).set("ext", json!(null)).build()),
        ("ext text", base(4).set("ext", "soon").build()),
        ("aud array", base(5).set("aud", json!([CLIENT_ID])).build()),
        ("duplicate key same value", base(10).append_raw("ext", "1700000900").build()),
        ("proto key", base(10).set("__proto__", json!({"a": 1})).build()),
        ("signature high s", base(6).high_s().build()),
        ("signature v 0/1", base(6).recovery_byte(v_zero_based).build()),
        ("signature v flipped", base(6).recovery_byte(v_flipped).build()),
        ("signature 0x", base(6).proof("0x").build()),
        ("signed by another key", base(6).signed_by(&user(7)).build()),
        ("attachment ok", base(8).attachment("ravi@magic.link").build()),
        (
            "attachment signed by another",
            base(8).attachment_proof(user(9).personal_sign("x")).build(),
        ),
    ];

    let vectors = vectors();
    assert_eq!(vectors.len(), rebuilt.len());
    for (name, token) in rebuilt {
        assert_eq!(token, vectors[name], "{name}");
    }
}

#[test]
fn claim_text_is_signed_verbatim() {
    let claim = base(1).claim();
    let other = Mint::new("unused").builder(&user(1)).claim_text(claim).set("aud", "ignored");
    assert_eq!(other.encoding(Encoding::UrlSafe).build(), vectors()["valid"]);
}
