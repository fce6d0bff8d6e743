//! Measures how validation scales with the number of threads.
//!
//! ```sh
//! cargo run --release -p bench --bin threads
//! ```
//!
//! Measures processor time, which is independent of other programs on the machine. The cost of
//! contention for locks and cache lines shows as more processor time per verification. Linux only.

use std::{
    fs,
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use bench::{App, audience, measure::Quartiles, results};
use magic_admin::Verifier;
use serde::Serialize;

fn main() {
    let tokens = App::now().tokens(1_000);
    let (cold, warm) = (verifier(0), verifier(32 << 20));
    for token in &tokens {
        warm.verify(token).expect("a good token");
    }
    let all = [
        scaling("cold", &cold, &tokens),
        scaling("warm, all threads one token", &warm, &tokens[..1]),
        scaling("warm, 1,000 tokens in turn", &warm, &tokens),
    ];
    println!(
        "| | threads | processor time per verification | speed-up over one thread | quartiles |\n|---|---|---|---|---|"
    );
    for Scaling { name, threads, nanoseconds, ratio } in all.iter().flatten() {
        let Quartiles { lower, median, upper } = ratio;
        let cost = nanoseconds.median;
        println!("| {name} | {threads} | {cost:.0} ns | {median:.2} | {lower:.2} – {upper:.2} |");
    }
    results::save("threads", &all);
}

#[derive(Serialize)]
struct Scaling {
    name: String,
    threads: usize,
    /// Processor time of one verification.
    nanoseconds: Quartiles,
    /// Throughput of all cores that the threads can use, relative to one thread in the same round.
    ratio: Quartiles,
}

fn scaling(name: &str, verifier: &Verifier, tokens: &[String]) -> Vec<Scaling> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut costs = vec![Vec::new(); THREADS.len()];
    for _ in 0..ROUNDS {
        for (threads, costs) in THREADS.iter().zip(&mut costs) {
            costs.push(cost(verifier, tokens, *threads));
        }
    }
    let alone = costs[0].clone();
    let scaling = |(threads, costs): (&usize, Vec<f64>)| Scaling {
        name: name.to_owned(),
        threads: *threads,
        ratio: Quartiles::of(
            costs
                .iter()
                .zip(&alone)
                .map(|(cost, alone)| cores.min(*threads) as f64 * alone / cost)
                .collect(),
        ),
        nanoseconds: Quartiles::of(costs),
    };
    THREADS.iter().zip(costs).map(scaling).collect()
}

/// Returns the nanoseconds of processor time per verification while all threads are verifying.
fn cost(verifier: &Verifier, tokens: &[String], threads: usize) -> f64 {
    let start = Barrier::new(threads);
    let run = |thread: usize| {
        let mut done = 0_u32;
        start.wait();
        let (begin, before) = (Instant::now(), processor_time());
        while begin.elapsed() < SAMPLE {
            for _ in 0..BATCH {
                let token = &tokens[(thread * 37 + done as usize) % tokens.len()];
                black_box(verifier.verify(black_box(token)).expect("a good token"));
                done += 1;
            }
        }
        (processor_time() - before, f64::from(done))
    };
    let (time, done) = thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..threads).map(|it| scope.spawn(move || run(it))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it does not panic"))
            .fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    });
    time / done
}

/// Returns the nanoseconds of processor time that this thread has used.
fn processor_time() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let first = text.split(' ').next().expect("it has numbers");
    first.parse().expect("the first is the time on a processor")
}

fn verifier(cache_bytes: usize) -> Verifier {
    Verifier::builder(audience()).cache_bytes(cache_bytes).build()
}

const THREADS: [usize; 3] = [1, 2, 8];
const ROUNDS: usize = 25;
const SAMPLE: Duration = Duration::from_millis(100);

/// The number of verifications between two readings of the time.
const BATCH: u32 = 20;
