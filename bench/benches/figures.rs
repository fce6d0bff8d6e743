//! Measures the cost of each step, compared with its lower bound.
//!
//! ```sh
//! cargo bench -p bench --bench figures                  # all groups
//! cargo bench -p bench --bench figures -- validation    # one of them
//! ```
//!
//! Criterion measures each case separately. The tables at the end of each group are measured
//! interleaved, sample by sample, because otherwise ratios mean nothing on a busy machine.

use bench::{
    App,
    cases::{self, Parts},
    measure::{Figure, Group, table},
    request::bearer,
    results,
};
use criterion::Criterion;

fn main() {
    let app = App::now();
    let token = app.token(1);
    let parts = Parts::of(&token);
    let header = bearer(&token);
    let many = app.tokens(10_000);
    let many_parts: Vec<Parts> = many.iter().map(|token| Parts::of(token)).collect();
    println!("a token of {} bytes, its claim {}\n", token.len(), parts.claim.len());

    let mut criterion = Criterion::default().configure_from_args();
    let mut figures = Vec::new();
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for mut group in [
        cases::recovery(&parts),
        cases::validate(&token, &parts),
        cases::validate_many(&many, &many_parts),
        cases::headers(&header),
        cases::layer(&header),
        cases::profile(&token),
        cases::refused(&app),
        cases::hostile(&app),
    ] {
        if wanted.as_ref().is_none_or(|wanted| group.name.contains(wanted.as_str())) {
            figures.extend(measure(&mut criterion, &mut group));
        }
    }
    if wanted.is_none() {
        results::save("figures", &figures);
    }
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion, group: &mut Group<'_>) -> Vec<Figure> {
    let mut benchmarks = criterion.benchmark_group(group.name);
    benchmarks.sample_size(SAMPLES).measurement_time(PER_CASE).warm_up_time(PER_CASE / 2);
    for case in &mut group.cases {
        let name = case.name.clone();
        benchmarks.bench_function(name, |bencher| bencher.iter(|| case.run()));
    }
    benchmarks.finish();

    let figures = group.measure(ROUNDS);
    println!("\n{}\n\n{}", group.name, table(&figures));
    figures
}

const SAMPLES: usize = 20;
const PER_CASE: std::time::Duration = std::time::Duration::from_secs(1);

/// The number of rounds of the interleaved measurement.
const ROUNDS: usize = 1_000;
