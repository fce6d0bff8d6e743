//! `token validate` returns the expected verdict for every vector.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use std::{collections::BTreeMap, process::Command};

use serde_json::{Value, json};
use support::{magic_admin, run, run_with_stdin, shared_tests};

fn vectors() -> Vec<Value> {
    let text = std::fs::read_to_string(shared_tests().join("vectors/did-tokens.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors.len(), 114);
    vectors
}

fn validate(vector: &Value) -> Command {
    let mut command = magic_admin(&["token", "validate", "--json"]);
    command.arg("--at").arg(vector["now"].to_string());
    match vector["client_id"].as_str() {
        Some(client_id) => command.args(["--client-id", client_id]),
        None => command.arg("--any-audience"),
    };
    if let Some(attachment) = vector["attachment"].as_str() {
        command.args(["--attachment", attachment]);
    }
    command
}

fn verdict(line: &Value) -> &str {
    match line["valid"].as_bool() {
        Some(true) => "ok",
        Some(false) => line["code"].as_str().unwrap(),
        None => panic!("no verdict: {line}"),
    }
}

#[test]
fn one_by_one_as_argument() {
    for vector in vectors() {
        let name = &vector["name"];
        let ended = run(validate(&vector).arg("--").arg(vector["token"].as_str().unwrap()));
        let lines = ended.json();
        assert_eq!(lines.len(), 1, "{name}");
        assert_eq!(verdict(&lines[0]), vector["expect"], "{name}");
        assert_eq!(ended.status, i32::from(vector["expect"] != "ok"), "{name}");
    }
}

#[test]
fn grouped_by_settings_on_stdin() {
    let mut groups = BTreeMap::<String, Vec<Value>>::new();
    for vector in vectors() {
        // A token that contains a line break is two lines.
        if !vector["token"].as_str().unwrap().contains('\n') {
            let settings = json!([vector["client_id"], vector["now"], vector["attachment"]]);
            groups.entry(settings.to_string()).or_default().push(vector);
        }
    }
    assert!(groups.len() > 3);
    for (settings, vectors) in groups {
        let mut stdin = String::new();
        for vector in &vectors {
            stdin.push_str(vector["token"].as_str().unwrap());
            stdin.push('\n');
        }
        let ended = run_with_stdin(validate(&vectors[0]).arg("-"), stdin.as_bytes());
        let lines = ended.json();
        let verdicts: Vec<_> = lines.iter().map(verdict).collect();
        let expected: Vec<_> = vectors.iter().map(|vector| &vector["expect"]).collect();
        assert_eq!(verdicts, expected, "{settings}");
        let any_refused = expected.iter().any(|verdict| *verdict != "ok");
        assert_eq!(ended.status, i32::from(any_refused), "{settings}");
    }
}

#[test]
fn a_valid_token_shows_its_claims() {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector["name"] == "valid").unwrap();
    let ended = run(validate(vector).arg(vector["token"].as_str().unwrap()));
    // These values were read from the token by hand.
    assert_eq!(
        ended.done(),
        json!({
            "valid": true,
            "issuer": "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
            "public_address": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
            "issued_at": 1_699_999_990,
            "expires_at": 1_700_000_900,
            "not_before": 1_699_999_990,
            "audience": "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b",
            "subject": "NjrA53ScQ8IV80NJnx4t3Shi9-kFfF5qavD2Vr0d1dc=",
            "token_id": "ebcc880a-ffc9-4375-84ae-000000000000",
        })
    );
}
