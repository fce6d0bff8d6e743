//! Measures one validation by every system that has an SDK here.
//!
//! ```sh
//! cargo run --release -p bench --bin systems
//! ```

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use bench::{App, CLIENT_ID, audience, measure::Quartiles, results};
use magic_admin::Verifier;
use serde::Serialize;

fn main() {
    let status = Command::new("sh").arg(peers().join("setup.sh")).status();
    assert!(status.is_ok_and(|status| status.success()), "the peers cannot be installed");

    let token = App::now().token(1);
    let mut times = vec![Vec::new(); SYSTEMS.len()];
    for _ in 0..ROUNDS {
        for ((_, measure), times) in SYSTEMS.iter().zip(&mut times) {
            times.push(measure(&token));
        }
    }
    let costs: Vec<Cost> = SYSTEMS
        .iter()
        .zip(times)
        .map(|((name, _), times)| Cost { name, microseconds: Quartiles::of(times).median })
        .collect();
    println!("| | one validation |\n|---|---|");
    for Cost { name, microseconds } in &costs {
        println!("| {name} | {microseconds:.2} µs |");
    }
    results::save("systems", &costs);
}

#[derive(Serialize)]
struct Cost {
    name: &'static str,
    microseconds: f64,
}

type Measure = fn(&str) -> f64;

const SYSTEMS: [(&str, Measure); 5] = [
    ("this crate, warm", |token| ours(&Verifier::new(audience()), token, 100)),
    ("this crate, cold", |token| {
        ours(&Verifier::builder(audience()).cache_bytes(0).build(), token, 1)
    }),
    ("magic-admin (Python), coincurve", |token| {
        python(token, "eth_keys.backends.CoinCurveECCBackend")
    }),
    ("@magic-sdk/admin (Node)", |token| {
        let mut node = Command::new("node");
        peer(node.arg(peers().join("node/validate.mjs")), token)
    }),
    ("magic-admin (Python)", |token| python(token, "eth_keys.backends.NativeECCBackend")),
];

fn ours(verifier: &Verifier, token: &str, batch: u32) -> f64 {
    let sample = |_| {
        let start = Instant::now();
        for _ in 0..batch {
            black_box(verifier.verify(black_box(token)).expect("a good token"));
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(batch)
    };
    Quartiles::of((0..1_000).map(sample).collect()).median
}

fn python(token: &str, curve: &str) -> f64 {
    let mut python = Command::new(peers().join("python/.venv/bin/python"));
    let script = peers().join("python/validate.py");
    peer(python.env("ECC_BACKEND_CLASS", curve).arg(script), token)
}

/// Returns the microseconds printed by a peer's program.
fn peer(command: &mut Command, token: &str) -> f64 {
    let output = command.args([token, CLIENT_ID]).output().expect("the peer can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

const ROUNDS: usize = 5;
