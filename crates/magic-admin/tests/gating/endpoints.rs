//! RPC endpoints that lie or fail.

use std::sync::atomic::{AtomicUsize, Ordering};

use magic_admin::gating::{BlockTag, Chain, GatingErrorKind, Ownership};
use serde_json::{Value, json};

use crate::endpoint::{Act, Endpoint, answer, contract, honest, http, owner, result};

/// Returns the honest response of a chain on which everyone owns one of everything.
fn owned(batch: &Value) -> Value {
    answer(batch, &|_, data| honest(data, result(1)))
}

async fn check(endpoint: &Endpoint) -> Result<Ownership, GatingErrorKind> {
    let requirement = endpoint.chain().erc721(contract()).at_least(1_u64).unwrap();
    requirement.dangerous_check_address(owner()).await.map_err(|error| {
        assert_eq!(error.chain_id(), Some(1));
        error.kind()
    })
}

#[tokio::test]
async fn one_batch_contains_everything() {
    let endpoint = Endpoint::acting(|batch| Act::Answer(owned(batch))).await;
    assert_eq!(check(&endpoint).await, Ok(Ownership::Owns));
    assert_eq!(check(&endpoint).await, Ok(Ownership::Owns));

    let batches = endpoint.batches();
    let methods: Vec<_> =
        batches[0].as_array().unwrap().iter().map(|call| call["method"].clone()).collect();
    assert_eq!(methods, ["eth_chainId", "eth_call", "eth_call", "eth_call", "eth_call"]);
    let data = format!("0x70a08231{}{}", "0".repeat(24), "11".repeat(20));
    // Use EIP-55, because some nodes check it.
    let to = contract().to_string();
    assert_eq!(batches[0][4]["params"], json!([{"to": to, "data": data}, "latest"]));
    let mut ids: Vec<_> = batches
        .iter()
        .flat_map(|batch| batch.as_array().unwrap())
        .map(|call| call["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((batches.len(), ids.len()), (2, 10));
}

/// Each level is a string containing JSON, under the key that `raw_value` reserves. Parsed naively,
/// each level starts with a fresh recursion limit, and the process aborts.
#[tokio::test]
async fn nested_json_does_not_crash() {
    let mut text = "null".to_owned();
    for _ in 0..16 {
        let quoted = Value::from(text).to_string();
        let object = format!("{{\"$serde_json::private::RawValue\":{quoted}}}");
        text = format!("{}{object}{}", "[".repeat(120), "]".repeat(120));
    }
    let endpoint = Endpoint::acting(move |_| Act::Bytes(http(200, JSON, &text))).await;
    assert_eq!(check(&endpoint).await, Err(GatingErrorKind::Malformed));
}

#[tokio::test]
async fn uses_the_configured_block() {
    for (block, tag) in
        [(BlockTag::Latest, "latest"), (BlockTag::Safe, "safe"), (BlockTag::Finalized, "finalized")]
    {
        let endpoint = Endpoint::acting(|batch| Act::Answer(owned(batch))).await;
        let chain = endpoint.settings().block(block).build().unwrap();
        let requirement = chain.erc20(contract()).at_least(1_u64).unwrap();
        requirement.dangerous_check_address(owner()).await.unwrap();
        assert_eq!(endpoint.batches()[0][1]["params"][1], tag);
    }
}

#[tokio::test]
async fn the_wrong_chain_never_owns() {
    for id in ["0x2", "0x0", "0x01f", "0x10000000000000001"] {
        let endpoint = Endpoint::acting(move |batch| {
            let mut answer = owned(batch);
            answer[0]["result"] = id.into();
            Act::Answer(answer)
        })
        .await;
        let expected =
            if id.len() > 18 { GatingErrorKind::Malformed } else { GatingErrorKind::WrongChain };
        assert_eq!(check(&endpoint).await, Err(expected), "{id}");
    }
    for fault in [json!({"result": null}), json!({"error": {"code": -32601, "message": "no"}})] {
        let endpoint = Endpoint::acting(move |batch| {
            let mut answer = owned(batch);
            answer[0] = fault.clone();
            answer[0]["jsonrpc"] = "2.0".into();
            answer[0]["id"] = batch[0]["id"].clone();
            Act::Answer(answer)
        })
        .await;
        assert!(check(&endpoint).await.is_err());
    }
}

#[tokio::test]
async fn accepts_answers_in_any_order() {
    let endpoint = Endpoint::acting(|batch| {
        let mut answer = owned(batch).as_array().unwrap().clone();
        answer.reverse();
        Act::Answer(answer.into())
    })
    .await;
    assert_eq!(check(&endpoint).await, Ok(Ownership::Owns));
}

#[tokio::test]
async fn answers_with_other_ids_are_rejected() {
    type Fault = fn(&mut Vec<Value>);
    let faults: [(&str, Fault); 6] = [
        ("an id of another batch", |answers| answers[4]["id"] = 0.into()),
        ("an id of text", |answers| answers[4]["id"] = answers[4]["id"].to_string().into()),
        ("an id twice", |answers| answers[4]["id"] = answers[3]["id"].clone()),
        ("no id", |answers| drop(answers[4].as_object_mut().unwrap().remove("id"))),
        ("one answer missing", |answers| drop(answers.pop())),
        ("one answer too many", |answers| answers.push(answers[0].clone())),
    ];
    for (name, fault) in faults {
        let endpoint = Endpoint::acting(move |batch| {
            let mut answers = owned(batch).as_array().unwrap().clone();
            fault(&mut answers);
            Act::Answer(answers.into())
        })
        .await;
        assert_eq!(check(&endpoint).await, Err(GatingErrorKind::Malformed), "{name}");
    }
}

#[tokio::test]
async fn every_other_answer_is_unavailable() {
    use GatingErrorKind::{Malformed, Rpc, Status, Timeout, Unreachable};

    let whole =
        json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32005, "message": "limit"}});
    let faults = [
        ("HTML", http(200, "Content-Type: text/html\r\n", "<html>"), Malformed),
        ("nothing", http(200, JSON, ""), Malformed),
        ("null", http(200, JSON, "null"), Malformed),
        ("an empty list", http(200, JSON, "[]"), Malformed),
        ("deep nesting", http(200, JSON, &"[".repeat(100_000)), Malformed),
        ("2 MiB", http(200, JSON, &format!("\"{}\"", "a".repeat(2 << 20))), Malformed),
        ("no batches", http(200, JSON, &whole.to_string()), Rpc(-32005)),
        ("a wrong key", http(401, JSON, "{}"), Status(401)),
        ("a limit", http(429, "Retry-After: 7\r\n", ""), Status(429)),
        ("a failure", http(500, JSON, "[]"), Status(500)),
        ("a redirect", http(307, "Location: http://127.0.0.1:9/\r\n", ""), Status(307)),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), Unreachable),
        (
            "a body that breaks off",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[".to_vec(),
            Unreachable,
        ),
        ("no answer at all", Vec::new(), Unreachable),
    ];
    for (name, bytes, expected) in faults {
        let endpoint = Endpoint::acting(move |_| Act::Bytes(bytes.clone())).await;
        assert_eq!(check(&endpoint).await, Err(expected), "{name}");
    }
    let endpoint = Endpoint::acting(|_| Act::Hang).await;
    assert_eq!(check(&endpoint).await, Err(Timeout));

    // A port without a listener, because it was bound only a moment ago.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let chain = Chain::builder(1, format!("http://{port}")).retries(0).build().unwrap();
    let gone = chain.erc20(contract()).at_least(1_u64).unwrap();
    let error = gone.dangerous_check_address(owner()).await.unwrap_err();
    assert_eq!(error.kind(), Unreachable);
}

#[tokio::test]
async fn a_retry_after_is_kept() {
    let endpoint = Endpoint::acting(|_| Act::Bytes(http(429, "Retry-After: 7\r\n", ""))).await;
    let requirement = endpoint.chain().erc20(contract()).at_least(1_u64).unwrap();
    let error = requirement.dangerous_check_address(owner()).await.unwrap_err();
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(7));
}

#[tokio::test]
async fn transient_failures_are_retried() {
    let calls = AtomicUsize::new(0);
    let endpoint = Endpoint::acting(move |batch| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Act::Bytes(http(503, "", "")),
        _ => Act::Answer(owned(batch)),
    })
    .await;
    let chain = endpoint.settings().retries(1).backoff(std::time::Duration::ZERO).build().unwrap();
    let requirement = chain.erc20(contract()).at_least(1_u64).unwrap();
    let owns = requirement.dangerous_check_address(owner()).await;
    assert_eq!((owns, endpoint.batches().len()), (Ok(Ownership::Owns), 2));
}

const JSON: &str = "Content-Type: application/json\r\n";
