//! Loads the completion scripts in real shells, and checks what they offer for a command line.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use support::{TempFile, magic_admin, run};

/// Command lines up to the cursor, and completions that must be offered for the last word.
const OFFERS: [(&str, &[&str]); 10] = [
    ("magic-admin ", &["token", "user", "nft", "client", "emulator", "completions"]),
    ("magic-admin tok", &["token"]),
    ("magic-admin token ", &["decode", "validate", "mint"]),
    ("magic-admin --json user ", &["get", "list", "logout", "remove-mfa"]),
    ("magic-admin user rem", &["remove-mfa"]),
    ("magic-admin user remove-mfa --", &["--issuer", "--address", "--token", "--secret-key-file"]),
    ("magic-admin token mint --key-seed 1 --ex", &["--expired"]),
    ("magic-admin nft owns --chain-id 1 --standard ", &["erc721", "erc1155", "erc20"]),
    ("magic-admin emulator --publ", &["--publishable-key"]),
    POSITIONAL,
];

/// The value of a positional argument.
const POSITIONAL: (&str, &[&str]) = ("magic-admin completions el", &["elvish"]);

/// Splits the line like readline, calls the function registered for the command, and prints the
/// completions.
const BASH: &str = r#"
source "$1"
read -r -a COMP_WORDS <<<"$2"
[[ $2 != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
[[ $(complete -p magic-admin) =~ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" magic-admin "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_every_word() {
    check("bash", &|script, line| shell("bash", &["--norc", "-c", BASH, "bash", script, line]));
}

/// In this mode, some function names are not allowed.
#[test]
fn bash_loads_the_script_in_posix_mode() {
    let script = script("bash");
    let offers = shell("bash", &["--posix", "-c", BASH, "bash", script.path(), "magic-admin tok"]);
    assert_eq!(offers, ["token"]);
}

#[test]
fn fish_completes_every_word() {
    const FISH: &str = "source $argv[1]; complete -C $argv[2]";
    check("fish", &|script, line| shell("fish", &["--no-config", "-c", FISH, script, line]));
}

#[test]
fn zsh_completes_every_word() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completions/offers.zsh");
    check("zsh", &|script, line| {
        // The driver waits for the output of the shell, which never comes if the script is broken.
        shell("timeout", &["120", "zsh", "-f", driver, script, line])
    });
}

type Offers<'a> = &'a dyn Fn(&str, &str) -> Vec<String>;

fn check(shell: &str, offers: Offers<'_>) {
    if !is_installed(shell) {
        assert!(std::env::var_os("CI").is_none(), "there is no {shell}");
        println!("skipped: there is no {shell}");
        return;
    }
    let script = script(shell);
    // For fish, clap_complete generates no values of positional arguments.
    for (line, expected) in OFFERS.into_iter().filter(|it| shell != "fish" || *it != POSITIONAL) {
        let offered = offers(script.path(), line);
        let typed = line.rsplit(' ').next().unwrap();
        assert!(offered.iter().all(|offer| offer.starts_with(typed)), "{line}: {offered:?}");
        for offer in expected {
            assert!(offered.iter().any(|offered| offered == offer), "{line}: {offered:?}");
        }
        // Words of a parent command must not be offered.
        assert!(expected.contains(&"token") || !offered.contains(&"token".to_owned()), "{line}");
    }
}

fn script(shell: &str) -> TempFile {
    let script = run(&mut magic_admin(&["completions", shell]));
    assert_eq!((script.status, script.stderr.as_str()), (0, ""));
    TempFile::new(shell, &script.stdout)
}

/// Runs a program that must succeed, and returns the lines of its output.
fn shell(program: &str, arguments: &[&str]) -> Vec<String> {
    let ended = run(Command::new(program).args(arguments));
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    // fish appends a description after a tab.
    ended.stdout.lines().filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect()
}

fn is_installed(shell: &str) -> bool {
    Command::new(shell).args(["-c", "exit"]).status().is_ok_and(|status| status.success())
}
