//! Compares `validate_token_ownership` with that of both official SDKs, on the same chain and the
//! same cases. Every disagreement falls under a rule that SECURITY.md explains.

use std::{
    env,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use magic_admin::gating::{Chain, ContractType};
use magic_admin_testkit::{TestUser, TokenBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use test_chain::{Anvil, Arg, CHAIN_ID};
use tests::{CLIENT_ID, Fixture, NOW};

/// A question, which is one line of a peer's input.
#[derive(Debug, Serialize)]
struct Question {
    token: String,
    client_id: &'static str,
    now: i64,
    contract: String,
    contract_type: &'static str,
    token_id: Value,
    rpc_url: String,
    #[serde(skip)]
    chain_id: u64,
}

/// A question with the verdicts of this library, the JS SDK and the Python SDK.
type Case = (&'static str, Question, [&'static str; 3]);

const VALID: &str = "valid";
const UNAUTHORIZED: &str = "UNAUTHORIZED";
const NO_OWNERSHIP: &str = "NO_OWNERSHIP";
const ERROR: &str = "error";

/// The names of cases in which the SDKs may give other verdicts; each is a row of the table in
/// SECURITY.md.
const RULES: [&str; 8] = [
    "a rejected token",
    "the ID of an ERC-721 token",
    "another standard",
    "an unknown type",
    "the number 0 as ID",
    "another chain",
    "a response of the wrong length",
    "notations",
];

fn cases(anvil: &Anvil) -> Vec<Case> {
    let fixture = Fixture::new();
    let (alice, bob, carol) =
        (TestUser::from_seed(1), TestUser::from_seed(2), TestUser::from_seed(3));
    let token = |user: &TestUser| fixture.mint.token(user);
    let crafted =
        |craft: fn(TokenBuilder) -> TokenBuilder| craft(fixture.mint.builder(&alice)).build();
    let (a, b) = (alice.address().to_string(), bob.address().to_string());

    let (pass, items, coin) = (anvil.erc721(), anvil.erc1155(), anvil.erc20());
    anvil.send(&pass, "0x6a627842", &[Arg::Address(&a)]);
    anvil.send(&pass, "0x6a627842", &[Arg::Address(&b)]);
    for id in [0, 7] {
        let args = [Arg::Address(&a), Arg::Number(id), Arg::Number(1), Arg::Text("")];
        anvil.send(&items, "0x731133e9", &args);
    }
    anvil.send(&coin, "0x40c10f19", &[Arg::Address(&a), Arg::Number(1)]);
    let yes = anvil.set_code(0x1000, "0x600160005260206000f3");
    let long = anvil.set_code(0x1001, "0x600160005260406000f3");

    // Python's web3 requires the checksum.
    let checksummed =
        |contract: &str| contract.parse::<magic_admin::Address>().expect("an address").to_string();
    let ask = |token: String, contract: &str, contract_type, token_id| Question {
        token,
        client_id: CLIENT_ID,
        now: NOW,
        contract: checksummed(contract),
        contract_type,
        token_id,
        rpc_url: anvil.url(),
        chain_id: CHAIN_ID,
    };
    let nft = |token| ask(token, &pass, "ERC721", Value::Null);
    let item = |user, id| ask(token(user), &items, "ERC1155", id);
    let agreed = |name, question, verdict| (name, question, [verdict; 3]);
    let nobody = "0x000000000000000000000000000000000000dEaD";
    vec![
        agreed("an owner of ERC-721", nft(token(&alice)), VALID),
        agreed("no owner of ERC-721", nft(token(&carol)), NO_OWNERSHIP),
        agreed("an owner of ERC-1155", item(&alice, json!("7")), VALID),
        agreed("an owner of id 0", item(&alice, json!("0")), VALID),
        agreed("another id of ERC-1155", item(&alice, json!("8")), NO_OWNERSHIP),
        agreed("no owner of ERC-1155", item(&carol, json!("7")), NO_OWNERSHIP),
        agreed("no id of ERC-1155", item(&alice, Value::Null), ERROR),
        agreed("a malformed token", nft("nonsense".to_owned()), UNAUTHORIZED),
        agreed("an expired token", nft(crafted(TokenBuilder::expired)), UNAUTHORIZED),
        agreed("no contract", ask(token(&alice), nobody, "ERC721", Value::Null), ERROR),
        agreed("ERC-721 as ERC-1155", ask(token(&alice), &pass, "ERC1155", json!("0")), ERROR),
        agreed("ERC-1155 as ERC-721", ask(token(&alice), &items, "ERC721", Value::Null), ERROR),
        agreed(
            "a dead endpoint",
            Question { rpc_url: "http://127.0.0.1:9".to_owned(), ..nft(token(&alice)) },
            ERROR,
        ),
        (
            "a rejected token",
            nft(fixture.mint.builder(&alice).signed_by(&bob).build()),
            [UNAUTHORIZED, ERROR, ERROR],
        ),
        (
            "a rejected token",
            nft(crafted(|token| token.audience("another application"))),
            [UNAUTHORIZED, ERROR, ERROR],
        ),
        (
            "a rejected token",
            nft(crafted(TokenBuilder::not_yet_valid)),
            [UNAUTHORIZED, ERROR, ERROR],
        ),
        (
            "the ID of an ERC-721 token",
            ask(token(&alice), &pass, "ERC721", json!("1")),
            [NO_OWNERSHIP, VALID, VALID],
        ),
        (
            "another standard",
            ask(token(&alice), &coin, "ERC721", Value::Null),
            [ERROR, VALID, VALID],
        ),
        (
            "another standard",
            ask(token(&carol), &yes, "ERC721", Value::Null),
            [ERROR, VALID, VALID],
        ),
        (
            "an unknown type",
            ask(token(&alice), &items, "erc721", json!("7")),
            [ERROR, VALID, VALID],
        ),
        ("the number 0 as ID", item(&alice, json!(0)), [VALID, ERROR, ERROR]),
        ("another chain", Question { chain_id: 1, ..nft(token(&alice)) }, [ERROR, VALID, VALID]),
        (
            "a response of the wrong length",
            ask(token(&carol), &long, "ERC721", Value::Null),
            [ERROR, VALID, VALID],
        ),
        ("notations", item(&alice, json!("0x7")), [VALID, VALID, ERROR]),
        (
            "notations",
            Question { contract: pass.to_ascii_lowercase(), ..nft(token(&alice)) },
            [VALID, VALID, ERROR],
        ),
    ]
}

#[tokio::test]
async fn the_sdks_differ_only_by_known_rules() {
    let Some(anvil) = Anvil::start() else { return };
    if let Err(why) = set_up() {
        assert!(env::var_os("CI").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    }
    let cases = cases(&anvil);
    let mut ours = Vec::new();
    for (_, question, _) in &cases {
        ours.push(verdict(question).await);
    }
    let [js, python] = thread::scope(|scope| {
        let js = scope.spawn(|| ask_peer("node", "node/ownership.mjs", &cases));
        let python =
            scope.spawn(|| ask_peer("python/.venv/bin/python", "python/ownership.py", &cases));
        [js, python].map(|answers| answers.join().expect("the peer answers"))
    });

    let mut wrong = Vec::new();
    for (index, (name, _, expected)) in cases.iter().enumerate() {
        let said = [ours[index].as_str(), &js[index], &python[index]];
        let has_rule = RULES.contains(name);
        if said != *expected || has_rule == (said == [said[0]; 3]) {
            wrong.push(format!("{name}: {said:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Each rule belongs to a case, and is explained.
    let security = include_str!("../../../SECURITY.md");
    for rule in RULES {
        assert!(cases.iter().any(|(name, ..)| *name == rule), "{rule}");
        assert!(security.contains(&format!("| {rule} |")), "SECURITY.md does not explain: {rule}");
    }
}

/// Returns the verdict of this library. A text that cannot be parsed is an error, like an
/// exception.
async fn verdict(question: &Question) -> String {
    let contract_type = match question.contract_type {
        "ERC721" => ContractType::Erc721,
        "ERC1155" => ContractType::Erc1155,
        // This library would not compile such a question.
        _ => return ERROR.to_owned(),
    };
    let token_id = match &question.token_id {
        Value::Null => Ok(None),
        Value::String(id) => id.parse().map(Some),
        id => id.to_string().parse().map(Some),
    };
    let (Ok(contract), Ok(token_id)) = (question.contract.parse(), token_id) else {
        return ERROR.to_owned();
    };
    let chain = Chain::new(question.chain_id, &question.rpc_url).expect("the URL is usable");
    let magic = Fixture::new().magic().build().expect("the settings are usable");
    let answer = magic
        .validate_token_ownership(&question.token, contract, contract_type, &chain, token_id)
        .await;
    match answer {
        Ok(answer) => {
            let json = serde_json::to_value(&answer).expect("it is JSON");
            assert_eq!(json["valid"], answer.error_code().is_empty(), "{json}");
            assert_eq!(json["message"].as_str().map(str::is_empty), json["valid"].as_bool());
            if answer.valid() { VALID.to_owned() } else { answer.error_code().to_owned() }
        }
        Err(_) => ERROR.to_owned(),
    }
}

fn ask_peer(program: &str, script: &str, cases: &[Case]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Answer {
        verdict: String,
    }
    let local = peers().join(program);
    let mut peer = Command::new(if local.is_file() { local } else { program.into() })
        .arg(script)
        .current_dir(peers())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the peer is installed");
    // The questions are a few kilobytes, so they fit into the pipe.
    let mut input = peer.stdin.take().expect("it is piped");
    for (_, question, _) in cases {
        let line = serde_json::to_string(question).expect("it is JSON");
        writeln!(input, "{line}").expect("the peer reads");
    }
    drop(input);
    let output = peer.wait_with_output().expect("the peer ends");
    assert!(output.status.success(), "{script} failed");
    let answers = String::from_utf8(output.stdout).expect("it is UTF-8");
    let answers: Vec<_> = answers
        .lines()
        .map(|line| serde_json::from_str::<Answer>(line).expect("an answer").verdict)
        .collect();
    assert_eq!(answers.len(), cases.len(), "{script} did not answer everything");
    answers
}

fn set_up() -> Result<(), String> {
    let setup = Command::new(peers().join("setup.sh")).stdout(Stdio::null()).output();
    let setup = setup.map_err(|error| format!("tests/peers/setup.sh does not run: {error}"))?;
    if setup.status.success() {
        return Ok(());
    }
    Err(format!("tests/peers/setup.sh failed: {}", String::from_utf8_lossy(&setup.stderr)))
}

fn peers() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "peers"].iter().collect()
}
