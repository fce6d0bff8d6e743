//! Measures cases side by side. On a busy machine, only the ratio to a case measured at the same
//! time is meaningful.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// An operation that can be repeated.
pub struct Case<'a> {
    pub name: String,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Case<'a> {
    pub fn new(name: impl Into<String>, run: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }

    pub fn run(&mut self) {
        (self.run)();
    }

    /// Returns the nanoseconds per run, averaged over a batch.
    fn time(&mut self, batch: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..batch {
            (self.run)();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(batch)
    }

    /// Returns the number of runs, a power of two, that take about as long as a [`SAMPLE`].
    fn batch(&mut self) -> u32 {
        let mut batch = 1;
        while self.time(batch) * f64::from(batch) < SAMPLE.as_nanos() as f64 && batch < 1 << 16 {
            batch *= 2;
        }
        batch
    }
}

/// Cases and the lower bound that they are compared with.
pub struct Group<'a> {
    pub name: &'static str,
    /// The lower bound comes first.
    pub cases: Vec<Case<'a>>,
}

/// The results of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub group: String,
    pub name: String,
    pub nanoseconds: Quartiles,
    /// The ratio to the lower bound of the group, sample by sample.
    pub ratio: Quartiles,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Quartiles {
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
}

impl Group<'_> {
    /// Runs the cases in turn, `rounds` times.
    pub fn measure(&mut self, rounds: usize) -> Vec<Figure> {
        let batches: Vec<u32> = self.cases.iter_mut().map(Case::batch).collect();
        let mut samples = vec![Vec::with_capacity(rounds); self.cases.len()];
        for _ in 0..rounds {
            for ((case, batch), samples) in self.cases.iter_mut().zip(&batches).zip(&mut samples) {
                samples.push(case.time(*batch));
            }
        }
        let floor = samples[0].clone();
        let figure = |(case, samples): (&Case<'_>, Vec<f64>)| Figure {
            group: self.name.to_owned(),
            name: case.name.clone(),
            ratio: Quartiles::of(
                samples.iter().zip(&floor).map(|(it, floor)| it / floor).collect(),
            ),
            nanoseconds: Quartiles::of(samples),
        };
        self.cases.iter().zip(samples).map(figure).collect()
    }
}

impl Quartiles {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Self { lower: at(0.25), median: at(0.5), upper: at(0.75) }
    }
}

/// Returns the figures as a Markdown table.
pub fn table(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| | median | quartiles | relative to the first row | quartiles |\n|---|---|---|---|---|\n",
    );
    for Figure { name, nanoseconds: time, ratio, .. } in figures {
        let unit =
            |it: f64| if it < 1e4 { format!("{it:.0} ns") } else { format!("{:.1} µs", it / 1e3) };
        table.push_str(&format!(
            "| {name} | {} | {} – {} | {} | {} – {} |\n",
            unit(time.median),
            unit(time.lower),
            unit(time.upper),
            times(ratio.median),
            times(ratio.lower),
            times(ratio.upper),
        ));
    }
    table
}

/// Formats a ratio for readers.
pub fn times(ratio: f64) -> String {
    match ratio {
        small if small < 0.1 => format!("1/{:.0}", 1.0 / small),
        ratio => format!("{ratio:.3}"),
    }
}

/// Short enough that most samples are not interrupted.
const SAMPLE: Duration = Duration::from_micros(200);
