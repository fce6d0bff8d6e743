//! Runs the official SDKs, unmodified, against `magic-admin emulator` as a process, with tokens
//! from `magic-admin token mint`. `tests/peers/README.md` describes how they are installed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use support::{Emulator, TempFile, magic_admin, run, shared_tests};

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const ALICE_ISSUER: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

#[cfg(unix)]
#[test]
fn the_node_sdk_works() {
    let Some(peer) = Peer::node() else { return };
    let emulator = emulator();
    let token = mint(&emulator);
    let steps = peer.call(&emulator, emulator.text("secret_key"), &token, &[]);

    assert_eq!(steps["client_info"], json!({"client_id": emulator.text("client_id")}));
    assert_eq!(steps["token_validate"], json!(null));
    let user = |wallets: &Value| {
        json!({
            "issuer": ALICE_ISSUER, "publicAddress": ALICE, "email": "alice@example.com",
            "oauthProvider": "google", "phoneNumber": null, "username": null, "wallets": wallets,
        })
    };
    for by in ["issuer", "public_address", "token"] {
        assert_eq!(steps[&format!("metadata_by_{by}")], user(&json!(null)), "{by}");
        assert_eq!(steps[&format!("metadata_by_{by}_and_wallet")], user(&wallets()), "{by}");
        assert!(steps.contains_key(&format!("logout_by_{by}")), "{by}");
    }

    let ended = emulator.stop("TERM");
    assert_eq!(ended.stderr.lines().filter(|line| line.ends_with(" 200")).count(), 10);
    assert_eq!(count(&ended.stderr, "POST /v1/admin/user/logout 200"), 3, "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn the_node_sdk_with_a_wrong_key() {
    let Some(peer) = Peer::node() else { return };
    let emulator = emulator();
    let token = mint(&emulator);
    let steps = peer.call(&emulator, "sk_live_WRONG", &token, &[]);
    // The SDK ignores the HTTP status: rejected lookups return null, and a logout "succeeds".
    assert_eq!(steps["client_info"], json!({"client_id": null}));
    for by in ["issuer", "public_address", "token"] {
        let user = steps[&format!("metadata_by_{by}")].as_object().unwrap();
        assert!(user.values().all(Value::is_null), "{user:?}");
    }

    let log = emulator.stop("TERM").stderr;
    assert_eq!(count(&log, " 401 (wrong or no X-Magic-Secret-Key)"), log.lines().count(), "{log}");
    assert_eq!(count(&log, "POST /v1/admin/user/logout 401"), 3, "{log}");
}

#[cfg(unix)]
#[test]
fn the_python_sdk_works() {
    let Some(peer) = Peer::python() else { return };
    let emulator = emulator();
    let token = mint(&emulator);
    let email = ["--email", "alice@example.com", "--provider", "google"];
    let steps = peer.call(&emulator, emulator.text("secret_key"), &token, &email);

    assert_eq!(steps["client_info"], json!({"client_id": emulator.text("client_id")}));
    assert_eq!(steps["token_validate"], json!(null));
    let user = |wallets: &Value| {
        json!({
            "issuer": ALICE_ISSUER, "public_address": ALICE, "email": "alice@example.com",
            "oauth_provider": "google", "phone_number": null, "username": null, "wallets": wallets,
        })
    };
    for by in ["issuer", "public_address", "token"] {
        assert_eq!(steps[&format!("metadata_by_{by}")], user(&json!(null)), "{by}");
        assert_eq!(steps[&format!("metadata_by_{by}_and_wallet")], user(&wallets()), "{by}");
        assert!(steps.contains_key(&format!("logout_by_{by}")), "{by}");
    }
    assert_eq!(steps["metadata_by_email"], user(&json!(null)));
    assert_eq!(steps["metadata_by_public_addresses"]["users"][0], user(&json!(null)));
    assert!(steps.contains_key("remove_mfa_by_public_address"));

    let log = emulator.stop("TERM").stderr;
    assert_eq!(count(&log, " 200"), log.lines().count(), "{log}");
    assert_eq!(count(&log, "POST /v1/admin/user/logout 200"), 3, "{log}");
    assert_eq!(count(&log, "POST /v1/admin/user/remove_mfa 200"), 1, "{log}");
}

#[cfg(unix)]
#[test]
fn the_python_sdk_with_a_wrong_key() {
    let Some(peer) = Peer::python() else { return };
    let emulator = emulator();
    let token = mint(&emulator);
    let errors = peer.errors(&emulator, "sk_live_WRONG", &token);
    for step in
        ["client_info", "metadata_by_issuer", "metadata_by_public_addresses", "logout_by_token"]
    {
        assert_eq!(errors[step], "AuthenticationError", "{step}");
    }
    let log = emulator.stop("TERM").stderr;
    assert_eq!(count(&log, " 401 (wrong or no X-Magic-Secret-Key)"), log.lines().count(), "{log}");
}

fn emulator() -> Emulator {
    let users = json!([{
        "key_seed": 1, "email": "alice@example.com", "oauth_provider": "google",
        "wallets": wallets(),
    }]);
    let file = TempFile::new("sdk-users.json", &users.to_string());
    Emulator::start(&["--users", file.path()])
}

fn wallets() -> Value {
    json!([{"network": "mainnet", "public_address": "9xQe", "wallet_type": "SOLANA"}])
}

/// Returns a token that our verifier accepts; the SDKs decide for themselves.
fn mint(emulator: &Emulator) -> String {
    let client_id = emulator.text("client_id");
    let arguments = ["token", "mint", "--key-seed", "1", "--client-id", client_id];
    let token = run(&mut magic_admin(&arguments)).stdout.trim_end().to_owned();
    let arguments = ["token", "validate", "--json", "--client-id", client_id, &token];
    assert_eq!(run(&mut magic_admin(&arguments)).done()["issuer"], ALICE_ISSUER);
    token
}

fn count(log: &str, what: &str) -> usize {
    log.lines().filter(|line| line.contains(what)).count()
}

/// A program that makes every call of an official SDK.
struct Peer {
    program: PathBuf,
    script: PathBuf,
}

impl Peer {
    fn node() -> Option<Self> {
        let folder = shared_tests().join("peers/node");
        let script = folder.join("admin.mjs");
        installed(&folder.join("node_modules/.installed"))
            .then(|| Self { program: "node".into(), script })
    }

    fn python() -> Option<Self> {
        let folder = shared_tests().join("peers/python");
        let script = folder.join("admin.py");
        installed(&folder.join(".venv/.installed"))
            .then(|| Self { program: folder.join(".venv/bin/python"), script })
    }

    /// Returns the results by step. An error in any step fails the test.
    fn call(
        &self,
        at: &Emulator,
        key: &str,
        token: &str,
        more: &[&str],
    ) -> BTreeMap<String, Value> {
        let result = |step: Value| {
            let result = step.get("result").unwrap_or_else(|| panic!("{step}"));
            (step["step"].as_str().unwrap().to_owned(), result.clone())
        };
        self.steps(at, key, token, more).into_iter().map(result).collect()
    }

    /// Returns the names of the errors by step.
    fn errors(&self, at: &Emulator, key: &str, token: &str) -> BTreeMap<String, Value> {
        let steps = self.steps(at, key, token, &[]).into_iter();
        let error =
            |step: Value| (step["step"].as_str().unwrap().to_owned(), step["error"].clone());
        steps.map(error).collect()
    }

    fn steps(&self, at: &Emulator, key: &str, token: &str, more: &[&str]) -> Vec<Value> {
        let mut command = Command::new(&self.program);
        command
            .arg(&self.script)
            .args(["--issuer", ALICE_ISSUER, "--address", ALICE, "--wallet", "SOLANA"])
            .args(["--token", token])
            .args(more)
            .env("ENDPOINT", at.text("base_url"))
            .env("SECRET_KEY", key)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let ended = run(&mut command);
        assert_eq!(ended.status, 0, "{ended:?}");
        ended.json()
    }
}

/// Returns `true` if a peer is installed. If it is missing, the test is skipped, or fails under the
/// gate, which sets `CI`.
fn installed(mark: &Path) -> bool {
    let installed = mark.exists();
    assert!(
        installed || std::env::var_os("CI").is_none(),
        "{} is missing: run tests/peers/setup.sh",
        mark.display()
    );
    if !installed {
        // Bypass the test harness, which captures the output of passing tests.
        let skipped = "skipped: the official SDK is not installed, run tests/peers/setup.sh";
        let _ = writeln!(std::io::stdout(), "{skipped}");
    }
    installed
}
