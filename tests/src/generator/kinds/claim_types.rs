use super::super::{Draft, Kind, Part, Rule};

pub(super) const KINDS: &[Kind] = &[
    malformed("no iat", Part::IssuedAt, |draft| remove(draft, "iat")),
    malformed("no ext", Part::Expiry, |draft| remove(draft, "ext")),
    malformed("no nbf", Part::NotBefore, |draft| remove(draft, "nbf")),
    malformed("no iss", Part::Issuer, |draft| remove(draft, "iss")),
    malformed("no sub", Part::Subject, |draft| remove(draft, "sub")),
    malformed("no aud", Part::Audience, |draft| remove(draft, "aud")),
    malformed("no tid", Part::TokenId, |draft| remove(draft, "tid")),
    malformed("null iat", Part::IssuedAt, |draft| draft.set("iat", "null")).python(&["ok"]),
    malformed("null ext", Part::Expiry, |draft| draft.set("ext", "null"))
        .python(&["DIDTokenInvalid"]),
    malformed("null nbf", Part::NotBefore, |draft| draft.set("nbf", "null")).python(&["TypeError"]),
    malformed("null iss", Part::Issuer, |draft| draft.set("iss", "null"))
        .python(&["AttributeError"]),
    malformed("null sub", Part::Subject, |draft| draft.set("sub", "null")).python(&["ok"]),
    malformed("null aud", Part::Audience, |draft| draft.set("aud", "null"))
        .python(&["DIDTokenInvalid"]),
    malformed("null tid", Part::TokenId, |draft| draft.set("tid", "null")).python(&["ok"]),
    malformed("iat is no number", Part::IssuedAt, |draft| {
        set_any(draft, "iat", &["\"soon\"", "\"1\"", "true", "[]", "{}", "[1]"]);
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("ext is a word", Part::Expiry, |draft| {
        set_any(draft, "ext", &["\"soon\"", "{}", "[1,2]"]);
    })
    .js(&["ok"])
    .python(&["TypeError"]),
    malformed("ext is a number as text", Part::Expiry, |draft| {
        let ext = draft.now + draft.rng.i64(-10..10);
        draft.set("ext", format!("\"{ext}\""));
    })
    .js(&["ok", "ERROR_DIDT_EXPIRED"])
    .python(&["TypeError"]),
    malformed("ext is a list of one number", Part::Expiry, |draft| {
        let ext = draft.now + draft.rng.i64(-10..10);
        draft.set("ext", format!("[{ext}]"));
    })
    .js(&["ok", "ERROR_DIDT_EXPIRED"])
    .python(&["TypeError"]),
    malformed("ext is empty", Part::Expiry, |draft| set_any(draft, "ext", &["\"\"", "[]"]))
        .js(&["ERROR_DIDT_EXPIRED"])
        .python(&["TypeError"]),
    malformed("ext is true or false", Part::Expiry, |draft| {
        set_any(draft, "ext", &["true", "false"]);
    })
    .js(&["ERROR_DIDT_EXPIRED"])
    .python(&["DIDTokenExpired"]),
    malformed("nbf is no number", Part::NotBefore, |draft| {
        set_any(draft, "nbf", &["\"soon\"", "\"1\"", "\"\"", "{}", "[]"]);
    })
    .js(&["ok"])
    .python(&["TypeError"]),
    malformed("nbf is true or false", Part::NotBefore, |draft| {
        set_any(draft, "nbf", &["true", "false"]);
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("nbf is a number as text or in a list", Part::NotBefore, |draft| {
        let nbf = draft.now + draft.rng.i64(0..600);
        let text = if draft.rng.bool() { format!("\"{nbf}\"") } else { format!("[{nbf}]") };
        draft.set("nbf", text);
    })
    .js(&["ok", "ERROR_DIDT_CANNOT_BE_USED_YET"])
    .python(&["TypeError"]),
    malformed("iss is no text", Part::Issuer, |draft| {
        set_any(draft, "iss", &["1", "true", "[]", "{}", "[\"did:ethr:0x\"]"]);
    })
    .python(&["AttributeError"]),
    malformed("sub is no text", Part::Subject, |draft| {
        set_any(draft, "sub", &["1", "true", "[]", "{}"]);
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("aud is no text", Part::Audience, |draft| {
        set_any(draft, "aud", &["1", "true", "{}", "[\"id\"]"]);
    })
    .js(&["ERROR_AUDIENCE_MISMATCH"])
    .python(&["DIDTokenInvalid"]),
    malformed("tid is no text", Part::TokenId, |draft| {
        set_any(draft, "tid", &["1", "true", "[]", "{}"]);
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("add is no text", Part::Attachment, |draft| {
        set_any(draft, "add", &["1", "true", "[]", "{}"]);
    })
    .js(&["ok"])
    .python(&["ok"]),
];

const fn malformed(name: &'static str, part: Part, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Claims, part, apply)
}

fn remove(draft: &mut Draft, name: &str) {
    draft.edit(|builder| builder.remove(name));
}

fn set_any(draft: &mut Draft, name: &str, values: &[&str]) {
    let value = values[draft.rng.usize(..values.len())];
    draft.set(name, value);
}
