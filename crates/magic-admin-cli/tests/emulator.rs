//! Runs `magic-admin emulator` as a process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use magic_admin_testkit::TestUser;
use serde_json::{Value, json};
use support::{Emulator, Ended, TempFile, magic_admin, run};

fn call(emulator: &Emulator, arguments: &[&str]) -> Ended {
    let mut command = magic_admin(arguments);
    command
        .env("MAGIC_API_BASE_URL", emulator.text("base_url"))
        .env("MAGIC_API_SECRET_KEY", emulator.text("secret_key"))
        .env("MAGIC_API_RETRIES", "0");
    run(&mut command)
}

#[cfg(unix)]
#[test]
fn it_serves_logs_and_stops_cleanly() {
    for signal in ["TERM", "INT"] {
        let emulator = Emulator::start(&[]);
        let base_url = format!("http://{}", emulator.text("address"));
        assert_eq!(emulator.text("base_url"), base_url);

        let info = call(&emulator, &["client", "info", "--json"]).done();
        assert_eq!(info["client_id"], emulator.announced["client_id"]);
        let tokens = emulator.announced["tokens"].as_array().unwrap();
        assert_eq!(tokens.len(), 2);
        for (sample, email) in tokens.iter().zip(["alice@example.com", "bob@example.com"]) {
            let token = sample["token"].as_str().unwrap();
            let user = call(&emulator, &["user", "get", "--json", "--token", token]).done();
            assert_eq!((&user["issuer"], &user["email"]), (&sample["issuer"], &json!(email)));
            assert_eq!(user["public_address"], sample["public_address"]);
        }
        let mut wrong = magic_admin(&["client", "info"]);
        wrong.env("MAGIC_API_BASE_URL", &base_url).env("MAGIC_API_SECRET_KEY", "sk_live_WRONG");
        assert_eq!(run(&mut wrong).status, 1);

        let by_email = ["user", "get", "--json", "--email", "alice@example.com"];
        call(&emulator, &by_email).done();

        let ended = emulator.stop(signal);
        assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{ended:?}");
        let calls: Vec<_> =
            ended.stderr.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(
            calls,
            [
                "GET /v1/admin/client 200",
                "GET /v1/admin/client 200",
                "GET /v1/admin/user 200",
                "GET /v1/admin/client 200",
                "GET /v1/admin/user 200",
                "GET /v1/admin/client 401 (wrong or no X-Magic-Secret-Key)",
                "GET /v2/admin/user 200",
            ]
        );
        // The port has been released.
        assert!(std::net::TcpStream::connect(base_url.trim_start_matches("http://")).is_err());
    }
}

#[test]
fn it_reads_users_from_a_file() {
    let users = json!([
        {"key_seed": 7, "email": "g@example.com", "oauth_provider": "google", "new": [1]},
        {"public_address": "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF",
         "wallets": [{"network": "mainnet", "public_address": "9xQe", "wallet_type": "SOLANA"}]},
    ]);
    let file = TempFile::new("users.json", &users.to_string());
    let emulator = Emulator::start(&["--users", file.path(), "--client-id", "my app"]);
    assert_eq!(emulator.text("client_id"), "my app");

    let samples = emulator.announced["tokens"].as_array().unwrap();
    let issuers: Vec<_> = samples.iter().map(|sample| &sample["issuer"]).collect();
    assert_eq!(issuers, [&json!(TestUser::from_seed(7).issuer().to_string())]);
    let token = samples[0]["token"].as_str().unwrap();
    let arguments = ["token", "validate", "--json", "--client-id", "my app", token];
    run(&mut magic_admin(&arguments)).done();

    let get = |address: &str| {
        let arguments = ["user", "get", "--json", "--wallet", "ANY", "--address", address];
        call(&emulator, &arguments)
    };
    let first: Value = get(&TestUser::from_seed(7).address().to_string()).done();
    assert_eq!((&first["email"], &first["new"]), (&json!("g@example.com"), &json!([1])));
    let second = get("0x2b5ad5c4795c026514f8317c7a215e218dccd6cf").done();
    assert_eq!(second["wallets"], users[1]["wallets"]);
    get("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf").refused("SERVICE_ERROR");
}

#[test]
fn any_user_accepts_everyone() {
    let emulator = Emulator::start(&["--any-user"]);
    let address = "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69";
    let user = call(&emulator, &["user", "get", "--json", "--address", address]).done();
    assert_eq!((&user["public_address"], &user["email"]), (&json!(address), &json!(null)));
}

#[cfg(unix)]
#[test]
fn a_browser_signs_in_with_a_fixed_code() {
    let emulator =
        Emulator::start(&["--code", "246813", "--seed", "7", "--publishable-key", "pk_live_1"]);
    assert_eq!(emulator.text("endpoint"), emulator.text("base_url"));
    assert_eq!(emulator.text("publishable_key"), "pk_live_1");
    let ask = |question: Value| emulator.ask_relayer(&question);
    let sign_in = |key: &str, method: &str| {
        let params = json!([{"email": "dora@example.com"}]);
        ask(json!({"op": "call", "key": key, "method": method, "params": params}))
    };
    let method = "magic_auth_login_with_email_otp";
    assert_eq!(sign_in("pk_live_2", method)["error"]["code"], json!(-32600));
    let begun = sign_in("pk_live_1", method);
    let id = &begun["sign_in"]["sign_in"];
    let answer = ask(json!({"op": "enter", "sign_in": id, "code": "246813"}));
    let token = answer["result"].as_str().unwrap();
    let user = call(&emulator, &["user", "get", "--json", "--token", token]).done();
    assert_eq!(user["email"], json!("dora@example.com"));
    sign_in("pk_live_1", "magic_auth_login_with_magic_link");

    let log = emulator.stop("TERM").stderr;
    for part in [method, "one-time code: 246813", "signed in", "magic link: /relayer/confirm?"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert!(!log.contains("dora") && !log.contains(&token[..40]), "{log}");
    assert_eq!(run(&mut magic_admin(&["emulator", "--code", "12345"])).status, 2);
}

/// Returns the address of a new user who signs in in a new browser.
fn address_of_dora(seed: &[&str]) -> String {
    let emulator = Emulator::start(&[&["--code", "246813"], seed].concat());
    let call = |session: Value, method: &str, params: Value| {
        let key = emulator.text("publishable_key");
        let question = json!({"op": "call", "key": key, "session": session, "method": method, "params": params});
        emulator.ask_relayer(&question)
    };
    let email = json!([{"email": "dora@example.com"}]);
    let begun = call(Value::Null, "magic_auth_login_with_email_otp", email);
    let sign_in = &begun["sign_in"]["sign_in"];
    let enter = json!({"op": "enter", "sign_in": sign_in, "code": "246813"});
    let session = emulator.ask_relayer(&enter)["session"].clone();
    call(session, "eth_accounts", json!([]))["result"][0].as_str().unwrap().to_owned()
}

#[test]
fn addresses_survive_a_restart() {
    let dora = address_of_dora(&[]);
    assert_eq!(address_of_dora(&["--seed", "0"]), dora);
    let of_seven = address_of_dora(&["--seed", "7"]);
    assert_eq!(address_of_dora(&["--seed", "7"]), of_seven);
    assert_ne!(of_seven, dora);
}

#[test]
fn errors_name_the_place() {
    let file = TempFile::new("wrong.json", "[\n {\"key_seed\": 1},\n {\"key_seed\": \"1\"}\n]");
    let emulator = |more: &[&str]| {
        let mut arguments = vec!["emulator", "--json"];
        arguments.extend(more);
        run(&mut magic_admin(&arguments))
    };
    let ended = emulator(&["--users", file.path()]);
    ended.refused("ERROR_CONFIGURATION");
    for part in [file.path(), "[1].key_seed", "line 3"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    emulator(&["--users", "/nowhere/users.json"]).refused("ERROR_CONFIGURATION");
    emulator(&["--client-id", ""]).refused("ERROR_CONFIGURATION");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = emulator(&["--bind", &address]);
    ended.refused("ERROR_CONFIGURATION");
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn the_text_output_is_for_a_shell() {
    use std::process::Command;

    // Unescaped quotes would end the shell's words and JavaScript's strings.
    let (_emulator, mut settings) = support::emulator_text(&[
        "--client-id",
        "Dora's \"app\"",
        "--publishable-key",
        "pk_live_'\"",
    ]);
    assert!(
        settings.contains(r#"new Magic("pk_live_'\"", { endpoint: "http://127.0.0.1:"#),
        "{settings}"
    );
    settings.push_str("export MAGIC_API_BASE_URL MAGIC_API_SECRET_KEY; \"$0\" client info --json; printf %s \"$MAGIC_CLIENT_ID\"");
    let shell = Command::new("sh")
        .args(["-c", &settings, env!("CARGO_BIN_EXE_magic-admin")])
        .output()
        .unwrap();
    let output = String::from_utf8(shell.stdout).unwrap();
    let (info, client_id) = output.split_once('\n').unwrap();
    let info: Value = serde_json::from_str(info).unwrap();
    assert_eq!((&info["client_id"], client_id), (&json!(client_id), "Dora's \"app\""));
}
