use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use bench::measure::Quartiles;
use serde::Serialize;

use crate::load::{Load, Seen};

/// A server and the load sent to it.
pub(crate) struct Contest {
    name: String,
    start: Box<dyn Fn() -> Running>,
    load: Load,
    /// The index of the contest to compare with, which is that of the bare route.
    floor: usize,
    seen: Vec<Seen>,
}

/// A running server, which is stopped when dropped.
pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) port: u16,
}

/// The results of one case.
#[derive(Serialize)]
pub(crate) struct Answer {
    name: String,
    requests_per_second: Quartiles,
    p50_milliseconds: f64,
    p99_milliseconds: f64,
    /// The ratio to the bare route in the same round.
    ratio: Quartiles,
}

impl Contest {
    pub(crate) fn new(name: &str, load: &Load, start: impl Fn() -> Running + 'static) -> Self {
        Self {
            name: name.into(),
            start: Box::new(start),
            load: load.clone(),
            floor: 0,
            seen: Vec::new(),
        }
    }

    /// Compares with a contest other than the first one.
    pub(crate) fn beside(mut self, floor: usize) -> Self {
        self.floor = floor;
        self
    }

    /// Creates a contest for an axum route behind one of [`serve`](crate::server::serve)'s checks.
    pub(crate) fn axum(name: &str, check: &'static str, load: &Load) -> Self {
        Self::new(name, load, move || {
            let program = std::env::current_exe().expect("this program has a path");
            let mut process = Command::new(program)
                .args(["serve", check])
                .stdout(Stdio::piped())
                .process_group(0)
                .spawn()
                .expect("it can be started");
            let mut port = String::new();
            let output = process.stdout.take().expect("it is piped");
            BufReader::new(output).read_line(&mut port).expect("it prints the port");
            Running { process, port: port.trim().parse().expect("a port") }
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Stop all processes of the server, which leads its own process group.
        let group = format!("-{}", self.process.id());
        let killed = Command::new("kill").args(["-TERM", "--", &group]).status();
        assert!(killed.is_ok_and(|status| status.success()), "the server cannot be ended");
        self.process.wait().expect("it was started");
    }
}

/// Measures all contests in turn, for several rounds.
pub(crate) fn run(contests: &mut [Contest]) -> Vec<Answer> {
    for round in 1..=ROUNDS {
        for contest in &mut *contests {
            let server = (contest.start)();
            let seen = contest.load.run(server.port);
            eprintln!("round {round}: {} {:.0}/s", contest.name, seen.requests_per_second);
            contest.seen.push(seen);
        }
    }
    contests.iter().map(|contest| Answer::of(contest, &contests[contest.floor])).collect()
}

impl Answer {
    fn of(Contest { name, seen, .. }: &Contest, floor: &Contest) -> Self {
        let all = |get: fn(&Seen) -> f64| seen.iter().map(get).collect::<Vec<_>>();
        let rates = all(|seen| seen.requests_per_second);
        let floor = floor.seen.iter().map(|seen| seen.requests_per_second);
        Self {
            name: name.clone(),
            ratio: Quartiles::of(
                rates.iter().zip(floor).map(|(rate, floor)| rate / floor).collect(),
            ),
            requests_per_second: Quartiles::of(rates),
            p50_milliseconds: Quartiles::of(all(|seen| seen.p50)).median,
            p99_milliseconds: Quartiles::of(all(|seen| seen.p99)).median,
        }
    }
}

pub(crate) fn table(answers: &[Answer]) -> String {
    let mut table = String::from(
        "| | requests/s | quartiles | p50 | p99 | relative to the bare route | quartiles |\n|---|---|---|---|---|---|---|\n",
    );
    for answer in answers {
        let (rate, ratio) = (answer.requests_per_second, answer.ratio);
        table.push_str(&format!(
            "| {} | {:.0} | {:.0} – {:.0} | {:.2} ms | {:.2} ms | {:.3} | {:.3} – {:.3} |\n",
            answer.name,
            rate.median,
            rate.lower,
            rate.upper,
            answer.p50_milliseconds,
            answer.p99_milliseconds,
            ratio.median,
            ratio.lower,
            ratio.upper,
        ));
    }
    table
}

const ROUNDS: usize = 7;
