//! Contracts that lie or fail.

use magic_admin::gating::{GatingErrorKind, Ownership, Requirement};
use serde_json::{Value, json};

use crate::endpoint::{Endpoint, contract, honest, owner, owner_word, result, reverted};

/// Returns one requirement of each kind, for tokens 7 and 8.
fn requirements(endpoint: &Endpoint) -> Vec<(&'static str, Requirement)> {
    let chain = endpoint.chain();
    let contract = contract();
    vec![
        ("any ERC-721", chain.erc721(contract).into()),
        ("an ERC-721 token", chain.erc721(contract).token(7_u64)),
        ("an ERC-1155 token", chain.erc1155(contract).token(7_u64).into()),
        ("ERC-1155 tokens", chain.erc1155(contract).any_token([7_u64, 8]).unwrap().into()),
        ("ERC-20", chain.erc20(contract).at_least(1_u64).unwrap()),
    ]
}

async fn kind(requirement: &Requirement) -> Result<Ownership, GatingErrorKind> {
    requirement.dangerous_check_address(owner()).await.map_err(|error| {
        assert_eq!(error.code(), "ERROR_UNAVAILABLE");
        assert_eq!(error.chain_id(), Some(1));
        error.kind()
    })
}

/// Returns an honest response to the main call of each kind.
fn owned(data: &str) -> Value {
    match &data[..10] {
        "0x6352211e" => json!({"result": owner_word()}),
        "0x4e1273f4" => {
            let words = [32_u64, 2, 0, 1].map(|word| format!("{word:064x}"));
            json!({"result": format!("0x{}", words.concat())})
        }
        _ => result(1),
    }
}

#[tokio::test]
async fn an_owner_passes_every_requirement() {
    let endpoint = Endpoint::calling(|_, data| honest(data, owned(data))).await;
    for (name, requirement) in requirements(&endpoint) {
        assert_eq!(kind(&requirement).await, Ok(Ownership::Owns), "{name}");
    }
}

#[tokio::test]
async fn answers_of_a_wrong_length_are_errors() {
    for length in [1, 20, 31, 33, 63, 64, 65, 96, 1_000] {
        let endpoint = Endpoint::calling(move |_, data| {
            honest(data, json!({"result": format!("0x{}", "01".repeat(length))}))
        })
        .await;
        for (name, requirement) in requirements(&endpoint) {
            assert_eq!(
                kind(&requirement).await,
                Err(GatingErrorKind::Malformed),
                "{name}, {length} bytes"
            );
        }
    }
}

#[tokio::test]
async fn no_code_at_the_address_is_an_error() {
    let endpoint = Endpoint::calling(|_, _| json!({"result": "0x"})).await;
    for (name, requirement) in requirements(&endpoint) {
        assert_eq!(kind(&requirement).await, Err(GatingErrorKind::NoContract), "{name}");
    }
    // The ERC-165 call succeeds, but the actual call fails.
    let endpoint = Endpoint::calling(|_, data| honest(data, json!({"result": "0x"}))).await;
    for (name, requirement) in requirements(&endpoint) {
        assert_eq!(kind(&requirement).await, Err(GatingErrorKind::NoContract), "{name}");
    }
}

#[tokio::test]
async fn a_revert_means_no_owner_for_one_token() {
    let endpoint = Endpoint::calling(|_, data| honest(data, reverted())).await;
    for (name, requirement) in requirements(&endpoint) {
        let expected = match name {
            "an ERC-721 token" => Ok(Ownership::DoesNotOwn),
            _ => Err(GatingErrorKind::Reverted),
        };
        assert_eq!(kind(&requirement).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_failed_call_is_an_error() {
    let failed = json!({"error": {"code": -32603, "message": "EVM error InvalidFEOpcode"}});
    let endpoint = Endpoint::calling(move |_, data| honest(data, failed.clone())).await;
    for (name, requirement) in requirements(&endpoint) {
        assert_eq!(kind(&requirement).await, Err(GatingErrorKind::Rpc(-32603)), "{name}");
    }
}

#[tokio::test]
async fn a_contract_must_declare_its_standard() {
    let erc_20 = |name| name == "ERC-20";
    for (lie, answers) in [
        ("a fallback that says yes to everything", [1, 1, 1]),
        ("ERC-165, but another standard", [1, 0, 0]),
        ("no ERC-165, but the standard", [0, 0, 1]),
        ("no to everything", [0, 0, 0]),
    ] {
        let endpoint = Endpoint::calling(move |_, data| match data.get(10..18) {
            _ if !data.starts_with("0x01ffc9a7") => owned(data),
            Some("01ffc9a7") => result(answers[0]),
            Some("ffffffff") => result(answers[1]),
            _ => result(answers[2]),
        })
        .await;
        for (name, requirement) in requirements(&endpoint) {
            let expected = match name {
                name if erc_20(name) => Ok(Ownership::Owns),
                _ => Err(GatingErrorKind::WrongStandard),
            };
            assert_eq!(kind(&requirement).await, expected, "{name}: {lie}");
        }
    }
    // Neither true nor false; then a revert, as from a contract without ERC-165.
    for (answer, expected) in [
        (result(2), GatingErrorKind::Malformed),
        (json!({"result": "0x01"}), GatingErrorKind::Malformed),
        (reverted(), GatingErrorKind::WrongStandard),
        (json!({"error": {"code": -32005}}), GatingErrorKind::Rpc(-32005)),
    ] {
        let endpoint = Endpoint::calling(move |_, data| {
            if data.starts_with("0x01ffc9a7") { answer.clone() } else { owned(data) }
        })
        .await;
        for (name, requirement) in requirements(&endpoint) {
            let expected = if erc_20(name) { Ok(Ownership::Owns) } else { Err(expected) };
            assert_eq!(kind(&requirement).await, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn an_owner_with_upper_bytes_is_invalid() {
    let dirty = format!("0x{}{}", "01".repeat(12), "11".repeat(20));
    let endpoint =
        Endpoint::calling(move |_, data| honest(data, json!({"result": dirty.clone()}))).await;
    let requirement = endpoint.chain().erc721(contract()).token(7_u64);
    assert_eq!(kind(&requirement).await, Err(GatingErrorKind::Malformed));
}

#[tokio::test]
async fn amounts_are_compared_as_256_bits() {
    for (balance, at_least, owns) in [
        ("0".repeat(64), "1", false),
        (format!("{:064x}", 9), "10", false),
        (format!("{:064x}", 10), "10", true),
        (format!("{:064x}", 255), "256", false),
        (format!("1{}", "0".repeat(63)), "0xffffffffffffffffffffffffffffffff", true),
        (
            "f".repeat(64),
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            true,
        ),
        (
            format!("{}e", "f".repeat(63)),
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            false,
        ),
    ] {
        let reply = json!({"result": format!("0x{balance}")});
        let endpoint = Endpoint::calling(move |_, data| honest(data, reply.clone())).await;
        let at_least: magic_admin::gating::Uint256 = at_least.parse().unwrap();
        let (chain, contract) = (endpoint.chain(), contract());
        for requirement in [
            chain.erc20(contract).at_least(at_least).unwrap(),
            chain.erc721(contract).at_least(at_least).unwrap(),
            chain.erc1155(contract).token(0_u64).at_least(at_least).unwrap(),
        ] {
            assert_eq!(kind(&requirement).await, Ok(owns.into()), "{balance} {at_least}");
        }
    }
}

#[tokio::test]
async fn several_ids_mean_any_or_all() {
    for (balances, any, every) in [
        ([0_u64, 0], false, false),
        ([0, 5], true, false),
        ([5, 5], true, true),
        ([4, 4], false, false),
    ] {
        let words = [32, 2, balances[0], balances[1]].map(|word| format!("{word:064x}"));
        let reply = json!({"result": format!("0x{}", words.concat())});
        let endpoint = Endpoint::calling(move |_, data| honest(data, reply.clone())).await;
        let erc1155 = endpoint.chain().erc1155(contract());
        let any_of = erc1155.clone().any_token([7_u64, 8]).unwrap().at_least(5_u64).unwrap();
        let every_of = erc1155.every_token([7_u64, 8]).unwrap().at_least(5_u64).unwrap();
        assert_eq!(kind(&any_of).await, Ok(any.into()), "{balances:?}");
        assert_eq!(kind(&every_of).await, Ok(every.into()), "{balances:?}");
    }
}
