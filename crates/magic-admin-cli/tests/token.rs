//! Runs `token decode`, `validate` and `mint` as processes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use magic_admin_testkit::{Mint, SettableClock, TestUser};
use serde_json::json;
use support::{TempFile, magic_admin, run, run_with_stdin};

const NOW: i64 = 1_700_000_000;
const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

fn token() -> String {
    Mint::new("app").with_clock(SettableClock::at(NOW)).token(&TestUser::from_seed(1))
}

fn validate(arguments: &[&str]) -> Command {
    let mut command =
        magic_admin(&["token", "validate", "--client-id", "app", "--at", "1700000000"]);
    command.args(arguments);
    command
}

#[test]
fn a_token_is_used_byte_for_byte() {
    let good = token();
    assert_eq!(run(&mut validate(&[&good])).status, 0);
    for changed in [format!(" {good}"), format!("{good} "), format!("{good}\n"), String::new()] {
        run(&mut validate(&["--json", &changed])).refused("ERROR_MALFORMED_TOKEN");
        let decode = &mut magic_admin(&["token", "decode", "--json", &changed]);
        run(decode).refused("ERROR_MALFORMED_TOKEN");
    }
}

/// People paste tokens from logs, browsers and curl commands.
#[test]
fn a_pasted_header_is_removed() {
    let good = token();
    let pasted = ["Bearer", "bearer ", "BEARER", "Authorization: Bearer", "authorization:bearer"]
        .map(|before| format!("{before} {good}"));
    for header in &pasted {
        run(&mut validate(&["--json", header])).done();
        run(&mut magic_admin(&["token", "decode", "--json", header])).done();
    }
    let lines = format!("{}\r\n", pasted.join("\r\n"));
    assert_eq!(run_with_stdin(&mut validate(&["-"]), lines.as_bytes()).status, 0);
    for wrong in ["Bearer", "Bearer null", "Authorization: Basic YTpi", "Bearer Bearer"] {
        run(&mut validate(&["--json", wrong])).refused("ERROR_MALFORMED_TOKEN");
    }
    run(&mut validate(&["--json", &format!("Bearer {good}.")])).refused("ERROR_MALFORMED_TOKEN");
}

#[test]
fn the_advice_for_a_malformed_token_helps() {
    for command in [validate(&["--json"]), magic_admin(&["token", "decode", "--json"])] {
        let mut command = command;
        let ended = run(command.arg(&token()[1..]));
        ended.refused("ERROR_MALFORMED_TOKEN");
        assert!(ended.stderr.contains("copied completely"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("token decode"), "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn invalid_utf_8_is_a_malformed_token() {
    use std::os::unix::ffi::OsStrExt;

    let argument = std::ffi::OsStr::from_bytes(b"\xff");
    run(validate(&["--json"]).arg(argument)).refused("ERROR_MALFORMED_TOKEN");
}

#[test]
fn lines_end_with_lf_or_crlf() {
    let good = token();
    let mut stdin = format!("{good}\n{good}\r\n\n {good}\n{good}\r\r\n").into_bytes();
    stdin.extend_from_slice(b"\xff\xfe\n");
    stdin.extend_from_slice(good.as_bytes());
    // Without TOKEN, the command behaves as with `-`.
    for dash in [&["-"][..], &[]] {
        let ended = run_with_stdin(validate(&["--json"]).args(dash), &stdin);
        let valid: Vec<_> =
            ended.json().iter().map(|line| line["valid"].as_bool().unwrap()).collect();
        assert_eq!(valid, [true, true, false, false, false, false, true]);
        assert!(
            ended
                .json()
                .iter()
                .all(|line| { line["valid"] == true || line["code"] == "ERROR_MALFORMED_TOKEN" })
        );
        assert!(ended.failed().contains("4 of 7"), "{}", ended.stderr);

        let ended = run_with_stdin(validate(&[]).args(dash), &stdin);
        let words: Vec<_> =
            ended.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let expected = ["valid", "valid", "rejected", "rejected", "rejected", "rejected", "valid"];
        assert_eq!((ended.status, words), (1, expected.to_vec()));
    }
    let all_good = format!("{good}\n{good}\n");
    assert_eq!(run_with_stdin(&mut validate(&["-"]), all_good.as_bytes()).status, 0);
}

#[test]
fn an_empty_stdin_is_an_error() {
    let ended = run_with_stdin(&mut validate(&["--json", "-"]), b"");
    ended.refused("ERROR_CONFIGURATION");
}

#[test]
fn verdicts_are_printed_at_once() {
    let mut child =
        validate(&["--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        writeln!(stdin, "{}", token()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with("{\"valid\":true,"), "{line}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_closed_stdout_causes_no_panic() {
    let mut child = validate(&["-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // Write until the process has exited.
    while writeln!(stdin, "{}", token()).is_ok() {}
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(1), ""));
}

#[test]
fn several_client_ids_are_accepted() {
    let token = token();
    let at = "--at=1700000000";
    let validate = |more: &[&str]| {
        run(magic_admin(&["token", "validate", "--json", at]).args(more).arg(&token))
    };
    validate(&["--client-id", "other", "--client-id", "app"]).done();
    validate(&["--any-audience"]).done();
    validate(&["--client-id", "other"]).refused("ERROR_AUDIENCE_MISMATCH");
    validate(&["--client-id", "app", "--attachment", "x"]).refused("ERROR_INCORRECT_SIGNER_ADDR");
    validate(&["--client-id", "app", "--attachment", "none"]).done();
    // This is a configuration error rather than a rejected token or a usage error.
    validate(&["--client-id", ""]).refused("ERROR_CONFIGURATION");
    validate(&["--client-id", "app", "--client-id", ""]).refused("ERROR_CONFIGURATION");
}

#[test]
fn client_ids_can_come_from_the_environment() {
    let token = token();
    let run = |variable: &str, more: &[&str]| {
        let mut command = magic_admin(&["token", "validate", "--json", "--at", "1700000000"]);
        run(command.env("MAGIC_CLIENT_ID", variable).args(more).arg(&token))
    };
    for variable in ["app", "other,app", " app , other "] {
        run(variable, &[]).done();
    }
    run("other", &[]).refused("ERROR_AUDIENCE_MISMATCH");
    run("other", &["--client-id", "app"]).done();
    run("app", &["--client-id", "other"]).refused("ERROR_AUDIENCE_MISMATCH");
    run("other", &["--any-audience"]).done();
    for wrong in ["a,", ",", " "] {
        let ended = run(wrong, &[]);
        ended.refused("ERROR_CONFIGURATION");
        assert!(ended.stderr.contains("MAGIC_CLIENT_ID"), "{}", ended.stderr);
    }
    // An empty variable counts as unset.
    assert!(run("", &[]).usage_as_json().contains("MAGIC_CLIENT_ID"));
}

/// Magic's newer client IDs are base64url, so one in 64 starts with a hyphen.
#[test]
fn opaque_values_may_begin_with_a_hyphen() {
    let mint = Mint::new("-app").with_clock(SettableClock::at(NOW));
    let token = mint.builder(&TestUser::from_seed(1)).attachment("-x").build();
    let mut validate = magic_admin(&["token", "validate", "--at", "1700000000"]);
    let run = run(validate.args(["--client-id", "-app", "--attachment", "-x", &token]));
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn the_time_is_now_unless_given() {
    let token = token();
    for (at, code) in [
        ("1700000900", None),
        ("1700000901", Some("ERROR_DIDT_EXPIRED")),
        ("1699999700", None),
        ("1699999699", Some("ERROR_DIDT_CANNOT_BE_USED_YET")),
        ("-1", Some("ERROR_DIDT_CANNOT_BE_USED_YET")),
    ] {
        let arguments = ["token", "validate", "--json", "--client-id", "app", "--at", at, &token];
        let ended = run(&mut magic_admin(&arguments));
        match code {
            None => drop(ended.done()),
            Some(code) => drop(ended.refused(code)),
        }
    }
    let now = ["token", "validate", "--json", "--client-id", "app", &token];
    run(&mut magic_admin(&now)).refused("ERROR_DIDT_EXPIRED");
}

#[test]
fn decode_shows_everything_unverified() {
    let mallory = TestUser::from_seed(2);
    let mint = Mint::new("app").with_clock(SettableClock::at(NOW));
    let builder = mint
        .builder(&TestUser::from_seed(1).with_subject("sub\u{1b}[2J"))
        .token_id("the-id")
        .attachment_proof("0xadd")
        .signed_by(&mallory);
    let (proof, claim) = builder.parts();
    let forged = builder.build();

    let object = run(&mut magic_admin(&["token", "decode", "--json", &forged])).done();
    assert_eq!(
        object,
        json!({
            "verified": false,
            "proof": proof,
            "claims": {
                "iat": NOW, "ext": NOW + 900, "nbf": NOW,
                "iss": format!("did:ethr:{ALICE}"), "sub": "sub\u{1b}[2J", "aud": "app",
                "tid": "the-id", "add": "0xadd",
            },
            "times": {
                "iat": "2023-11-14T22:13:20Z", "ext": "2023-11-14T22:28:20Z",
                "nbf": "2023-11-14T22:13:20Z",
            },
            "claim": claim,
        })
    );

    let text = run(&mut magic_admin(&["token", "decode", &forged])).stdout;
    assert!(text.starts_with("NOT VERIFIED"), "{text}");
    for part in [&*proof, ALICE, "the-id", "0xadd", "1700000900 (2023-11-14T22:28:20Z, "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn decode_reads_many_tokens() {
    let stdin = format!("{}\nx\n{}\n", token(), token());
    let ended =
        run_with_stdin(&mut magic_admin(&["token", "decode", "--json", "-"]), stdin.as_bytes());
    assert!(ended.failed().contains("1 of 3"));
    let lines = ended.json();
    assert_eq!(lines[0]["verified"], false);
    assert_eq!(lines[1]["code"], "ERROR_MALFORMED_TOKEN");
    assert_eq!(lines[2]["claims"]["aud"], "app");
}

#[test]
fn mint_follows_its_options() {
    let arguments = [
        "token",
        "mint",
        "--json",
        "--key-seed",
        "1",
        "--client-id",
        "app",
        "--lifespan",
        "1h",
        "--attachment",
        "order 7",
        "--subject",
        "sub",
        "--token-id",
        "tid",
        "--issued-at",
        "1700000000",
        "--not-before",
        "1700000100",
    ];
    let minted = run(&mut magic_admin(&arguments)).done();
    assert_eq!(minted["public_address"], ALICE);
    assert_eq!(minted["issuer"], format!("did:ethr:{ALICE}"));

    let token = minted["token"].as_str().unwrap();
    let valid = run(&mut validate(&["--json", "--attachment", "order 7", token])).done();
    assert_eq!(valid["expires_at"], 1_700_003_600);
    assert_eq!(valid["not_before"], 1_700_000_100);
    assert_eq!((&valid["subject"], &valid["token_id"]), (&json!("sub"), &json!("tid")));
    run(&mut validate(&["--json", "--attachment", "order 8", token]))
        .refused("ERROR_INCORRECT_SIGNER_ADDR");

    // The text output is only the token, which is valid for 15 minutes from now.
    let token = run(&mut magic_admin(&["token", "mint", "--key-seed", "1", "--client-id", "app"]));
    let token = token.stdout.trim_end();
    let valid =
        run(&mut magic_admin(&["token", "validate", "--json", "--client-id", "app", token])).done();
    let lives = valid["expires_at"].as_i64().unwrap() - valid["issued_at"].as_i64().unwrap();
    assert_eq!(lives, 900);
}

#[test]
fn mint_reads_the_client_id_variable() {
    let mint = |variable: &str, more: &[&str]| {
        let mut command = magic_admin(&["token", "mint", "--key-seed", "1"]);
        run(command.env("MAGIC_CLIENT_ID", variable).args(more))
    };
    for (variable, more, audience) in [
        ("app", &[][..], "app"),
        ("first, second", &[], "first"),
        ("app", &["--client-id", "another"], "another"),
    ] {
        let token = mint(variable, more).stdout;
        let decode = run(&mut magic_admin(&["token", "decode", "--json", token.trim_end()]));
        assert_eq!(decode.done()["claims"]["aud"], audience);
    }
    let ended = mint("", &[]);
    let line = ended.not_understood();
    assert!(line.contains("MAGIC_CLIENT_ID"), "{line}");
    assert!(line.contains("Usage: magic-admin token mint "), "{line}");
}

#[test]
fn mint_can_issue_an_expired_token() {
    let mint = |more: &[&str]| {
        let command = ["token", "mint", "--key-seed", "1", "--client-id", "app", "--expired"];
        run(magic_admin(&command).args(more))
    };
    for (more, lifespan) in [
        (&[][..], 900),
        (&["--lifespan", "1h", "--attachment", "x"], 3_600),
        // The SDKs use seconds without a unit.
        (&["--lifespan", "60"], 60),
    ] {
        let token = mint(more).stdout;
        let mut validate = magic_admin(&["token", "validate", "--json", "--client-id", "app"]);
        let ended = run(validate.arg(token.trim_end()));
        ended.refused("ERROR_DIDT_EXPIRED");
        let decoded =
            run(&mut magic_admin(&["token", "decode", "--json", token.trim_end()])).done();
        let (iat, ext) = (&decoded["claims"]["iat"], &decoded["claims"]["ext"]);
        assert_eq!(ext.as_i64().unwrap() - iat.as_i64().unwrap(), lifespan);
    }
    mint(&["--issued-at", "1700000000"]).not_understood();
}

#[test]
fn mint_reads_a_private_key_from_a_file() {
    let key = "0000000000000000000000000000000000000000000000000000000000000001";
    let file = TempFile::new("alice.key", &format!("0x{key}\n"));
    let mint = |file: &str| {
        let arguments =
            ["token", "mint", "--json", "--client-id", "app", "--private-key-file", file];
        run(&mut magic_admin(&arguments))
    };
    assert_eq!(mint(file.path()).done()["public_address"], ALICE);

    let wrong = TempFile::new("wrong.key", "ac0ffee");
    let ended = mint(wrong.path());
    ended.refused("ERROR_CONFIGURATION");
    assert!(ended.stderr.contains(wrong.path()) && ended.stderr.contains("64 hex digits"));
    assert!(!ended.stderr.contains("ac0ffee"));
    mint("/nowhere/alice.key").refused("ERROR_CONFIGURATION");

    let arguments = ["token", "mint", "--json", "--key-seed", "1", "--client-id", ""];
    run(&mut magic_admin(&arguments)).refused("ERROR_CONFIGURATION");
}
