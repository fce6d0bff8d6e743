use fastrand::Rng;
use magic_admin_testkit::TestUser;

use super::super::{Draft, Kind, Part, Rule, Step};

pub(super) const KINDS: &[Kind] = &[
    harmless("high s", |draft| {
        draft.on_proof(|_, (signature, text)| *text = signature.to_high_s().to_string());
    }),
    harmless("upper-case digits", |draft| {
        draft.on_proof(|_, (_, text)| *text = format!("0x{}", text[2..].to_uppercase()));
    }),
    unrecoverable("another v", |draft| {
        draft.on_proof(|rng, (signature, text)| {
            let v = [0, 1, 2, 26, 29, 30, 35, 36, 255, rng.u8(37..)][rng.usize(..10)];
            *text = signature.with_recovery_byte(v).to_string();
        });
    })
    .python(&["ok", "ValueError"]),
    unrecoverable("r or s out of range", |draft| {
        draft.on_proof(|rng, (_, text)| {
            let number = [ZERO, N, MAX][rng.usize(..3)];
            let start = [2, 66][rng.usize(..2)];
            text.replace_range(start..start + 64, number);
        });
    })
    .python(&["BadSignature"]),
    unrecoverable("r is on no point", |draft| {
        draft.on_proof(|rng, (_, text)| {
            let x = [5, 7, 9, 10, 11, 15, 17, 18][rng.usize(..8)];
            text.replace_range(2..66, &format!("{x:064x}"));
        });
    })
    .python(&["BadSignature"]),
    unrecoverable("a short proof", |draft| {
        draft.on_proof(|rng, (_, text)| text.truncate(2 * rng.usize(..=65)));
    })
    .python(&["ValidationError", "IndexError", "ValueError"]),
    unrecoverable("a long proof", |draft| {
        draft.on_proof(|rng, (_, text)| text.push_str(&"1b".repeat(rng.usize(1..40))));
    })
    .js(&["ok"])
    .python(&["ValidationError"]),
    unrecoverable("an odd number of digits", |draft| {
        draft.on_proof(|_, (_, text)| {
            text.remove(2);
        });
    })
    // Python reads the missing first digit as zero, which is sometimes correct.
    .python(&["ok", "DIDTokenInvalid", "BadSignature"]),
    unrecoverable("no prefix", |draft| {
        draft.on_proof(|_, (_, text)| *text = text.split_off(2));
    })
    .python(&["ok"]),
    unrecoverable("the prefix 0X", |draft| {
        draft.on_proof(|_, (_, text)| text.replace_range(..2, "0X"));
    })
    .js(&["ok"])
    .python(&["ok"]),
    unrecoverable("another prefix", |draft| {
        draft.on_proof(|rng, (_, text)| {
            text.replace_range(..2, ["1x", "xx", "00", "  ", "ab"][rng.usize(..5)]);
        });
    })
    .js(&["ok"])
    .python(&["ValidationError", "Error"]),
    unrecoverable("a character that is no digit", |draft| {
        draft.on_proof(|rng, (_, text)| {
            let at = rng.usize(2..120);
            let character = ["g", " ", "-", "\n"][rng.usize(..4)];
            text.replace_range(at..=at, character);
        });
    })
    .python(&["Error"]),
    unrecoverable("a character beyond ASCII", |draft| {
        draft.on_proof(|rng, (_, text)| {
            let at = rng.usize(2..120);
            text.replace_range(at..=at, "\u{ff11}");
        });
    })
    .js(&["ERROR_MALFORMED_TOKEN"])
    .python(&["UnicodeEncodeError", "ValueError"]),
    unrecoverable("text", |draft| {
        draft.on_proof(|rng, (_, text)| {
            *text = ["", "0x", "none", "null", "0x0"][rng.usize(..5)].to_owned();
        });
    })
    .python(&["IndexError", "Error", "ValidationError", "ValueError"]),
    other_signer("the other v", |draft| {
        draft.on_proof(|_, (signature, text)| {
            let v = signature.to_bytes()[64];
            *text = signature.with_recovery_byte(27 + 28 - v).to_string();
        });
    }),
    other_signer("somebody else's signature", |draft| {
        draft.signer = TestUser::from_seed(draft.rng.u64(..));
    }),
    other_signer("another claim's signature", |draft| {
        draft.on_signed_claim(|_, claim| match claim.pop() {
            Some('}') => claim.push_str(",\"z\":1}"),
            last => claim.extend([last.unwrap_or(' '), ' ']),
        });
    }),
    // Changed bytes recover another signer or none, because half of all `r` belong to no point.
    Kind::new(
        "a changed bit in r or s",
        Rule::Proof,
        Part::Proof,
        Step::Recover,
        &["ERROR_FAILED_RECOVERING_PROOF", "ERROR_INCORRECT_SIGNER_ADDR"],
        |draft| draft.on_proof(|rng, (_, text)| change_digit(rng, text)),
    )
    .python(&["BadSignature", "DIDTokenInvalid"]),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::Proof, Part::Proof, apply)
}

const fn unrecoverable(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_FAILED_RECOVERING_PROOF"];
    Kind::new(name, Rule::Proof, Part::Proof, Step::Recover, expected, apply)
}

const fn other_signer(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_INCORRECT_SIGNER_ADDR"];
    Kind::new(name, Rule::Proof, Part::Proof, Step::Signer, expected, apply)
}

fn change_digit(rng: &mut Rng, text: &mut String) {
    let at = rng.usize(2..130);
    let digit = text[at..=at].chars().next().and_then(|digit| digit.to_digit(16));
    let changed = digit.expect("it is a hex digit") ^ (1 << rng.u32(..4));
    text.replace_range(at..=at, &format!("{changed:x}"));
}

const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The order of the curve's group.
const N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const MAX: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
