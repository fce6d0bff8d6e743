//! Runs `nft owns` as a process, on a real EVM.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use magic_admin_testkit::{Mint, TestUser};
use support::{Ended, magic_admin, run, run_with_stdin};
use test_chain::{Anvil, Arg};

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// Runs the command with a secret in the RPC URL, which must never be shown.
fn owns(url: &str, arguments: &[&str]) -> Ended {
    let ended = run(magic_admin(&["nft", "owns", "--json", "--chain-id", "31337"])
        .args(arguments)
        .env("MAGIC_RPC_URL", format!("{url}/?apikey=s3cret")));
    assert!(!format!("{ended:?}").contains("s3cret"), "{ended:?}");
    ended
}

fn not_known(ended: &Ended) {
    assert_eq!((ended.status, ended.stderr.lines().count()), (3, 1), "{ended:?}");
    assert_eq!(ended.json()[0]["code"], "ERROR_UNAVAILABLE", "{ended:?}");
}

fn verdict(ended: &Ended) -> bool {
    let object = &ended.json()[0];
    assert_eq!(object["address"], ALICE, "{ended:?}");
    let owns = object["owns"].as_bool().unwrap();
    assert_eq!((ended.status, ended.stderr.is_empty()), (i32::from(!owns), owns), "{ended:?}");
    owns
}

#[test]
fn the_exit_status_is_the_verdict() {
    let Some(anvil) = Anvil::start() else { return };
    let (pass, items, coin) = (anvil.erc721(), anvil.erc1155(), anvil.erc20());
    let url = anvil.url();
    let nft = |ids: &[&str]| {
        let required = ["--contract", &pass, "--standard", "erc721", "--address", ALICE];
        verdict(&owns(&url, &[&required, ids].concat()))
    };
    let item = |more: &[&str]| {
        let required = ["--contract", &items, "--standard", "erc1155", "--address", ALICE];
        verdict(&owns(&url, &[&required, more].concat()))
    };
    let coins = |at_least: &str| {
        let required = ["--contract", &coin, "--standard", "erc20", "--address", ALICE];
        verdict(&owns(&url, &[&required[..], &["--at-least", at_least]].concat()))
    };

    assert!(!nft(&[]) && !nft(&["--token-id", "0"]));
    anvil.send(&pass, "0x6a627842", &[Arg::Address(ALICE)]);
    assert!(
        nft(&[]) && nft(&["--token-id", "0x0"]) && nft(&["--token-id", "9", "--token-id", "0"])
    );
    assert!(!nft(&["--token-id", "1"]) && !nft(&["--at-least", "2"]));

    assert!(!item(&["--token-id", "7"]));
    let args = [Arg::Address(ALICE), Arg::Number(7), Arg::Number(2), Arg::Text("")];
    anvil.send(&items, "0x731133e9", &args);
    assert!(
        item(&["--token-id", "7", "--at-least", "2"])
            && item(&["--token-id", "8", "--token-id", "7"])
    );
    assert!(!item(&["--token-id", "7", "--at-least", "3"]) && !item(&["--token-id", "8"]));

    anvil.send(&coin, "0x40c10f19", &[Arg::Address(ALICE), Arg::Number(5)]);
    assert!(coins("5") && !coins("6"));
}

#[test]
fn a_token_is_verified_first() {
    let Some(anvil) = Anvil::start() else { return };
    let pass = anvil.erc721();
    anvil.send(&pass, "0x6a627842", &[Arg::Address(ALICE)]);
    let token = |audience: &str| Mint::new(audience).token(&TestUser::from_seed(1));
    let arguments = ["--contract", &pass, "--standard", "erc721", "--client-id", "app", "--token"];
    let ask = |token: &str| owns(&anvil.url(), &[&arguments[..], &[token]].concat());
    assert!(verdict(&ask(&token("app"))));
    ask(&token("other")).refused("ERROR_AUDIENCE_MISMATCH");
    ask("nonsense").refused("ERROR_MALFORMED_TOKEN");

    let mut command = magic_admin(&["nft", "owns", "--chain-id", "31337", "--token", "-"]);
    command.args(["--contract", &pass, "--standard", "erc721", "--rpc-url", &anvil.url()]);
    let ended =
        run_with_stdin(command.env("MAGIC_CLIENT_ID", "other,app"), token("app").as_bytes());
    assert_eq!((ended.status, ended.stdout), (0, format!("{ALICE} owns it\n")));
}

#[test]
fn unknown_ownership_exits_with_3() {
    let Some(anvil) = Anvil::start() else { return };
    let coin = anvil.erc20();
    let nft = ["--standard", "erc721", "--address", ALICE, "--contract"];
    let ask = |url: &str, contract: &str| owns(url, &[&nft[..], &[contract]].concat());
    // Another standard, no contract, another chain, and an endpoint that is down.
    not_known(&ask(&anvil.url(), &coin));
    not_known(&ask(&anvil.url(), ALICE));
    let mut elsewhere = magic_admin(&["nft", "owns", "--json", "--chain-id", "1"]);
    elsewhere.args(nft).args([&coin, "--rpc-url", &anvil.url()]);
    not_known(&run(&mut elsewhere));
    not_known(&ask("http://127.0.0.1:9", &coin));
}

#[test]
fn the_help_does_not_show_the_rpc_url() {
    let mut help = magic_admin(&["nft", "owns", "--help"]);
    let ended = run(help.env("MAGIC_RPC_URL", "https://rpc.example/s3cret"));
    assert!(ended.stdout.contains("MAGIC_RPC_URL"), "{ended:?}");
    assert!(!format!("{ended:?}").contains("s3cret"), "{ended:?}");
}

#[test]
fn an_invalid_command_line_exits_with_2() {
    let contract = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
    let with = |more: &[&str]| {
        let all = [&["--contract", contract, "--address", ALICE], more].concat();
        owns("http://127.0.0.1:9", &all).usage_as_json().to_owned()
    };
    with(&["--standard", "erc1155"]);
    with(&["--standard", "erc20", "--token-id", "1"]);
    with(&["--standard", "erc721", "--token-id", "1", "--at-least", "2"]);
    with(&["--standard", "erc721", "--at-least", "0"]);
    with(&["--standard", "erc721", "--token-id", "-1"]);
    with(&["--standard", "erc777"]);
    with(&["--standard", "erc721", "--token", "x", "--client-id", "app"]);
    let ens = owns(
        "http://127.0.0.1:9",
        &["--contract", contract, "--standard", "erc721", "--address", "vitalik.eth"],
    );
    assert!(ens.usage_as_json().contains("ENS"), "{ens:?}");
    let plain = ["--contract", contract, "--standard", "erc721", "--address", ALICE];
    assert!(owns("http://rpc.example", &plain).usage_as_json().contains("RPC URL"));
    let no_audience = ["--contract", contract, "--standard", "erc721", "--token", "x"];
    assert!(owns("http://127.0.0.1:9", &no_audience).usage_as_json().contains("--client-id"));
}
