//! Measures the memory of caching many tokens.
//!
//! ```sh
//! cargo run --release -p bench --bin memory
//! ```
//!
//! Each case runs in its own process, because freed memory is not necessarily returned to the
//! system. Linux only.

use std::{fs, process::Command, thread};

use bench::{App, NOW, results};
use magic_admin::{CacheStats, Verifier};
use serde::{Deserialize, Serialize};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["distinct", bound, tokens] => print(&distinct(number(bound), number(tokens) as u64)),
        ["churn"] => print(&churn()),
        _ => report(),
    }
}

/// The memory of a process after this many tokens.
#[derive(Serialize, Deserialize)]
struct Taken {
    bound: usize,
    /// Minutes on the application's clock.
    minute: i64,
    seen: u64,
    remembered: usize,
    /// The size reported by the cache.
    bytes: u64,
    /// The resident memory of the process, without what it used before the first token.
    resident: u64,
}

fn report() {
    let mut all = Vec::new();
    for bound in [32_usize << 20, 2 << 30] {
        for tokens in [0, 100_000, 1_000_000] {
            all.extend(child(&["distinct", &bound.to_string(), &tokens.to_string()]));
        }
    }
    all.extend(child(&["churn"]));
    println!(
        "| bound | minute | tokens seen | remembered | bytes as counted | resident |\n|---|---|---|---|---|---|"
    );
    for Taken { bound, minute, seen, remembered, bytes, resident } in &all {
        let (bound, bytes, resident) = (mib(*bound as u64), mib(*bytes), mib(*resident));
        println!("| {bound} | {minute} | {seen} | {remembered} | {bytes} | {resident} |");
    }
    results::save("memory", &all);
}

fn distinct(bound: usize, tokens: u64) -> Vec<Taken> {
    let app = App::new();
    let verifier = app.verifier().cache_bytes(bound).build();
    let before = resident();
    verify_new(&app, &verifier, 0, tokens);
    vec![taken(&verifier, before, bound, 0, tokens)]
}

/// Measures an hour in which 4,000 new tokens arrive every minute, far more than fit. Each is valid
/// for 15 minutes and used three times.
fn churn() -> Vec<Taken> {
    let app = App::new();
    let bound = 32 << 20;
    let verifier = app.verifier().cache_bytes(bound).build();
    let before = resident();
    let mut all = Vec::new();
    for minute in 1..=60 {
        app.clock.set(NOW + 60 * minute);
        verify_new(&app, &verifier, (minute as u64 - 1) * 4_000, 4_000);
        if minute % 10 == 0 {
            all.push(taken(&verifier, before, bound, minute, minute as u64 * 4_000));
        }
    }
    all
}

/// Verifies tokens of these users, three times each. They are issued on all cores, a few at a time.
fn verify_new(app: &App, verifier: &Verifier, first: u64, count: u64) {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    thread::scope(|scope| {
        for core in 0..cores {
            scope.spawn(move || {
                for user in (first + 1..=first + count).filter(|user| user % cores == core) {
                    let token = app.token(user);
                    for _ in 0..3 {
                        verifier.verify(&token).expect("a good token");
                    }
                }
            });
        }
    });
}

fn taken(verifier: &Verifier, before: u64, bound: usize, minute: i64, seen: u64) -> Taken {
    let stats: CacheStats = verifier.cache_stats();
    let resident = resident().saturating_sub(before);
    Taken { bound, minute, seen, remembered: stats.tokens(), bytes: stats.bytes(), resident }
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has one");
    let kib = line.trim().trim_end_matches(" kB");
    kib.parse::<u64>().expect("a number") * 1024
}

fn child(arguments: &[&str]) -> Vec<Taken> {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).args(arguments).output().expect("it can be started");
    assert!(output.status.success(), "{arguments:?} failed");
    serde_json::from_slice(&output.stdout).expect("it prints what it took")
}

fn print(taken: &[Taken]) {
    println!("{}", serde_json::to_string(taken).expect("plain data"));
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
