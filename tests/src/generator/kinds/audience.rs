use super::super::{Draft, Kind, Part, Rule, Step};

pub(super) const KINDS: &[Kind] = &[
    refused("another application", |draft| {
        let other = format!("\"{}\"", super::super::draft::text(&mut draft.rng, 44));
        draft.set("aud", other);
    }),
    refused("almost the client id", |draft| {
        let client_id = draft.client_id.clone().unwrap_or_default();
        let almost = match draft.rng.usize(..4) {
            0 => format!("{client_id} "),
            1 => client_id[1..].to_owned(),
            2 => format!("{client_id}\\u0000"),
            _ => String::new(),
        };
        draft.set("aud", format!("\"{almost}\""));
    }),
    Kind::harmless("any audience", Rule::Audience, Part::Audience, |draft| draft.client_id = None)
        .python(&["DIDTokenInvalid"]),
];

const fn refused(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_AUDIENCE_MISMATCH"];
    Kind::new(name, Rule::Audience, Part::Audience, Step::Audience, expected, apply)
}
