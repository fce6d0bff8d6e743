//! The RPC URL is never shown.

use std::time::Duration;

use magic_admin::gating::{Chain, Gate};

use crate::{
    endpoint::{Act, Endpoint, contract, http, owner},
    log::Log,
};

#[tokio::test]
async fn no_output_contains_the_rpc_url() {
    let echo =
        r#"{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "bad k3y s3cret"}}"#;
    let log = Log::capture();
    let mut shown = String::new();
    for act in [http(200, "", echo), http(401, "", echo), Vec::new()] {
        let endpoint = Endpoint::acting(move |_| Act::Bytes(act.clone())).await;
        let requirement = endpoint.chain().erc20(contract()).at_least(1_u64).unwrap();
        let error = requirement.dangerous_check_address(owner()).await.unwrap_err();
        assert!(std::error::Error::source(&error).is_none());
        let gate = Gate::builder(requirement.clone());
        shown += &format!("{error} {error:?} {requirement:?} {gate:?} {:?}", gate.clone().build());
        shown += &format!("{:?} {:?}", endpoint.settings(), endpoint.chain());
        assert!(!shown.contains(&endpoint.url()[7..]), "{shown}");
    }
    let wrong = [
        "https://user:k3y@rpc.example/s3cret",
        "http://rpc.example/k3y?s3cret",
        "k3y/s3cret",
        "wss://rpc.example/k3y/s3cret",
        "https://rpc.example/k3y#s3cret",
    ];
    for url in wrong {
        let error = Chain::new(1, url).unwrap_err();
        shown += &format!("{error} {error:?} {:?}", Chain::builder(1, url));
    }
    assert_eq!(log.attempts(), 3);
    let closed = log.closed("rpc");
    for (line, end) in closed.iter().zip([
        "http.response.status_code=200 error.type=\"rpc\"}",
        "http.response.status_code=401 error.type=401}",
        "chain.id=1 error.type=\"unreachable\"}",
    ]) {
        assert!(line.contains("otel.kind=\"client\" http.request.method=\"POST\""), "{line}");
        assert!(line.contains("url.template=\"{rpc_url}\" chain.id=1 "), "{line}");
        assert!(line.contains(end), "{line}");
    }
    assert_eq!(closed.len(), 3);
    shown += &log.text();
    assert!(!shown.contains("k3y") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_time_limit_of_zero_is_rejected() {
    let settings = || Chain::builder(1, "https://rpc.example");
    assert!(settings().timeout(Duration::ZERO).build().is_err());
    assert!(settings().deadline(Duration::ZERO).build().is_err());
    assert!(settings().build().is_ok());
}
