//! Runs three servers of an application and one Redis as processes, and injects faults.
//!
//! Has its own harness, because it starts itself again as a server. Set `MAGIC_TEST_SEED` to repeat
//! a random run.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![expect(clippy::print_stdout, reason = "it is its own test harness")]

mod support;

#[path = "cluster/chaos.rs"]
mod chaos;
#[path = "cluster/checks.rs"]
mod checks;
#[path = "cluster/node.rs"]
mod node;
#[path = "cluster/proxy.rs"]
mod proxy;
#[path = "cluster/server.rs"]
mod server;

use std::time::{Duration, Instant};

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("serve") => server::serve(&arguments.next().expect("the URL of Redis")),
        // Test runners list the tests first.
        Some("--list") => {}
        _ => test(),
    }
}

fn test() {
    let tests: [(&str, fn()); 2] = [
        ("logged out on one server is logged out on all", chaos::an_ordinary_day),
        ("random days", chaos::random_days),
    ];
    for (name, test) in tests {
        let start = Instant::now();
        test();
        println!("test {name} ... ok ({:.1} s)", start.elapsed().as_secs_f64());
    }
}

/// The staleness bound of the servers.
const BOUND: Duration = Duration::from_secs(4);
