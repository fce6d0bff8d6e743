use fastrand::Rng;
use magic_admin_testkit::Encoding;

use super::super::{Draft, Kind, Part, Rule};

pub(super) const KINDS: &[Kind] = &[
    harmless("base64 as Magic writes it", |_| {}),
    harmless("base64url", |draft| draft.encoding = Encoding::UrlSafe),
    harmless("no padding", |draft| {
        draft.remainder = Some(1);
        draft.encoding = Encoding::StandardUnpadded;
    })
    .python(&["DIDTokenMalformed"]),
    harmless("no padding in base64url", |draft| {
        draft.remainder = Some(2);
        draft.encoding = Encoding::UrlSafeUnpadded;
    })
    .python(&["DIDTokenMalformed"]),
    malformed("foreign character", |draft| draft.on_text(insert_foreign))
        .js(&["ok"])
        .python(&["ok"]),
    malformed("character beyond ASCII", |draft| {
        draft.on_text(|rng, text| {
            let character = ['é', '\u{ff1d}', '\u{a0}', '\u{feff}'][rng.usize(..4)];
            text.insert(position(rng, text), character);
        });
    })
    .js(&["ok"]),
    malformed("both alphabets", |draft| {
        // This text contains `+` and `/` at every alignment in base64.
        draft.set("y", "\"???>>>???>>>\"");
        draft.on_text(|_, text| *text = text.replacen('+', "-", 1));
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("one of two `=`", |draft| {
        draft.remainder = Some(1);
        draft.on_text(|_, text| {
            text.pop();
        });
    })
    .js(&["ok"]),
    malformed("more `=`", |draft| {
        draft.on_text(|rng, text| text.push_str(&"=".repeat(rng.usize(1..=4))));
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("text after the padding", |draft| {
        draft.remainder = Some(2);
        draft.on_text(|rng, text| text.push_str(&"A".repeat(rng.usize(1..=4))));
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("unused bits that are not zero", |draft| {
        draft.remainder = Some(1);
        draft.on_text(|rng, text| {
            // Four bits of the last character before `==` are unused.
            let at = text.len() - 3;
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let value = alphabet.iter().position(|byte| *byte == text.as_bytes()[at]);
            let changed = alphabet[value.expect("it is base64") | rng.usize(1..16)];
            text.replace_range(at..=at, &char::from(changed).to_string());
        });
    })
    .js(&["ok"])
    .python(&["ok"]),
    malformed("a lone last character", |draft| {
        draft.remainder = Some(0);
        draft.on_text(|_, text| text.push('A'));
    })
    .js(&["ok"]),
    malformed("broken off", |draft| {
        draft.on_text(|rng, text| text.truncate(rng.usize(..text.len() - 8)));
    }),
    malformed("longer than 8 KiB", |draft| {
        let member = format!("\"{}\"", "a".repeat(6_200));
        draft.set("w", member);
    })
    .js(&["ok"])
    .python(&["ok"]),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::Encoding, Part::Encoding, apply)
}

const fn malformed(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Encoding, Part::Encoding, apply)
}

fn insert_foreign(rng: &mut Rng, text: &mut String) {
    let character = [' ', '\n', '\t', '\r', '!', '.', '*', '~', '\0', '"'][rng.usize(..10)];
    text.insert(position(rng, text), character);
}

/// Returns a random position before the padding.
fn position(rng: &mut Rng, text: &str) -> usize {
    rng.usize(..=text.trim_end_matches('=').len())
}
