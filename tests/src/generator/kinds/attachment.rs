use magic_admin_testkit::TestUser;

use super::super::{Draft, Kind, Part, Rule, Step};

pub(super) const KINDS: &[Kind] = &[
    harmless("the attachment that was signed", |draft| sign_and_name(draft, "a nonce", "a nonce")),
    harmless("the default attachment", |draft| sign_and_name(draft, "none", "none")),
    harmless("an empty attachment", |draft| sign_and_name(draft, "", "")),
    harmless("any signature when no attachment is named", |draft| draft.set("add", "\"0xzz\"")),
    harmless("no add", |draft| draft.edit(|builder| builder.remove("add")))
        .js(&["ERROR_MALFORMED_TOKEN"]),
    harmless("null add", |draft| draft.set("add", "null")).js(&["ERROR_MALFORMED_TOKEN"]),
    refused("another attachment", |draft| sign_and_name(draft, "a nonce", "a nonce "))
        .python(&["ok"]),
    refused("another attachment than the empty one", |draft| sign_and_name(draft, "none", ""))
        .js(&["ok"])
        .python(&["ok"]),
    refused("another attachment than none", |draft| sign_and_name(draft, "a nonce", "none"))
        .js(&["ok"])
        .python(&["ok"]),
    refused("an attachment signed by somebody else", |draft| {
        let other = TestUser::from_seed(draft.rng.u64(..));
        draft.edit(|builder| builder.attachment_proof(other.personal_sign("a nonce")));
        draft.attachment = Some("a nonce".to_owned());
    })
    .python(&["ok"]),
    unrecoverable("an unreadable add", |draft| {
        let add = ["\"\"", "\"0x\"", "\"none\"", "\"0x1b\""][draft.rng.usize(..4)];
        draft.set("add", add);
        draft.attachment = Some("a nonce".to_owned());
    })
    .python(&["ok"]),
    unrecoverable("an attachment named, and no add", |draft| {
        draft.edit(|builder| builder.remove("add"));
        draft.attachment = Some("a nonce".to_owned());
    })
    .js(&["ERROR_MALFORMED_TOKEN"])
    .python(&["ok"]),
    Kind::malformed(
        "an attachment named, and add is no text",
        Rule::Claims,
        Part::Attachment,
        |draft| {
            draft.set("add", "1");
            draft.attachment = Some("a nonce".to_owned());
        },
    )
    .js(&["ERROR_FAILED_RECOVERING_PROOF"])
    .python(&["ok"]),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::Attachment, Part::Attachment, apply)
}

const fn refused(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_INCORRECT_SIGNER_ADDR"];
    Kind::new(name, Rule::Attachment, Part::Attachment, Step::Attachment, expected, apply)
}

const fn unrecoverable(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_FAILED_RECOVERING_PROOF"];
    Kind::new(name, Rule::Attachment, Part::Attachment, Step::Attachment, expected, apply)
}

fn sign_and_name(draft: &mut Draft, signed: &str, named: &str) {
    draft.edit(|builder| builder.attachment(signed));
    draft.attachment = Some(named.to_owned());
}
