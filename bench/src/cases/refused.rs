use std::hint::black_box;

use magic_admin_testkit::TestUser;

use crate::{
    App,
    measure::{Case, Group},
};

/// Rejected tokens by kind, compared with a valid token. A rejection must not cost more.
pub fn refused(app: &App) -> Group<'static> {
    let (alice, mallory) = (TestUser::from_seed(1), TestUser::from_seed(2));
    let builder = || app.mint.builder(&alice);
    let good = builder().build();
    let tokens = [
        ("a valid token", good.clone()),
        ("not base64", good.replacen('A', "!", 1)),
        ("half a token", good[..good.len() / 8 * 4].to_owned()),
        ("a missing claim", builder().remove("ext").build()),
        ("a claim of the wrong type", builder().set("ext", "soon").build()),
        ("no signature", builder().proof("0x00").build()),
        ("forged", builder().signed_by(&mallory).build()),
        ("tampered", builder().tampered().build()),
        ("expired", builder().expired().build()),
        ("not yet valid", builder().not_yet_valid().build()),
        ("for another application", builder().audience("another application").build()),
    ];
    let verifier = app.verifier().cache_bytes(0).build();
    let case = |(name, token): (&str, String)| {
        let verifier = verifier.clone();
        assert_eq!(verifier.verify(&token).is_ok(), name == "a valid token", "{name}");
        Case::new(name, move || drop(black_box(verifier.verify(black_box(&token)))))
    };
    Group { name: "refused tokens", cases: tokens.into_iter().map(case).collect() }
}
