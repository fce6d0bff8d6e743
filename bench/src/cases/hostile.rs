use std::hint::black_box;

use magic_admin_testkit::{Encoding, TestUser, TokenBuilder};

use crate::{
    App,
    measure::{Case, Group},
};

/// Inputs designed to be slow, compared with a valid token. None may cost more than twice as much.
pub fn hostile(app: &App) -> Group<'static> {
    let verifier = app.verifier().cache_bytes(0).build();
    let good = ("a valid token".to_owned(), app.token(1));
    let case = |(name, token): (String, String)| {
        let verifier = verifier.clone();
        Case::new(name, move || drop(black_box(verifier.verify(black_box(&token)))))
    };
    let cases = std::iter::once(good).chain(inputs(app)).map(case).collect();
    Group { name: "hostile inputs", cases }
}

/// Returns the inputs by name. All are at most 8 KiB long.
pub fn inputs(app: &App) -> Vec<(String, String)> {
    let user = TestUser::from_seed(1);
    let builder = || app.mint.builder(&user);
    let mut inputs: Vec<(String, String)> = signed(&builder)
        .into_iter()
        .map(|(name, token)| (format!("signed: {name}"), token))
        .collect();
    inputs
        .extend(unsigned().map(|(name, json)| (name.to_owned(), Encoding::Standard.encode(json))));
    inputs.push(("base64 with an error at the end".into(), format!("{}!AAA", "A".repeat(LEN - 4))));
    inputs.push((
        "both base64 alphabets, mixed at the end".into(),
        format!("{}-AA+", "A".repeat(LEN - 4)),
    ));
    inputs.push(("only padding".into(), "=".repeat(LEN)));
    inputs.push(("a megabyte".into(), "A".repeat(1 << 20)));
    for (name, input) in &inputs {
        assert!(input.len() <= LEN || name == "a megabyte", "{name}: {}", input.len());
    }
    inputs
}

/// Returns the largest tokens that anyone can sign with their own key.
fn signed(builder: &dyn Fn() -> TokenBuilder) -> Vec<(&'static str, String)> {
    let with = |name: &str, json: String| builder().append_raw(name, json).build();
    let room = 4_700;
    vec![
        ("one long string", with("x", format!("\"{}\"", "x".repeat(room)))),
        ("one long claim", builder().set("sub", "s".repeat(room)).build()),
        ("escapes in an unknown claim", with("x", format!("\"{}\"", r"\u0041".repeat(room / 7)))),
        (
            "escapes in a known claim",
            builder().set_raw("sub", format!("\"{}\"", r"\u0041".repeat(room / 7))).build(),
        ),
        ("nested arrays", with("x", "[".repeat(room / 2) + &"]".repeat(room / 2))),
        ("a long integer", with("x", "1".repeat(room))),
        ("a long time", builder().set_raw("ext", format!("1.{}e9", "0".repeat(room))).build()),
        (
            "many digits of a time",
            builder().set_raw("iat", "1".repeat(300) + "." + &"1".repeat(room - 300)).build(),
        ),
        ("many claims", many_claims(builder(), room / 11)),
        ("white space", with("x", " ".repeat(room) + "1")),
    ]
}

fn many_claims(builder: TokenBuilder, count: usize) -> String {
    (0..count).fold(builder, |builder, _| builder.append_raw("x", "{}")).build()
}

fn unsigned() -> impl Iterator<Item = (&'static str, String)> {
    let room = LEN / 4 * 3;
    [
        ("only brackets", "[".repeat(room)),
        ("an unterminated string", "[\"".to_owned() + &"x".repeat(room - 2)),
        ("only escapes", "[\"".to_owned() + &r"\n".repeat((room - 4) / 2)),
        ("a third element at the end", format!("[\"\",\"{}\",1]", "x".repeat(room - 9))),
        ("a proof that is too long", format!("[\"0x{}\",\"{{}}\"]", "0".repeat(room - 11))),
        ("invalid UTF-8 at the end", "é".repeat(room / 2)),
        ("only zero bytes", "\0".repeat(room)),
    ]
    .into_iter()
}

/// The maximum length of a token that is parsed.
const LEN: usize = 8_192;
