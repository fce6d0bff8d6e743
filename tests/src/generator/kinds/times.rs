use super::super::{Draft, Kind, Part, Rule, Step};

pub(super) const KINDS: &[Kind] = &[
    // No SDK deviates from rules 5 and 6 for well-typed times.
    new("ext is now or later", Rule::Expiry, Part::Expiry, Step::Passed, &["ok"], |draft| {
        let ext = draft.now + draft.rng.i64(0..3);
        draft.set("ext", ext.to_string());
    }),
    new("ext is past", Rule::Expiry, Part::Expiry, Step::Expiry, EXPIRED, |draft| {
        let past = if draft.rng.bool() { 1 } else { draft.rng.i64(1..4_000_000_000) };
        let ext = draft.now - past;
        draft.set("ext", ext.to_string());
    }),
    new("nbf is in the grace", Rule::NotBefore, Part::NotBefore, Step::Passed, &["ok"], |draft| {
        let nbf = draft.now + 300 - draft.rng.i64(0..600);
        draft.set("nbf", nbf.to_string());
    }),
    new("nbf is later", Rule::NotBefore, Part::NotBefore, Step::NotBefore, TOO_EARLY, |draft| {
        let later = if draft.rng.bool() { 301 } else { draft.rng.i64(301..4_000_000_000) };
        let nbf = draft.now + later;
        draft.set("nbf", nbf.to_string());
    }),
    new("iat is anything", Rule::Claims, Part::IssuedAt, Step::Passed, &["ok"], |draft| {
        let iat = draft.rng.i64(..) >> draft.rng.u32(11..64);
        draft.set("iat", iat.to_string());
    }),
    // JSON allows several forms of a number, which Python does not preserve.
    form("ext with a fraction", Part::Expiry, |draft| {
        let (now, part) = (draft.now, draft.rng.u32(1..1_000));
        draft.set("ext", format!("{now}.{part:03}"));
    }),
    new(
        "ext with a fraction, past",
        Rule::OriginalBytes,
        Part::Expiry,
        Step::Expiry,
        EXPIRED,
        |draft| {
            let (past, part) = (draft.now - 1, draft.rng.u32(0..1_000));
            draft.set("ext", format!("{past}.{part:03}"));
        },
    )
    .python(&["DIDTokenInvalid"]),
    form("ext with an exponent", Part::Expiry, |draft| {
        let value =
            ["3e9", "3E+9", "4.5e9", "1.0e300", "1.0000000000016881e+21"][draft.rng.usize(..5)];
        draft.set("ext", value);
    }),
    form("ext beyond i64", Part::Expiry, |draft| {
        let value =
            ["9223372036854775808", "99999999999999999999999", "1e30"][draft.rng.usize(..3)];
        draft.set("ext", value);
    }),
    new("ext is minus zero", Rule::OriginalBytes, Part::Expiry, Step::Expiry, EXPIRED, |draft| {
        let value = ["-0", "-0.0", "0e5"][draft.rng.usize(..3)];
        draft.set("ext", value);
    })
    .python(&["DIDTokenInvalid"]),
    form("nbf with a fraction", Part::NotBefore, |draft| {
        let nbf = draft.now + 299;
        let part = draft.rng.u32(0..=100);
        draft.set("nbf", format!("{nbf}.{part:03}"));
    }),
    new(
        "nbf with a fraction, later",
        Rule::OriginalBytes,
        Part::NotBefore,
        Step::NotBefore,
        TOO_EARLY,
        |draft| {
            let nbf = draft.now + 300;
            let part = draft.rng.u32(1..1_000);
            draft.set("nbf", format!("{nbf}.{part:03}"));
        },
    ),
    form("nbf far back", Part::NotBefore, |draft| {
        let value = ["-1e300", "-9223372036854775809", "-1.5", "-1E-5"][draft.rng.usize(..4)];
        draft.set("nbf", value);
    }),
    overflow("ext beyond a double", Part::Expiry, |draft| {
        let value = ["1e400", "9.9e999"][draft.rng.usize(..2)];
        draft.set("ext", value);
    })
    .python(&["DIDTokenInvalid"]),
    Kind::harmless("ext of 400 digits", Rule::OriginalBytes, Part::Expiry, |draft| {
        draft.set("ext", "9".repeat(400));
    }),
    overflow("nbf beyond a double", Part::NotBefore, |draft| draft.set("nbf", "-1e400"))
        .python(&["DIDTokenInvalid"]),
    overflow("iat beyond a double", Part::IssuedAt, |draft| draft.set("iat", "1e400"))
        .python(&["DIDTokenInvalid"]),
    malformed("ext is NaN or infinity", |draft| {
        let value = ["NaN", "Infinity"][draft.rng.usize(..2)];
        draft.set("ext", value);
    })
    .python(&["ok"]),
    malformed("ext is minus infinity", |draft| draft.set("ext", "-Infinity"))
        .python(&["DIDTokenExpired"]),
    malformed("ext is no JSON number", |draft| {
        let value = ["0x70000000", "+3000000000", "03000000000", ".5e10", "3000000000.", "1e"]
            [draft.rng.usize(..6)];
        draft.set("ext", value);
    }),
];

const EXPIRED: &[&str] = &["ERROR_DIDT_EXPIRED"];
const TOO_EARLY: &[&str] = &["ERROR_DIDT_CANNOT_BE_USED_YET"];

const fn new(
    name: &'static str,
    rule: Rule,
    part: Part,
    step: Step,
    expected: &'static [&'static str],
    apply: fn(&mut Draft),
) -> Kind {
    Kind::new(name, rule, part, step, expected, apply)
}

const fn form(name: &'static str, part: Part, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::OriginalBytes, part, apply).python(&["DIDTokenInvalid"])
}

const fn overflow(name: &'static str, part: Part, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Claims, part, apply).js(&["ok"])
}

const fn malformed(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Claims, Part::Expiry, apply)
}
