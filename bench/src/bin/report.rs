//! Draws the results of the other programs as SVG files under `docs/`.
//!
//! ```sh
//! cargo run -p bench --bin report
//! ```

use std::path::PathBuf;

use bench::results;
use plotters::prelude::*;
use serde::Deserialize;

fn main() {
    if let Some(answers) = results::load::<Vec<Answer>>("http") {
        let bars = answers.into_iter().map(|it| (it.name, it.requests_per_second.median)).collect();
        draw("requests.svg", "requests a second, by case", bars);
    }
    if let Some(costs) = results::load::<Vec<Cost>>("systems") {
        let bars = costs.into_iter().map(|it| (it.name, it.microseconds)).collect();
        draw("validation.svg", "microseconds for one validation, by system", bars);
    }
}

#[derive(Deserialize)]
struct Answer {
    name: String,
    requests_per_second: Median,
}

#[derive(Deserialize)]
struct Median {
    median: f64,
}

#[derive(Deserialize)]
struct Cost {
    name: String,
    microseconds: f64,
}

/// Draws horizontal bars on a logarithmic scale, with their numbers next to them.
fn draw(file: &str, title: &str, bars: Vec<(String, f64)>) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "docs", file].iter().collect();
    let height = 70 + 34 * bars.len() as u32;
    let area = SVGBackend::new(&path, (WIDTH, height)).into_drawing_area();
    let text = |size: u32, color: RGBColor| ("sans-serif", size).into_font().color(&color);
    area.fill(&WHITE).expect(WRITES);
    area.draw(&Text::new(title, (20, 18), text(18, BLACK))).expect(WRITES);

    let most = bars.iter().map(|bar| bar.1).fold(f64::MIN, f64::max).log10();
    let least = bars.iter().map(|bar| bar.1).fold(f64::MAX, f64::min).log10().floor();
    for (row, (name, value)) in bars.iter().enumerate() {
        let top = 54 + 34 * row as i32;
        let share = (value.log10() - least + 0.1) / (most - least + 0.1);
        let end = BARS + (share * f64::from(LONGEST)) as i32;
        let bar = Rectangle::new([(BARS, top), (end, top + 22)], BLUE.mix(0.55).filled());
        area.draw(&bar).expect(WRITES);
        area.draw(&Text::new(name.as_str(), (20, top + 4), text(14, BLACK))).expect(WRITES);
        area.draw(&Text::new(figure(*value), (end + 8, top + 4), text(14, BLACK))).expect(WRITES);
    }
    let note = "logarithmic scale";
    area.draw(&Text::new(note, (20, height as i32 - 14), text(11, RGBColor(90, 90, 90))))
        .expect(WRITES);
    area.present().expect(WRITES);
}

fn figure(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

const WIDTH: u32 = 900;
/// The start of the bars, and the length of the longest one.
const BARS: i32 = 270;
const LONGEST: i32 = 540;

const WRITES: &str = "the picture can be written";
