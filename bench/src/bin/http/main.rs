//! Measures the requests per second behind each kind of check.
//!
//! ```sh
//! cargo run --release -p bench --bin http              # axum: bare, behind the layer, by hand
//! cargo run --release -p bench --bin http -- --peers   # the official SDKs as well
//! ```
//!
//! Needs `wrk` (Debian: `apt-get install wrk`). Each server and `wrk` are separate processes. All
//! cases are measured in turn, for several rounds.

mod load;
mod peers;
mod round;
mod server;

use std::path::PathBuf;

use bench::{App, results};
use load::Load;
use round::Contest;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", check] => server::serve(check),
        [] => compare(false),
        ["--peers"] => compare(true),
        _ => {
            eprintln!("usage: http [--peers]");
            std::process::exit(2);
        }
    }
}

fn compare(with_peers: bool) {
    let loads = Loads::mint();
    let mut contests = vec![
        Contest::axum("bare route", "bare", &loads.one),
        // The cost of any layer in axum.
        Contest::axum("a layer that does nothing", "idle layer", &loads.one),
        Contest::axum("layer, one token", "layer", &loads.one),
        Contest::axum("by hand, no cache", "hand", &loads.one),
        Contest::axum("bare route, 10,000 tokens", "bare", &loads.many),
        // This load slows down the bare route as well.
        Contest::axum("layer, 10,000 tokens", "layer", &loads.many).beside(4),
        Contest::axum("layer, every token new", "layer", &loads.new).beside(4),
    ];
    if with_peers {
        contests.extend(peers::contests(&loads.one));
    }
    let answers = round::run(&mut contests);
    println!("{}", round::table(&answers));
    results::save("http", &answers);
}

/// The sets of tokens that `wrk` sends.
struct Loads {
    one: Load,
    many: Load,
    new: Load,
}

impl Loads {
    fn mint() -> Self {
        let app = App::now();
        Self {
            one: Load::of("one", &app.tokens(1)),
            many: Load::of("many", &app.tokens(10_000)),
            // More tokens than can be sent in a round.
            new: Load::of("new", &app.tokens(120_000)).each_once(),
        }
    }
}

/// Returns a path for a temporary file of this run.
fn scratch(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("bench-http-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a temporary folder can be made");
    directory.join(name)
}
