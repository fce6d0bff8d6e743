use super::super::{Draft, Kind, Part, Rule};

pub(super) const KINDS: &[Kind] = &[
    harmless("texts beyond ASCII", |draft| {
        let text = ["Jürgen", "雪", "😀", "\u{80}", "\u{2028}"][draft.rng.usize(..5)];
        draft.set("sub", format!("\"{text}\""));
    })
    .js(&["ERROR_MALFORMED_TOKEN", "ERROR_INCORRECT_SIGNER_ADDR", "ERROR_FAILED_RECOVERING_PROOF"])
    .python(&["DIDTokenInvalid"]),
    harmless("escapes in a text", |draft| {
        let text =
            ["\\/", "\\u0041", "\\u00E9", "\\u00e9", "\\n", "\\\"", "\\\\", "\\ud83d\\ude00"]
                [draft.rng.usize(..8)];
        draft.set("sub", format!("\"{text}\""));
    })
    .python(&["DIDTokenInvalid"]),
    harmless("an empty text", |draft| draft.set("sub", "\"\"")),
    harmless("a long text", |draft| {
        let text = "a".repeat(draft.rng.usize(1_000..3_000));
        draft.set("sub", format!("\"{text}\""));
    }),
    harmless("a raw delete character", |draft| draft.set("sub", "\"\u{7f}\""))
        .python(&["DIDTokenInvalid"]),
    harmless("members in another order", |draft| {
        let subject = draft.user.subject().to_owned();
        draft.edit(|builder| builder.remove("sub").set("sub", subject));
    }),
    malformed("a lone surrogate", |draft| {
        let text = ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800"][draft.rng.usize(..4)];
        draft.set("sub", format!("\"{text}\""));
    })
    .js(&["ok"])
    .python(&["ok", "DIDTokenInvalid"]),
    malformed("a raw control character", |draft| draft.set("sub", "\"a\nb\"")),
    malformed("an unknown escape", |draft| draft.set("sub", "\"\\x41\"")),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::OriginalBytes, Part::Subject, apply)
}

const fn malformed(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Claims, Part::Subject, apply)
}
