//! Measures the cost of token gating: a requirement on a chain, a hit in a gate's cache, and a
//! guarded route under load.
//!
//! ```sh
//! cargo run --release -p bench --bin gating
//! ```
//!
//! Needs npm for anvil (`tests/anvil`), and `wrk` (Debian: `apt-get install wrk`).

use std::{hint::black_box, process::Command};

use axum::{Router, routing::get};
use bench::{
    App, magic,
    measure::{Case, Figure, Group, Quartiles, table},
    request::{at_once, bearer, noop, with_header},
    results,
};
use magic_admin::{
    VerifiedToken,
    gating::{Chain, Gate, Requirement, all_of},
};
use magic_admin_axum::{RequireOwnershipLayer, RequireTokenLayer};
use test_chain::{Anvil, Arg, CHAIN_ID};
use tokio::{net::TcpListener, runtime::Runtime};
use tower::{Layer as _, Service as _, service_fn};

const ROUNDS: usize = 60;

/// The number of rounds of `wrk`, two seconds each.
const LOADS: usize = 7;

fn main() {
    let anvil = Anvil::start().expect("anvil is installed");
    let runtime = Runtime::new().expect("a runtime");
    let app = App::now();
    let token = app.token(1);
    let user = app.verifier().build().verify(&token).expect("the token is valid");
    let pass = pass(&anvil, &user);

    let mut figures = on_the_chain(&runtime, &anvil, &user, &pass);
    figures.extend(in_the_layer(&runtime, &token, &user, &pass));
    figures.extend(under_load(&runtime, &token, &pass));
    results::save("gating", &figures);
}

/// Returns the requirement of an NFT that the user owns.
fn pass(anvil: &Anvil, user: &VerifiedToken) -> Requirement {
    let contract = anvil.erc721();
    anvil.send(&contract, "0x6a627842", &[Arg::Address(&user.address().to_string())]);
    let chain = Chain::new(CHAIN_ID, anvil.url()).expect("the URL is usable");
    chain.erc721(contract.parse().expect("an address")).into()
}

fn on_the_chain(
    runtime: &Runtime,
    anvil: &Anvil,
    user: &VerifiedToken,
    pass: &Requirement,
) -> Vec<Figure> {
    let coin = anvil.erc20();
    anvil.send(
        &coin,
        "0x40c10f19",
        &[Arg::Address(&user.address().to_string()), Arg::Number(1_000)],
    );
    let chain = Chain::new(CHAIN_ID, anvil.url()).expect("the URL is usable");
    let coins = |at_least: u64| {
        chain.erc20(coin.parse().expect("an address")).at_least(at_least).expect("not zero")
    };
    let one = coins(1);
    let hundred = all_of((1..=100).map(coins)).expect("a hundred are allowed");
    let gate = Gate::new(pass.clone());
    let owns = |requirement: &Requirement| {
        let owned = runtime.block_on(requirement.check(user)).expect("the chain answers");
        assert!(black_box(owned).is_owned());
    };
    print(Group {
        name: "gating",
        cases: vec![
            Case::new("one ERC-20 requirement, 2 calls", || owns(&one)),
            Case::new("one ERC-721 requirement, 5 calls", || owns(pass)),
            Case::new("100 ERC-20 requirements, 101 calls", || owns(&hundred)),
            Case::new("a gate that remembers", || {
                let owned = runtime.block_on(gate.check(user)).expect("the chain answers");
                assert!(black_box(owned).is_owned());
            }),
        ],
    })
}

fn in_the_layer(
    runtime: &Runtime,
    token: &str,
    user: &VerifiedToken,
    pass: &Requirement,
) -> Vec<Figure> {
    let header = bearer(token);
    let layer = || RequireTokenLayer::new(magic().build().expect("the settings are good"));
    let gate = Gate::new(pass.clone());
    runtime.block_on(gate.require(user)).expect("the user owns it");
    let mut guarded = layer().layer(service_fn(noop));
    let gated = RequireOwnershipLayer::new(gate.clone()).layer(service_fn(noop));
    let mut gated = layer().layer(gated);
    let _runtime = runtime.enter();
    print(Group {
        name: "gating layer",
        cases: vec![
            Case::new("behind the token layer", || {
                black_box(at_once(guarded.call(with_header(&header))));
            }),
            Case::new("behind both layers, cached result", || {
                // Fill the cache first, so that no sample has to wait for the chain.
                if gate.remembered(user).is_none() {
                    runtime.handle().block_on(gate.require(user)).expect("the user owns it");
                }
                black_box(at_once(gated.call(with_header(&header))));
            }),
        ],
    })
}

/// Measures the requests per second of two servers, loaded by `wrk` in turn.
fn under_load(runtime: &Runtime, token: &str, pass: &Requirement) -> Vec<Figure> {
    let route = || Router::new().route("/", get(|| async { "in" }));
    let layer = || RequireTokenLayer::new(magic().build().expect("the settings are good"));
    let gate = RequireOwnershipLayer::new(Gate::new(pass.clone()));
    let servers = [
        ("behind the token layer", serve(runtime, route().layer(layer()))),
        ("behind both layers", serve(runtime, route().layer(gate).layer(layer()))),
    ];
    let mut rates: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..LOADS {
        for ((_, url), rates) in servers.iter().zip(&mut rates) {
            rates.push(load(url, token));
        }
    }
    let mut figures = Vec::new();
    println!(
        "| | requests/s | quartiles | relative to the first row | quartiles |\n|---|---|---|---|---|"
    );
    for ((name, _), own) in servers.iter().zip(&rates) {
        let ratio =
            Quartiles::of(own.iter().zip(&rates[0]).map(|(it, first)| it / first).collect());
        let rate = Quartiles::of(own.clone());
        println!(
            "| {name} | {:.0} | {:.0} – {:.0} | {:.3} | {:.3} – {:.3} |",
            rate.median, rate.lower, rate.upper, ratio.median, ratio.lower, ratio.upper
        );
        let nanoseconds = Quartiles::of(own.iter().map(|rate| 1e9 / rate).collect());
        let group = "gating under load".to_owned();
        figures.push(Figure { group, name: (*name).to_owned(), nanoseconds, ratio });
    }
    figures
}

fn serve(runtime: &Runtime, app: Router) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    runtime.spawn(async move { axum::serve(listener, app).await });
    url
}

/// Returns the requests per second reported by `wrk`. Any response other than a success fails the
/// benchmark.
fn load(url: &str, token: &str) -> f64 {
    let output = Command::new("wrk")
        .args(["-t1", "-c32", "-d2s", "-H", &format!("Authorization: Bearer {token}"), url])
        .output()
        .expect("wrk is installed");
    let report = String::from_utf8(output.stdout).expect("it is UTF-8");
    assert!(!report.contains("Non-2xx"), "{report}");
    let rate = report.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).expect("wrk counts requests")
}

fn print(mut group: Group<'_>) -> Vec<Figure> {
    let figures = group.measure(ROUNDS);
    println!("{}", table(&figures));
    figures
}
