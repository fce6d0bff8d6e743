//! Measuring things side by side: on a machine that is never quiet, only a ratio to something
//! measured at the same time means anything.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Something that can be done again and again.
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

    /// Nanoseconds for one run, over a batch of them.
    fn time(&mut self, batch: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..batch {
            (self.run)();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(batch)
    }

    /// As many runs as take about as long as a tick of the scheduler lets be.
    fn batch(&mut self) -> u32 {
        let mut batch = 1;
        while self.time(batch) * f64::from(batch) < SAMPLE.as_nanos() as f64 && batch < 1 << 16 {
            batch *= 2;
        }
        batch
    }
}

/// Cases, and the floor that they are compared with: what cannot be saved.
pub struct Group<'a> {
    pub name: &'static str,
    /// The floor comes first.
    pub cases: Vec<Case<'a>>,
}

/// What was measured of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub group: String,
    pub name: String,
    pub nanoseconds: Quartiles,
    /// To the floor of the group, sample by sample.
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

/// The figures as a table in Markdown.
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

/// A ratio, as one reads it.
pub fn times(ratio: f64) -> String {
    match ratio {
        small if small < 0.1 => format!("1/{:.0}", 1.0 / small),
        ratio => format!("{ratio:.3}"),
    }
}

/// Short enough that most samples are not interrupted.
const SAMPLE: Duration = Duration::from_micros(200);
