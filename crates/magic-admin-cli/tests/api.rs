//! Runs `client info` and `user …` as processes, against a fake Admin API on a real port.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, Mint, TestUser};
use serde_json::json;
use support::{Ended, Fake, TempFile, magic_admin, run, run_with_stdin};

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const ALICE_ISSUER: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const BOB: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
/// The user with seed 3, whom no test adds.
const CAROL: &str = "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69";

fn fake() -> Fake {
    let alice = FakeUser::from(TestUser::from_seed(1))
        .email("alice+1@example.com")
        .oauth_provider("google")
        .wallet("mainnet", "9xQe", "SOLANA")
        .field("new_field", json!({"of": ["tomorrow"]}));
    let bob = FakeUser::from(TestUser::from_seed(2)).username("bob\u{1b}[2J");
    Fake::start(FakeMagic::builder().client_id("app").user(alice).user(bob))
}

fn alice(wallets: &serde_json::Value) -> serde_json::Value {
    json!({
        "issuer": ALICE_ISSUER, "public_address": ALICE, "email": "alice+1@example.com",
        "oauth_provider": "google", "phone_number": null, "username": null, "wallets": wallets,
        "new_field": {"of": ["tomorrow"]},
    })
}

#[test]
fn client_info_prints_magics_object() {
    let fake = fake();
    let info = fake.run(&["client", "info", "--json"]).done();
    assert_eq!(info, json!({"client_id": "app", "app_scope": "GLOBAL"}));

    let text = fake.run(&["client", "info"]);
    assert_eq!((text.status, text.stderr.as_str()), (0, ""));
    assert_eq!(text.stdout, "app_scope       GLOBAL\nclient_id       app\n");

    let mut legacy = fake.command(&["client", "info", "--json"]);
    assert_eq!(run(legacy.env("MAGIC_API_GENERATION", "legacy")).done(), info);
    assert_eq!(fake.magic.calls()[2].path(), "/v1/admin/client/get");
}

#[test]
fn user_get_prints_magics_object() {
    let fake = fake();
    let lower = ALICE.to_lowercase();
    let token = fake.magic.mint().token(&TestUser::from_seed(1));
    for named in [
        ["--issuer", ALICE_ISSUER],
        ["--address", &lower],
        ["--email", "alice+1@example.com"],
        ["--token", &token],
    ] {
        let user = fake.run(&["user", "get", "--json", named[0], named[1]]).done();
        assert_eq!(user, alice(&json!(null)), "{named:?}");
    }
    let wallets =
        json!([{"network": "mainnet", "public_address": "9xQe", "wallet_type": "SOLANA"}]);
    for (wallet, expected) in [("ANY", wallets.clone()), ("SOLANA", wallets), ("ETH", json!([]))] {
        let arguments = ["user", "get", "--json", "--address", ALICE, "--wallet", wallet];
        assert_eq!(fake.run(&arguments).done(), alice(&expected), "{wallet}");
    }

    let text = fake.run(&["user", "get", "--address", BOB]).stdout;
    assert!(text.contains(&format!("public_address  {BOB}\n")), "{text}");
    assert!(text.contains("username        bob\\u{1b}[2J\n"), "{text}");
    assert!(text.contains("email           -\n"), "{text}");
}

#[test]
fn user_get_by_email_sends_the_provider() {
    let fake = fake();
    let get = |provider| {
        let email = "alice+1@example.com";
        fake.run(&["user", "get", "--json", "--email", email, "--provider", provider])
    };
    get("google").done();
    let refusal = get("github").refused("SERVICE_ERROR");
    assert_eq!(
        (&refusal["status"], &refusal["error_code"]),
        (&json!(404), &json!("USER_NOT_FOUND"))
    );
    assert_eq!(fake.magic.calls()[1].query("provider").as_deref(), Some("github"));

    for nobody in [json!([]), json!({}), json!({"users": []})] {
        fake.magic.fail_next(Fault::json(200, nobody));
        get("google").refused("USER_NOT_FOUND");
    }
    // A list is printed with one object per line.
    fake.magic.fail_next(Fault::json(200, json!([{"issuer": ALICE_ISSUER}, {"email": "x"}])));
    let ended = get("google");
    assert_eq!(ended.json(), [json!({"issuer": ALICE_ISSUER}), json!({"email": "x"})]);
}

#[test]
fn user_list_makes_one_call() {
    let fake = fake();
    let arguments = ["user", "list", "--json", "--address", BOB, "--address", ALICE];
    let list = fake.run(&arguments).done();
    let addresses: Vec<_> =
        list["users"].as_array().unwrap().iter().map(|user| &user["public_address"]).collect();
    assert_eq!(addresses, [BOB, ALICE]);
    assert_eq!(fake.magic.calls().len(), 1);

    let text = fake.run(&["user", "list", "--address", BOB, "--address", ALICE]).stdout;
    let users: Vec<_> = text.split("\n\n").collect();
    assert!(users.len() == 2 && users[0].contains(BOB) && users[1].contains(ALICE), "{text}");
}

#[test]
fn logout_and_remove_mfa_act_on_the_user() {
    let fake = fake();
    let token = fake.magic.mint().token(&TestUser::from_seed(1));
    for (command, endpoint) in [("logout", Endpoint::Logout), ("remove-mfa", Endpoint::RemoveMfa)] {
        for named in [["--issuer", ALICE_ISSUER], ["--address", ALICE], ["--token", &token]] {
            fake.magic.clear_calls();
            let done = fake.run(&["user", command, "--json", named[0], named[1]]).done();
            assert_eq!(done, json!({"done": command, "issuer": ALICE_ISSUER}));
            let calls = fake.magic.calls_to(endpoint);
            assert_eq!(calls.len(), 1, "{command} {named:?}");
            assert_eq!(calls[0].issuer().as_deref(), Some(ALICE_ISSUER));
        }
        let text = fake.run(&["user", command, "--address", ALICE]);
        assert!(text.status == 0 && text.stdout.contains(ALICE_ISSUER), "{text:?}");
    }
}

#[test]
fn a_token_is_verified_first() {
    let fake = fake();
    let user = TestUser::from_seed(1);
    let others = Mint::new("other").token(&user);
    let expired = fake.magic.mint().builder(&user).expired().build();
    let forged = fake.magic.mint().builder(&user).signed_by(&TestUser::from_seed(2)).build();
    for (token, code) in [
        (&*others, "ERROR_AUDIENCE_MISMATCH"),
        (&expired, "ERROR_DIDT_EXPIRED"),
        (&forged, "ERROR_INCORRECT_SIGNER_ADDR"),
        ("", "ERROR_MALFORMED_TOKEN"),
    ] {
        for command in ["get", "logout", "remove-mfa"] {
            fake.run(&["user", command, "--json", "--token", token]).refused(code);
            let ended = fake.run(&["user", command, "--token", token]);
            assert_eq!(ended.stdout, "");
            assert!(ended.failed().starts_with(&format!("error: {code}: ")), "{}", ended.stderr);
        }
    }
    let calls = fake.magic.calls();
    assert!(calls.iter().all(|call| call.endpoint() == Some(Endpoint::Client)), "{calls:?}");

    // If the client ID is configured, it is not fetched.
    fake.magic.clear_calls();
    let mut logout = fake.command(&["user", "logout", "--token", &others]);
    assert_eq!(run(logout.env("MAGIC_CLIENT_ID", "app, other")).status, 0);
    assert_eq!((fake.magic.calls().len(), fake.magic.logout_calls().len()), (1, 1));

    // Without a client ID, no token is accepted.
    fake.magic.clear_calls();
    fake.magic.fail(Fault::status(500));
    let good = fake.magic.mint().token(&user);
    let ended = fake.run(&["user", "logout", "--json", "--token", &good]);
    let refusal = ended.refused("ERROR_UNAVAILABLE");
    assert!(refusal["message"].as_str().unwrap().contains("HTTP 500"), "{refusal}");
    assert!(fake.magic.logout_calls().is_empty());
}

#[test]
fn a_token_can_come_from_stdin() {
    let fake = fake();
    let token = fake.magic.mint().token(&TestUser::from_seed(1));
    let logout = |stdin: String| {
        run_with_stdin(
            &mut fake.command(&["user", "logout", "--json", "--token", "-"]),
            stdin.as_bytes(),
        )
    };
    assert_eq!(logout(format!("{token}\r\n")).done()["issuer"], ALICE_ISSUER);
    assert_eq!(logout(token.clone()).done()["issuer"], ALICE_ISSUER);
    assert_eq!(logout(format!("Authorization: Bearer {token}\n")).done()["issuer"], ALICE_ISSUER);
    logout(format!("{token} \n")).refused("ERROR_MALFORMED_TOKEN");
    logout(String::new()).refused("ERROR_CONFIGURATION");
    logout(format!("{token}\n{token}\n")).refused("ERROR_CONFIGURATION");
    assert_eq!(fake.magic.logout_calls().len(), 3);
}

#[test]
fn errors_of_magic_are_one_line_and_json() {
    let fake = fake();
    let get = || fake.run(&["user", "get", "--json", "--address", CAROL]);
    let refusal = get().refused("SERVICE_ERROR");
    assert_eq!(refusal["kind"], "Api");
    assert_eq!(refusal["status"], 404);
    assert_eq!(refusal["error_code"], "USER_NOT_FOUND");
    assert_eq!((&refusal["method"], &refusal["path"]), (&json!("GET"), &json!("/v1/admin/user")));

    fake.magic.fail_next(Fault::status(429).retry_after(7));
    let ended = get();
    let refusal = ended.refused("SERVICE_ERROR");
    assert_eq!((&refusal["kind"], &refusal["retry_after"]), (&json!("RateLimiting"), &json!(7)));
    for part in ["RateLimiting", "429", "/v1/admin/user", "7 s"] {
        assert!(ended.failed().contains(part), "{part}: {}", ended.stderr);
    }

    fake.magic.fail_next(Fault::html(502));
    assert_eq!(get().refused("SERVICE_ERROR")["status"], 502);
    fake.magic.fail_next(Fault::close());
    assert_eq!(get().refused("SERVICE_ERROR")["kind"], "ApiConnection");

    let arguments = ["user", "remove-mfa", "--json", "--issuer", ALICE_ISSUER];
    let ended = run(fake.command(&arguments).env("MAGIC_API_GENERATION", "legacy"));
    assert_eq!(ended.refused("SERVICE_ERROR")["status"], json!(null));
    assert!(fake.magic.calls_to(Endpoint::RemoveMfa).is_empty());
}

#[test]
fn a_wrong_key_is_never_shown() {
    let fake = fake();
    let info = |key: &str| {
        let mut command = fake.command(&["client", "info", "--json"]);
        let ended = run(command.env("MAGIC_API_SECRET_KEY", key));
        assert!(key.len() < 9 || !format!("{ended:?}").contains(key), "{ended:?}");
        ended
    };
    let ended = info("sk_live_WRONG0KEY");
    assert_eq!(ended.refused("SERVICE_ERROR")["kind"], "Authentication");
    assert!(ended.stderr.contains("sk_live_…"), "{}", ended.stderr);
    assert_eq!(fake.magic.calls().len(), 1);

    for unusable in ["", "pk_live_WRONG0KEY", "sk_test_WRONG0KEY", "sk_live_WRONG KEY"] {
        let ended = info(unusable);
        ended.refused("ERROR_CONFIGURATION");
        assert!(ended.stderr.contains("MAGIC_API_SECRET_KEY"), "{}", ended.stderr);
        assert!(ended.stderr.contains("sk_live_…"), "{}", ended.stderr);
    }
    assert_eq!(fake.magic.calls().len(), 1);
}

#[test]
fn the_key_can_come_from_a_file() {
    const KEY: &str = "MAGIC_API_SECRET_KEY";
    const FILE: &str = "MAGIC_API_SECRET_KEY_FILE";
    let fake = fake();
    let info = |variables: &[(&str, &str)], more: &[&str]| -> Ended {
        let mut command = fake.command(&["client", "info", "--json"]);
        run(command.args(more).env_remove(KEY).envs(variables.iter().copied()))
    };
    let file = TempFile::new("key", &format!("{}\n", fake.magic.secret_key()));
    let file = file.path();
    info(&[(FILE, file)], &[]).done();
    info(&[], &["--secret-key-file", file]).done();
    // The option takes precedence over the environment.
    info(&[(KEY, "sk_live_WRONG")], &["--secret-key-file", file]).done();

    let both = info(&[(KEY, "sk_live_WRONG"), (FILE, file)], &[]);
    both.refused("ERROR_CONFIGURATION");
    assert!(both.stderr.contains("MAGIC_API_SECRET_KEY and MAGIC_API_SECRET_KEY_FILE"));

    let missing = info(&[(FILE, "/nowhere/key")], &[]);
    missing.refused("ERROR_CONFIGURATION");
    assert!(missing.stderr.contains("/nowhere/key"));
    let empty = TempFile::new("empty-key", "\n");
    info(&[(FILE, empty.path())], &[]).refused("ERROR_CONFIGURATION");
    info(&[(FILE, "")], &[]).refused("ERROR_CONFIGURATION");

    // All other settings apply to a key from a file as well.
    let token = Mint::new("other").token(&TestUser::from_seed(1));
    let mut logout = fake.command(&["user", "logout", "--json", "--token", &token]);
    logout.env("MAGIC_CLIENT_ID", "app, other").args(["--secret-key-file", file]);
    run(logout.env_remove(KEY)).done();
    let retries = info(&[(FILE, file), ("MAGIC_API_RETRIES", "-1")], &[]);
    retries.refused("ERROR_CONFIGURATION");
    assert!(retries.stderr.contains("MAGIC_API_RETRIES"));
}

#[test]
fn nothing_is_sent_without_a_key() {
    for arguments in [
        &["client", "info", "--json"][..],
        &["user", "get", "--json", "--address", ALICE],
        &["user", "list", "--json", "--address", ALICE],
        &["user", "logout", "--json", "--address", ALICE],
        &["user", "remove-mfa", "--json", "--address", ALICE],
    ] {
        let ended = run(&mut magic_admin(arguments));
        ended.refused("ERROR_CONFIGURATION");
        assert!(ended.stderr.contains("MAGIC_API_SECRET_KEY is not set"), "{}", ended.stderr);
    }
}
