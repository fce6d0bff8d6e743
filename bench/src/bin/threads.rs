//! How much more than one core several get done.
//!
//! ```sh
//! cargo run --release -p bench --bin threads
//! ```

use std::{
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
        scaling("warm, 1 000 tokens in turn", &warm, &tokens),
    ];
    println!("| | threads | a second | to one thread | quartiles |\n|---|---|---|---|---|");
    for Scaling { name, threads, per_second, ratio } in all.iter().flatten() {
        let Quartiles { lower, median, upper } = ratio;
        let rate = per_second.median;
        println!("| {name} | {threads} | {rate:.0} | {median:.2} | {lower:.2} – {upper:.2} |");
    }
    results::save("threads", &all);
}

#[derive(Serialize)]
struct Scaling {
    name: String,
    threads: usize,
    per_second: Quartiles,
    /// To one thread in the same round.
    ratio: Quartiles,
}

fn scaling(name: &str, verifier: &Verifier, tokens: &[String]) -> Vec<Scaling> {
    let mut rates = vec![Vec::new(); THREADS.len()];
    for _ in 0..ROUNDS {
        for (threads, rates) in THREADS.iter().zip(&mut rates) {
            rates.push(rate(verifier, tokens, *threads));
        }
    }
    let one = rates[0].clone();
    THREADS
        .iter()
        .zip(rates)
        .map(|(threads, rates)| Scaling {
            name: name.to_owned(),
            threads: *threads,
            ratio: Quartiles::of(rates.iter().zip(&one).map(|(rate, one)| rate / one).collect()),
            per_second: Quartiles::of(rates),
        })
        .collect()
}

/// Verifications a second, of all threads together.
fn rate(verifier: &Verifier, tokens: &[String], threads: usize) -> f64 {
    let start = Barrier::new(threads);
    let run = |thread: usize| {
        let mut done = 0_u32;
        start.wait();
        let begin = Instant::now();
        while begin.elapsed() < SAMPLE {
            for _ in 0..BATCH {
                let token = &tokens[(thread * 37 + done as usize) % tokens.len()];
                black_box(verifier.verify(black_box(token)).expect("a good token"));
                done += 1;
            }
        }
        f64::from(done) / begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..threads).map(|it| scope.spawn(move || run(it))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum()
    })
}

fn verifier(cache_bytes: usize) -> Verifier {
    Verifier::builder(audience()).cache_bytes(cache_bytes).build()
}

const THREADS: [usize; 3] = [1, 2, 8];
const ROUNDS: usize = 25;
const SAMPLE: Duration = Duration::from_millis(100);

/// Verifications between two looks at the time.
const BATCH: u32 = 20;
