use magic_admin_testkit::TestUser;

use super::super::{Draft, Kind, Part, Rule, Step};

pub(super) const KINDS: &[Kind] = &[
    harmless("lower-case digits", |draft| {
        name(draft, |address| format!("did:ethr:{}", address.to_lowercase()))
    })
    .python(&["DIDTokenInvalid"]),
    harmless("upper-case digits in the issuer", |draft| {
        name(draft, |address| format!("did:ethr:0x{}", address[2..].to_uppercase()))
    })
    .python(&["DIDTokenInvalid"]),
    refused("another method", |draft| {
        let prefix =
            ["did:other:", "DID:ETHR:", " did:ethr:", "x:y:", "::", "did::"][draft.rng.usize(..6)];
        let issuer = format!("\"{prefix}{}\"", draft.user.address());
        draft.set("iss", issuer);
    })
    .js(&["ok"])
    .python(&["ok"]),
    refused("more after the address", |draft| {
        name(draft, |address| format!("did:ethr:{address}:more"))
    })
    .js(&["ok"])
    .python(&["ok"]),
    refused("0X before the digits", |draft| {
        name(draft, |address| format!("did:ethr:0X{}", &address[2..]))
    })
    .js(&["ok"]),
    refused("a bare address", |draft| name(draft, |address| address.to_owned()))
        .python(&["DIDTokenMalformed"]),
    refused("no parts", |draft| {
        let issuer = ["\"\"", "\"did\"", "\"did:ethr\""][draft.rng.usize(..3)];
        draft.set("iss", issuer);
    })
    .python(&["DIDTokenMalformed"]),
    refused("too few or too many digits", |draft| {
        name(draft, |address| format!("did:ethr:{}", &address[..address.len() - 1]))
    }),
    refused("a space after the address", |draft| {
        name(draft, |address| format!("did:ethr:{address} "))
    }),
    refused("somebody else's address", |draft| {
        let other = TestUser::from_seed(draft.rng.u64(..)).issuer();
        draft.set("iss", format!("\"{other}\""));
    }),
];

const fn harmless(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    Kind::harmless(name, Rule::Issuer, Part::Issuer, apply)
}

const fn refused(name: &'static str, apply: fn(&mut Draft)) -> Kind {
    let expected = &["ERROR_INCORRECT_SIGNER_ADDR"];
    Kind::new(name, Rule::Issuer, Part::Issuer, Step::Signer, expected, apply)
}

fn name(draft: &mut Draft, issuer: fn(&str) -> String) {
    let issuer = issuer(&draft.user.address().to_string());
    draft.set("iss", format!("\"{issuer}\""));
}
