use fastrand::Rng;
use magic_admin_testkit::Layout;

use super::super::{Draft, Kind, Part, Rule};

pub(super) const KINDS: &[Kind] = &[
    harmless("spaced claim", |draft| draft.edit(|builder| builder.layout(Layout::Spaced)))
        .python(&["DIDTokenInvalid"]),
    harmless("pretty claim", |draft| draft.edit(|builder| builder.layout(Layout::Pretty)))
        .python(&["DIDTokenInvalid"]),
    harmless("white space around the claim", |draft| {
        draft.on_claim(|rng, claim| {
            let space = " \n\t\r".repeat(rng.usize(1..4));
            *claim = if rng.bool() { space + claim } else { claim.clone() + &space };
        });
    })
    .python(&["DIDTokenInvalid"]),
    harmless("an escape in a member's name", |draft| {
        draft.on_claim(|rng, claim| {
            let (name, escaped) = pick(
                rng,
                &[
                    ("\"iat\"", "\"\\u0069at\""),
                    ("\"sub\"", "\"s\\u0075b\""),
                    ("\"aud\"", "\"au\\u0064\""),
                ],
            );
            *claim = claim.replacen(name, escaped, 1);
        });
    })
    .python(&["DIDTokenInvalid"]),
    harmless("unknown members", |draft| {
        let value =
            pick(&mut draft.rng, &["1", "\"x\"", "null", "[1,{\"iat\":1}]", "{\"a\":{\"b\":[]}}"]);
        draft.set("x", value);
    }),
    harmless("an unknown member that few parsers keep as it is", |draft| {
        let digits = "9".repeat(5_000);
        let value = pick(
            &mut draft.rng,
            &[
                "1e400",
                "-0",
                "1.50",
                "1E2",
                "\"\\/\"",
                "\"\\u0041\"",
                "\"\\ud800\"",
                "\"\\uD83D\"",
                &digits,
            ],
        );
        draft.set("x", value);
    })
    .python(&["DIDTokenInvalid", "DIDTokenMalformed"]),
    harmless("deep nesting in an unknown member", |draft| {
        let depth = draft.rng.usize(100..1_000);
        draft.set("x", "[".repeat(depth) + &"]".repeat(depth));
    })
    .python(&["RecursionError"]),
    harmless("an unknown member given twice", |draft| {
        draft.edit(|builder| builder.append_raw("x", "1").append_raw("x", "2"));
    })
    .python(&["DIDTokenInvalid"]),
    malformed("a known member given twice", |draft| {
        draft.on_claim(|rng, claim| {
            let name = pick(rng, &["iat", "ext", "nbf", "iss", "sub", "aud", "tid", "add"]);
            // The last one, which both SDKs use, is valid.
            *claim = claim.replacen('{', &format!("{{\"{name}\":{},", first_value(name)), 1);
        });
    })
    .js(&["ok"])
    .python(&["DIDTokenInvalid"]),
    malformed("a claim that is no object", |draft| {
        draft.on_claim(|rng, claim| {
            let quoted = serde_json::to_string(&*claim).expect("text is JSON");
            let names = "[\"iat\",\"ext\",\"nbf\",\"iss\",\"sub\",\"aud\",\"tid\",\"add\"]";
            *claim = pick(rng, &["null", "1", "true", "[]", "\"\"", &quoted, names]).to_owned();
        });
    })
    .python(&["TypeError"]),
    malformed("a claim that is no JSON", |draft| {
        draft.on_claim(|rng, claim| {
            let places: Vec<usize> = claim.char_indices().map(|(at, _)| at).collect();
            let end = pick(rng, &places);
            *claim = match rng.usize(..4) {
                0 => claim[..end].to_owned(),
                1 => format!("{claim}}}"),
                2 => claim.replacen(':', "=", 1),
                _ => format!("\u{feff}{claim}"),
            };
        });
    }),
    malformed("NaN or infinity in an unknown member", |draft| {
        let value = pick(&mut draft.rng, &["NaN", "Infinity", "-Infinity"]);
        draft.set("x", value);
    })
    .python(&["ok"]),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::OriginalBytes, Part::ClaimText, apply)
}

const fn malformed(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Claims, Part::ClaimText, apply)
}

fn pick<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())]
}

fn first_value(name: &str) -> &'static str {
    match name {
        "iat" | "ext" | "nbf" => "1",
        _ => "\"x\"",
    }
}
