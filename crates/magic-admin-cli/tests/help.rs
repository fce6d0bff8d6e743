//! Tests `--help`, and the exit status 2 of invalid command lines.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use support::{magic_admin, run};

#[test]
fn every_help_has_an_example() {
    let mut commands = vec![Vec::<String>::new()];
    let mut seen = Vec::new();
    while let Some(command) = commands.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let name = arguments.join(" ");
        arguments.push("--help");
        let help = run(&mut magic_admin(&arguments));
        assert_eq!((help.status, help.stderr.as_str()), (0, ""), "{name}");
        let examples = help.stdout.split("Examples:\n").nth(1);
        let examples = examples.unwrap_or_else(|| panic!("no examples: {name}"));
        assert!(examples.contains(format!("magic-admin {name}").trim()), "{name}: {examples}");
        assert!(help.stdout.contains("--json"), "{name}");

        let subcommands = help.stdout.split("Commands:\n").nth(1).unwrap_or_default();
        let subcommands = subcommands.lines().take_while(|line| line.starts_with("  "));
        for subcommand in subcommands.filter_map(|line| line.split_whitespace().next()) {
            if subcommand != "help" {
                commands.push(command.iter().cloned().chain([subcommand.to_owned()]).collect());
            }
        }
        seen.push(name);
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            "",
            "client",
            "client info",
            "completions",
            "emulator",
            "nft",
            "nft owns",
            "token",
            "token decode",
            "token mint",
            "token validate",
            "user",
            "user get",
            "user list",
            "user logout",
            "user remove-mfa",
        ]
    );
}

#[test]
fn an_invalid_command_line_exits_with_2() {
    const ISSUER: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    let wrong: &[&[&str]] = &[
        &[],
        &["tokens"],
        &["token"],
        &["user"],
        &["client"],
        &["nft"],
        &["nft", "owns"],
        &["token", "decode", "--jsno", "x"],
        &["token", "decode", "x", "y"],
        &["token", "validate", "x"],
        &["token", "validate", "--client-id", "a", "--any-audience", "x"],
        &["token", "validate", "--client-id", "a", "b", "x"],
        &["token", "validate", "--any-audience", "--at", "soon", "x"],
        &["token", "mint", "--client-id", "a"],
        &["token", "mint", "--key-seed", "1", "--private-key-file", "f", "--client-id", "a"],
        &["token", "mint", "--key-seed", "-1", "--client-id", "a"],
        &["token", "mint", "--key-seed", "1"],
        &["token", "mint", "--key-seed", "1", "--client-id", "a", "--lifespan", "long"],
        &["user", "get"],
        &["user", "get", "--issuer", ISSUER, "--address", ADDRESS],
        &["user", "get", "--issuer", ADDRESS],
        &["user", "get", "--email", "a@example.com", "--wallet", "ANY"],
        &["user", "get", "--issuer", ISSUER, "--provider", "google"],
        &["user", "list"],
        &["user", "list", "--address", ADDRESS, ADDRESS],
        &["user", "list", "--address", "0x7E5F"],
        &["user", "logout"],
        &["user", "logout", "--email", "a@example.com"],
        &["client", "info", "--secret-key", "sk_live_1"],
        &["emulator", "--bind", "nowhere"],
        &["completions", "cmd.com"],
    ];
    for arguments in wrong {
        let ended = run(&mut magic_admin(arguments));
        let line = ended.not_understood();
        assert!(line.contains("--help"), "{arguments:?}: {line}");
    }
}

/// Covers command lines that clap rejects and those that a command rejects.
#[test]
fn a_usage_error_can_be_json() {
    for arguments in [
        &["--json"][..],
        &["tokens", "--json"],
        &["token", "decode", "--jsno", "--json", "x"],
        &["token", "validate", "--json", "x"],
        &["token", "mint", "--json", "--client-id", "a"],
        &["--json", "user", "get"],
        &["emulator", "--bind", "nowhere", "--json"],
    ] {
        let ended = run(&mut magic_admin(arguments));
        assert!(ended.usage_as_json().contains("--help"), "{arguments:?}");
    }
    // After `--`, it is a token.
    run(&mut magic_admin(&["token", "decode", "x", "--", "--json"])).not_understood();
}

#[test]
fn the_version_is_the_crates() {
    let ended = run(&mut magic_admin(&["--version"]));
    assert_eq!(ended.stdout, concat!("magic-admin ", env!("CARGO_PKG_VERSION"), "\n"));
}
