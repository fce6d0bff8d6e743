use magic_admin::{
    Address,
    gating::{BlockTag, Chain, GatingErrorKind, Requirement},
};
use test_chain::{Anvil, CHAIN_ID};

fn kinds(chain: &Chain, contract: &str) -> [(&'static str, Requirement); 5] {
    let contract: Address = contract.parse().unwrap();
    [
        ("any ERC-721", chain.erc721(contract).into()),
        ("an ERC-721 token", chain.erc721(contract).token(0_u64)),
        ("an ERC-1155 token", chain.erc1155(contract).token(0_u64).into()),
        ("ERC-1155 tokens", chain.erc1155(contract).any_token([0_u64, 1]).unwrap().into()),
        ("ERC-20", chain.erc20(contract).at_least(1_u64).unwrap()),
    ]
}

async fn failure(requirement: &Requirement) -> Option<GatingErrorKind> {
    let owner = Address::from_bytes([0x11; 20]);
    requirement.dangerous_check_address(owner).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn misbehaving_contracts_are_errors() {
    use GatingErrorKind::{Malformed, NoContract, Reverted, Rpc, WrongStandard};

    let Some(anvil) = Anvil::start() else { return };
    let chain = Chain::new(CHAIN_ID, anvil.url()).unwrap();
    // The responses of ERC-721 and ERC-1155 contracts, and of ERC-20, which has no ERC-165.
    let cases = [
        ("no code", "0x", NoContract, Some(NoContract)),
        ("stop", "0x00", NoContract, Some(NoContract)),
        ("revert", "0x60006000fd", WrongStandard, Some(Reverted)),
        ("invalid opcode", "0xfe", Rpc(-32603), Some(Rpc(-32603))),
        ("31 bytes", "0x601f6000f3", Malformed, Some(Malformed)),
        ("33 bytes", "0x60216000f3", Malformed, Some(Malformed)),
        ("64 bytes", "0x60406000f3", Malformed, Some(Malformed)),
        ("32 zero bytes", "0x60206000f3", WrongStandard, None),
        ("a fallback that returns one", "0x600160005260206000f3", WrongStandard, None),
        ("a fallback that returns ones", "0x60001960005260206000f3", Malformed, None),
    ];
    for (number, (name, code, nft, coin)) in (0x1000..).zip(cases) {
        let address = anvil.set_code(number, code);
        for (kind, requirement) in kinds(&chain, &address) {
            let expected = if kind == "ERC-20" { coin } else { Some(nft) };
            assert_eq!(failure(&requirement).await, expected, "{kind}, {name}");
        }
    }
    // This code never ends, so the call runs out of gas.
    let endless = anvil.set_code(0x2000, "0x5b600056");
    for (kind, requirement) in kinds(&chain, &endless) {
        assert!(failure(&requirement).await.is_some(), "{kind}");
    }
}

#[tokio::test]
async fn another_standard_is_an_error() {
    let Some(anvil) = Anvil::start() else { return };
    let chain = Chain::new(CHAIN_ID, anvil.url()).unwrap();
    let standards =
        [("ERC-721", anvil.erc721()), ("ERC-1155", anvil.erc1155()), ("ERC-20", anvil.erc20())];
    for (standard, contract) in &standards {
        for (kind, requirement) in kinds(&chain, contract) {
            let failure = failure(&requirement).await;
            if kind.contains(standard) {
                assert_eq!(failure, None, "{kind} of {standard}");
            } else if kind != "ERC-20" {
                assert_eq!(failure, Some(GatingErrorKind::WrongStandard), "{kind} of {standard}");
            }
        }
    }
    // ERC-1155 has no `balanceOf(address)`.
    let coin = chain.erc20(standards[1].1.parse().unwrap()).at_least(1_u64).unwrap();
    assert_eq!(failure(&coin).await, Some(GatingErrorKind::Reverted));
}

#[tokio::test]
async fn another_chain_is_an_error() {
    let Some(anvil) = Anvil::start() else { return };
    let contract = anvil.erc721();
    for (chain, expected) in [
        (Chain::builder(1, anvil.url()), GatingErrorKind::WrongChain),
        (
            // The finalized block of a new chain is its first one.
            Chain::builder(CHAIN_ID, anvil.url()).block(BlockTag::Finalized),
            GatingErrorKind::NoContract,
        ),
    ] {
        for (kind, requirement) in kinds(&chain.build().unwrap(), &contract) {
            assert_eq!(failure(&requirement).await, Some(expected), "{kind}");
        }
    }
}
