use magic_admin::{
    VerifiedToken,
    gating::{Chain, Gate, Ownership, Requirement, all_of, any_of, not},
};
use test_chain::{Anvil, Arg, CHAIN_ID};
use tests::Fixture;

const MINT_721: &str = "0x6a627842";
const TRANSFER_721: &str = "0x23b872dd";
const BURN: &str = "0x42966c68";
const MINT_1155: &str = "0x731133e9";
const TRANSFER_1155: &str = "0xf242432a";
const BURN_1155: &str = "0xf5298aca";
const MINT_20: &str = "0x40c10f19";
const TRANSFER_20: &str = "0xa9059cbb";

fn user(number: u64) -> VerifiedToken {
    let fixture = Fixture::new();
    fixture.verifier().build().verify(&fixture.token(number)).expect("it is valid")
}

fn chain(anvil: &Anvil) -> Chain {
    Chain::new(CHAIN_ID, anvil.url()).expect("the URL is usable")
}

async fn owns(requirement: &Requirement, user: &VerifiedToken) -> bool {
    requirement.check(user).await.expect("the chain answers").is_owned()
}

#[tokio::test]
async fn erc_721_ownership_follows_the_chain() {
    let Some(anvil) = Anvil::start() else { return };
    let (alice, bob) = (user(1), user(2));
    let (a, b) = (alice.address().to_string(), bob.address().to_string());
    let contract = anvil.erc721();
    let erc721 = chain(&anvil).erc721(contract.parse().unwrap());
    let any: Requirement = erc721.clone().into();
    let two = erc721.clone().at_least(2_u64).unwrap();
    let token = |id: u64| erc721.clone().token(id);
    let state = async |user: &VerifiedToken| {
        [
            owns(&any, user).await,
            owns(&two, user).await,
            owns(&token(0), user).await,
            owns(&token(1), user).await,
        ]
    };

    assert_eq!(state(&alice).await, [false, false, false, false]);
    anvil.send(&contract, MINT_721, &[Arg::Address(&a)]);
    assert_eq!(state(&alice).await, [true, false, true, false]);
    anvil.send(&contract, MINT_721, &[Arg::Address(&a)]);
    assert_eq!(state(&alice).await, [true, true, true, true]);
    assert_eq!(state(&bob).await, [false, false, false, false]);

    anvil.send_as(
        &a,
        &contract,
        TRANSFER_721,
        &[Arg::Address(&a), Arg::Address(&b), Arg::Number(0)],
    );
    assert_eq!(state(&alice).await, [true, false, false, true]);
    assert_eq!(state(&bob).await, [true, false, true, false]);

    anvil.send_as(&b, &contract, BURN, &[Arg::Number(0)]);
    assert_eq!(state(&bob).await, [false, false, false, false]);
    // `ownerOf` now reverts, because the token has no owner.
    assert!(!owns(&token(0), &alice).await);
}

#[tokio::test]
async fn erc_1155_ownership_follows_the_chain() {
    let Some(anvil) = Anvil::start() else { return };
    let (alice, bob) = (user(1), user(2));
    let (a, b) = (alice.address().to_string(), bob.address().to_string());
    let contract = anvil.erc1155();
    let erc1155 = chain(&anvil).erc1155(contract.parse().unwrap());
    let one: Requirement = erc1155.clone().token(0_u64).into();
    let three = erc1155.clone().token(0_u64).at_least(3_u64).unwrap();
    let any: Requirement = erc1155.clone().any_token([0_u64, 7]).unwrap().into();
    let every: Requirement = erc1155.every_token([0_u64, 7]).unwrap().into();
    let state = async |user: &VerifiedToken| {
        [
            owns(&one, user).await,
            owns(&three, user).await,
            owns(&any, user).await,
            owns(&every, user).await,
        ]
    };
    let mint = |to: &str, id, amount| {
        let args = [Arg::Address(to), Arg::Number(id), Arg::Number(amount), Arg::Text("")];
        anvil.send(&contract, MINT_1155, &args);
    };

    assert_eq!(state(&alice).await, [false, false, false, false]);
    mint(&a, 7, 1);
    assert_eq!(state(&alice).await, [false, false, true, false]);
    mint(&a, 0, 3);
    assert_eq!(state(&alice).await, [true, true, true, true]);
    assert_eq!(state(&bob).await, [false, false, false, false]);

    let args = [Arg::Address(&a), Arg::Address(&b), Arg::Number(0), Arg::Number(1), Arg::Text("")];
    anvil.send_as(&a, &contract, TRANSFER_1155, &args);
    assert_eq!(state(&alice).await, [true, false, true, true]);
    assert_eq!(state(&bob).await, [true, false, true, false]);

    anvil.send_as(&b, &contract, BURN_1155, &[Arg::Address(&b), Arg::Number(0), Arg::Number(1)]);
    assert_eq!(state(&bob).await, [false, false, false, false]);
}

#[tokio::test]
async fn erc_20_ownership_follows_the_chain() {
    let Some(anvil) = Anvil::start() else { return };
    let (alice, bob) = (user(1), user(2));
    let (a, b) = (alice.address().to_string(), bob.address().to_string());
    let contract = anvil.erc20();
    let five = chain(&anvil).erc20(contract.parse().unwrap()).at_least(5_u64).unwrap();

    assert!(!owns(&five, &alice).await);
    anvil.send(&contract, MINT_20, &[Arg::Address(&a), Arg::Number(4)]);
    assert!(!owns(&five, &alice).await);
    anvil.send(&contract, MINT_20, &[Arg::Address(&a), Arg::Number(1)]);
    assert!(owns(&five, &alice).await);

    anvil.send_as(&a, &contract, TRANSFER_20, &[Arg::Address(&b), Arg::Number(5)]);
    assert!(!owns(&five, &alice).await);
    assert!(owns(&five, &bob).await);
    anvil.send_as(&b, &contract, BURN, &[Arg::Number(1)]);
    assert!(!owns(&five, &bob).await);
}

#[tokio::test]
async fn requirements_combine_across_chains() {
    let (Some(one), Some(other)) = (Anvil::start(), Anvil::start()) else { return };
    let alice = user(1);
    let a = alice.address().to_string();
    let (pass, coin) = (one.erc721(), other.erc20());
    let pass_of: Requirement = chain(&one).erc721(pass.parse().unwrap()).into();
    let coin_of = chain(&other).erc20(coin.parse().unwrap()).at_least(1_u64).unwrap();
    let both = all_of([pass_of.clone(), coin_of.clone()]).unwrap();
    let either = any_of([pass_of.clone(), coin_of.clone()]).unwrap();
    let only_pass = all_of([pass_of, not(coin_of)]).unwrap();
    let state = async || {
        [owns(&both, &alice).await, owns(&either, &alice).await, owns(&only_pass, &alice).await]
    };

    assert_eq!(state().await, [false, false, false]);
    one.send(&pass, MINT_721, &[Arg::Address(&a)]);
    assert_eq!(state().await, [false, true, true]);
    other.send(&coin, MINT_20, &[Arg::Address(&a), Arg::Number(1)]);
    assert_eq!(state().await, [true, true, false]);
    drop(other);
    assert!(either.check(&alice).await.unwrap().is_owned());
    both.check(&alice).await.unwrap_err();
    only_pass.check(&alice).await.unwrap_err();
}

#[tokio::test]
async fn a_gate_caches_its_results() {
    let Some(anvil) = Anvil::start() else { return };
    let alice = user(1);
    let a = alice.address().to_string();
    let contract = anvil.erc721();
    let pass = chain(&anvil).erc721(contract.parse().unwrap());
    let (gate, forgetful) = (
        Gate::new(pass.clone()),
        Gate::builder(pass).remember_not_owned(std::time::Duration::ZERO).build(),
    );
    for gate in [&gate, &forgetful] {
        assert_eq!(gate.check(&alice).await, Ok(Ownership::DoesNotOwn));
    }
    anvil.send(&contract, MINT_721, &[Arg::Address(&a)]);
    assert_eq!(gate.check(&alice).await, Ok(Ownership::DoesNotOwn));
    assert_eq!(gate.require(&alice).await.unwrap_err().code(), "ERROR_NOT_OWNED");
    assert_eq!(forgetful.check(&alice).await, Ok(Ownership::Owns));
    assert_eq!(forgetful.require(&alice).await, Ok(()));

    // Cached results remain valid while the chain is down.
    drop(anvil);
    assert_eq!(forgetful.check(&alice).await, Ok(Ownership::Owns));
    assert_eq!(forgetful.require(&user(2)).await.unwrap_err().code(), "ERROR_UNAVAILABLE");
}
