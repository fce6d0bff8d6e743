//! Measures the cost of reporting metrics.
//!
//! ```sh
//! bench/metrics.sh
//! ```
//!
//! The feature is enabled or disabled at compile time, so several programs are measured side by
//! side. Each works on request, in turn.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use bench::{
    App,
    cases::layer,
    measure::{Case, Figure, Group, Quartiles, table},
    request::bearer,
    results,
};

fn main() {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("work"), Some(recorder)) => work(&recorder),
        (Some("compare"), Some(without)) => compare(&without),
        _ => panic!("run bench/metrics.sh"),
    }
}

/// Measures the program without the feature and this one in turn.
fn compare(without: &str) {
    let with = env::args().next().expect("it has a name");
    let mut workers = [
        Worker::start("without the feature", without, "none"),
        Worker::start("no recorder installed", &with, "none"),
        Worker::start("Prometheus, after `describe`", &with, "described"),
        Worker::start("Prometheus, `describe` forgotten", &with, "installed"),
    ];
    let mut all = Vec::new();
    for (number, case) in CASES.into_iter().enumerate() {
        let mut samples = vec![Vec::new(); workers.len()];
        for _ in 0..ROUNDS {
            for (worker, samples) in workers.iter_mut().zip(&mut samples) {
                samples.push(worker.measure(number));
            }
        }
        let floor = samples[0].clone();
        let figures: Vec<_> = workers
            .iter()
            .zip(samples)
            .map(|(worker, samples)| Figure {
                group: case.to_owned(),
                name: worker.name.to_owned(),
                ratio: Quartiles::of(
                    samples.iter().zip(&floor).map(|(it, floor)| it / floor).collect(),
                ),
                nanoseconds: Quartiles::of(samples),
            })
            .collect();
        println!("{case}:\n\n{}", table(&figures));
        all.extend(figures);
    }
    results::save("metrics", &all);
}

/// A program that runs cases on request and responds with nanoseconds.
struct Worker {
    name: &'static str,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    process: Child,
}

impl Worker {
    fn start(name: &'static str, program: &str, recorder: &str) -> Self {
        let mut process = Command::new(program)
            .args(["work", recorder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let questions = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        Self { name, questions, answers, process }
    }

    fn measure(&mut self, case: usize) -> f64 {
        writeln!(self.questions, "{case}").expect("it works");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it works");
        line.trim().parse().expect("it answers with a number")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn work(recorder: &str) {
    let upkeep = install(recorder);
    let app = App::now();
    let token = app.token(1);
    let header = bearer(&token);
    let (warm, cold) = (app.verifier().build(), app.verifier().cache_bytes(0).build());
    let verify = |verifier: &magic_admin::Verifier, token: &str| {
        std::hint::black_box(verifier.verify(std::hint::black_box(token))).ok();
    };
    let junk = token.replacen('A', "!", 1);
    let Group { cases: layers, .. } = layer(&header);
    let mut layers = layers.into_iter().skip(1);
    let mut cases = [
        Case::new(CASES[0], || verify(&warm, &token)),
        layers.next().expect("the group has three"),
        Case::new(CASES[2], || verify(&cold, &token)),
        Case::new(CASES[3], || verify(&cold, &junk)),
    ];
    for line in io::stdin().lines() {
        let case: usize = line.expect("the questions are text").parse().expect("a number");
        let (case, runs) = (&mut cases[case], RUNS[case]);
        // Warm up, because the processor's caches contain data of the previous program.
        (0..runs / 10).for_each(|_| case.run());
        upkeep();
        let start = Instant::now();
        (0..runs).for_each(|_| case.run());
        println!("{}", start.elapsed().as_secs_f64() * 1e9 / f64::from(runs));
        upkeep();
    }
}

/// Installs the recorder, and returns a function that does the work of a scrape.
#[cfg(feature = "metrics")]
fn install(recorder: &str) -> Box<dyn Fn()> {
    if recorder == "none" {
        return Box::new(|| ());
    }
    let builder = metrics_exporter_prometheus::PrometheusBuilder::new();
    let exporter = builder.install_recorder().expect("it is the first");
    if recorder == "described" {
        magic_admin_axum::metrics::describe();
    }
    Box::new(move || exporter.run_upkeep())
}

#[cfg(not(feature = "metrics"))]
fn install(_recorder: &str) -> Box<dyn Fn()> {
    Box::new(|| ())
}

const CASES: [&str; 4] = [
    "Verifying a cached token",
    "A request through the layer, with a cached token",
    "Verifying a new token",
    "Rejecting what is no base64",
];

/// The number of runs per case, which take a few hundred microseconds each.
const RUNS: [u32; 4] = [2_000, 1_000, 20, 1_000];

const ROUNDS: usize = 301;
