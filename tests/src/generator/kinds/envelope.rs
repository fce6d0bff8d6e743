use super::super::{
    Draft, Kind, Part, Rule,
    draft::{Envelope, quoted},
};

pub(super) const KINDS: &[Kind] = &[
    harmless("white space in the outer JSON", |draft| {
        draft.on_envelope(|rng, outer| {
            let mut space = || " \n\t\r".repeat(rng.usize(..3));
            let (proof, claim) = (quoted(&outer.proof), quoted(&outer.claim));
            let parts = ["[", &proof, ",", &claim, "]"];
            outer.json = parts.map(|part| space() + part).concat().into_bytes();
        });
    }),
    harmless("escapes in the outer JSON", |draft| {
        draft.on_envelope(|rng, outer| {
            let escape = |text: &str| {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            };
            let proof = if rng.bool() { escape(&outer.proof) } else { quoted(&outer.proof) };
            outer.json = format!("[{proof},{}]", escape(&outer.claim)).into_bytes();
        });
    }),
    malformed("three elements", |draft| {
        draft.on_envelope(|rng, outer| {
            let third = pick(rng, &["null", "1", "\"\"", "[]", "{}"]);
            insert_before_end(&mut outer.json, &format!(",{third}"));
        });
    })
    .js(&["ok"]),
    malformed("fewer elements", |draft| {
        draft.on_envelope(|rng, outer| {
            let proof = quoted(&outer.proof);
            outer.json = pick(rng, &["[]", &format!("[{proof}]"), "\"\"", "{}"]).into();
        });
    }),
    malformed("a trailing comma", |draft| {
        draft.on_envelope(|_, outer| insert_before_end(&mut outer.json, ","));
    }),
    malformed("text after the outer JSON", |draft| {
        draft.on_envelope(|rng, outer| {
            let text = pick(rng, &["x", "[]", ",", "]", "\u{0}"]);
            outer.json.extend_from_slice(text.as_bytes());
        });
    }),
    malformed("a byte order mark", |draft| {
        draft.on_envelope(|_, outer| outer.json.splice(..0, *b"\xef\xbb\xbf").for_each(drop));
    }),
    malformed("an object of two members", |draft| {
        draft.on_envelope(|_, outer| {
            let (proof, claim) = (quoted(&outer.proof), quoted(&outer.claim));
            outer.json = format!("{{\"0\":{proof},\"1\":{claim}}}").into_bytes();
        });
    })
    .python(&["KeyError"]),
    malformed("no container", |draft| {
        draft.on_envelope(|rng, outer| {
            outer.json = pick(rng, &["null", "1", "true", "1.5"]).into();
        });
    })
    .python(&["TypeError"]),
    malformed("a proof that is no text", |draft| {
        draft.on_envelope(|rng, outer| {
            let proof = pick(rng, &["null", "1", "true", "[]", "{}"]);
            outer.json = format!("[{proof},{}]", quoted(&outer.claim)).into_bytes();
        });
    })
    .js(&["ERROR_FAILED_RECOVERING_PROOF"])
    .python(&["TypeError", "ValueError", "ValidationError"]),
    malformed("a proof that is a number of 65 bytes", |draft| {
        draft.on_envelope(|_, outer| {
            let number = decimal(outer.proof.trim_start_matches("0x"));
            outer.json = format!("[{number},{}]", quoted(&outer.claim)).into_bytes();
        });
    })
    .js(&["ERROR_FAILED_RECOVERING_PROOF"])
    .python(&["ok"]),
    malformed("a claim that is no text", |draft| {
        draft.on_envelope(|rng, outer| {
            let claim = pick(rng, &["null", "1", "true", "{}", "[]", &outer.claim]);
            outer.json = format!("[{},{claim}]", quoted(&outer.proof)).into_bytes();
        });
    }),
    malformed("a claim in a list", |draft| {
        draft.on_envelope(|_, outer| {
            let (proof, claim) = (quoted(&outer.proof), quoted(&outer.claim));
            outer.json = format!("[{proof},[{claim}]]").into_bytes();
        });
    })
    .js(&["ERROR_FAILED_RECOVERING_PROOF", "ERROR_INCORRECT_SIGNER_ADDR", "ok"]),
    malformed("bytes that are not UTF-8", |draft| {
        draft.on_envelope(|rng, outer| {
            let at = rng.usize(1..outer.json.len());
            outer.json.insert(at, [0xff, 0x80, 0xc0, 0xed][rng.usize(..4)]);
        });
    })
    .js(&["ERROR_FAILED_RECOVERING_PROOF", "ERROR_INCORRECT_SIGNER_ADDR"]),
    malformed("a lone surrogate in the outer JSON", |draft| {
        draft.set("y", "\"\u{fffd}\"");
        draft.on_envelope(|_, outer| {
            let json = Envelope::json(&outer.proof, &outer.claim);
            outer.json = json.replace('\u{fffd}', "\\ud800").into_bytes();
        });
    })
    .js(&["ok"])
    .python(&["DIDTokenInvalid"]),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::Envelope, Part::Envelope, apply)
}

const fn malformed(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::malformed(name, Rule::Envelope, Part::Envelope, apply)
}

fn pick(rng: &mut fastrand::Rng, texts: &[&str]) -> String {
    texts[rng.usize(..texts.len())].to_owned()
}

fn insert_before_end(json: &mut Vec<u8>, text: &str) {
    let end = json.len() - 1;
    json.splice(end..end, text.bytes());
}

/// Converts hex digits to decimal.
fn decimal(hex_digits: &str) -> String {
    let mut decimal = vec![0_u32];
    for digit in hex_digits.chars().filter_map(|digit| digit.to_digit(16)) {
        let mut carry = digit;
        for place in &mut decimal {
            carry += *place * 16;
            (*place, carry) = (carry % 10, carry / 10);
        }
        while carry > 0 {
            decimal.push(carry % 10);
            carry /= 10;
        }
    }
    decimal.iter().rev().map(u32::to_string).collect()
}
