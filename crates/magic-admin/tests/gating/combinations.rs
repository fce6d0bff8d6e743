//! Requirements that are combinations of others.

use magic_admin::{
    Address, ConfigError, ConfigErrorKind,
    gating::{Chain, GatingErrorKind, Ownership, Requirement, all_of, any_of, not},
};
use serde_json::{Value, json};

use crate::endpoint::{Endpoint, honest, owner, result};

/// The contract `yes` is owned, `no` is not, and `down` has no code.
async fn endpoint() -> Endpoint {
    Endpoint::calling(|contract, _| match contract.get(2..4) {
        Some("01") => result(1),
        Some("00") => result(0),
        _ => json!({"result": "0x"}),
    })
    .await
}

#[derive(Clone, Copy, Debug)]
enum Is {
    Yes,
    No,
    Down,
}

use Is::{Down, No, Yes};

impl Is {
    fn on(self, chain: &Chain) -> Requirement {
        let byte = match self {
            Yes => 1,
            No => 0,
            Down => 2,
        };
        chain.erc20(Address::from_bytes([byte; 20])).at_least(1_u64).unwrap()
    }
}

async fn verdict(requirement: Requirement) -> Option<bool> {
    match requirement.dangerous_check_address(owner()).await {
        Ok(ownership) => Some(ownership.is_owned()),
        Err(error) => {
            assert_eq!(error.kind(), GatingErrorKind::NoContract);
            None
        }
    }
}

/// Kleene's truth tables.
#[tokio::test]
async fn three_valued_logic() {
    let endpoint = endpoint().await;
    let chain = endpoint.chain();
    for (left, right, all, any) in [
        (Yes, Yes, Some(true), Some(true)),
        (Yes, No, Some(false), Some(true)),
        (Yes, Down, None, Some(true)),
        (No, No, Some(false), Some(false)),
        (No, Down, Some(false), None),
        (Down, Down, None, None),
    ] {
        for (left, right) in [(left, right), (right, left)] {
            let both = || [left.on(&chain), right.on(&chain)];
            assert_eq!(verdict(all_of(both()).unwrap()).await, all, "{left:?} {right:?}");
            assert_eq!(verdict(any_of(both()).unwrap()).await, any, "{left:?} {right:?}");
            let (not_all, not_any) = (all.map(|all| !all), any.map(|any| !any));
            assert_eq!(verdict(not(all_of(both()).unwrap())).await, not_all);
            assert_eq!(verdict(not(any_of(both()).unwrap())).await, not_any);
            assert_eq!(verdict(not(not(all_of(both()).unwrap()))).await, all);
        }
    }
}

#[tokio::test]
async fn nesting_takes_one_request_per_chain() {
    let (one, other) = (endpoint().await, endpoint().await);
    let (first, second) = (one.chain(), other.chain());
    let nested = all_of([
        any_of([No.on(&first), Yes.on(&second)]).unwrap(),
        not(No.on(&second)),
        any_of([Down.on(&first), all_of([Yes.on(&first), Yes.on(&second)]).unwrap()]).unwrap(),
    ]);
    assert_eq!(verdict(nested.unwrap()).await, Some(true));
    let sizes = |endpoint: &Endpoint| {
        endpoint.batches().iter().map(|batch| batch.as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!((sizes(&one), sizes(&other)), (vec![1 + 3], vec![1 + 3]));
}

#[tokio::test]
async fn an_unavailable_chain_hides_no_owner() {
    let endpoint = endpoint().await;
    let down = Chain::builder(1, "http://127.0.0.1:9").retries(0).build().unwrap();
    let either = any_of([Yes.on(&down), Yes.on(&endpoint.chain())]).unwrap();
    assert_eq!(either.dangerous_check_address(owner()).await, Ok(Ownership::Owns));
    let both = all_of([Yes.on(&down), Yes.on(&endpoint.chain())]).unwrap();
    let error = both.dangerous_check_address(owner()).await.unwrap_err();
    assert_eq!(error.kind(), GatingErrorKind::Unreachable);
    let neither = not(Yes.on(&down)).dangerous_check_address(owner()).await;
    assert_eq!(neither.unwrap_err().kind(), GatingErrorKind::Unreachable);
}

#[tokio::test]
async fn a_hundred_checks_are_one_request() {
    let endpoint = endpoint().await;
    let chain = endpoint.chain();
    let hundred = all_of((0..100).map(|_| Yes.on(&chain))).unwrap();
    assert_eq!(verdict(hundred.clone()).await, Some(true));
    let batches: Vec<Value> = endpoint.batches();
    assert_eq!((batches.len(), batches[0].as_array().unwrap().len()), (1, 101));
    rejected(all_of([hundred, Yes.on(&chain)]));
}

#[tokio::test]
async fn the_standard_is_checked_once() {
    let endpoint = Endpoint::calling(|_, data| honest(data, result(1))).await;
    let chain = endpoint.chain();
    let [a, b] = [1, 2].map(|byte| Address::from_bytes([byte; 20]));
    let requirement = any_of([
        chain.erc721(a).at_least(1_u64).unwrap(),
        chain.erc721(a).at_least(2_u64).unwrap(),
        chain.erc721(b).at_least(2_u64).unwrap(),
        chain.erc1155(a).token(1_u64).at_least(2_u64).unwrap(),
    ]);
    assert_eq!(verdict(requirement.unwrap()).await, Some(true));
    let calls = endpoint.batches()[0].as_array().unwrap().len();
    assert_eq!(calls, 1 + 3 * 3 + 4);
}

#[test]
fn rejects_trivial_requirements() {
    let chain = Chain::new(1, "http://127.0.0.1:9").unwrap();
    let contract = Address::from_bytes([1; 20]);
    rejected(all_of([]));
    rejected(any_of([]));
    rejected(chain.erc20(contract).at_least(0_u64));
    rejected(chain.erc721(contract).at_least(0_u64));
    rejected(chain.erc1155(contract).token(1_u64).at_least(0_u64));
    rejected(chain.erc1155(contract).any_token::<u64>([]));
    rejected(chain.erc1155(contract).every_token::<u64>([]));
    rejected(chain.erc1155(contract).any_token(0..=100_u64));
    rejected(all_of(std::iter::repeat_with(|| Yes.on(&chain))));
    let many = chain.erc1155(contract).any_token(0..100_u64).unwrap();
    rejected(all_of([many.clone().into(), Yes.on(&chain)]));
    assert!(all_of([many.into()]).is_ok());
}

fn rejected<T: std::fmt::Debug>(built: Result<T, ConfigError>) {
    assert_eq!(built.unwrap_err().kind(), ConfigErrorKind::Setting);
}
