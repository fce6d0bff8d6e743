use std::collections::{BTreeMap, BTreeSet};

/// A scrape in Prometheus' text format, parsed strictly and without the exporter's code.
pub(super) struct Metrics {
    text: String,
    described: BTreeSet<String>,
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    pub(super) fn parse(text: String) -> Self {
        let (mut described, mut samples) = (BTreeSet::new(), BTreeMap::new());
        let mut kind: Option<(&str, &str)> = None;
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                assert!(help.len() > 10, "{line}");
                described.insert(name.to_owned());
            } else if let Some(of) = line.strip_prefix("# TYPE ") {
                kind = of.split_once(' ');
                assert!(matches!(kind, Some((_, "counter" | "gauge" | "histogram"))), "{line}");
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                let (of, kind) = kind.unwrap();
                let suffix = name.strip_prefix(of).unwrap();
                let is_one = match kind {
                    "histogram" => ["_bucket", "_sum", "_count"].contains(&suffix),
                    "counter" => suffix.is_empty() && of.ends_with("_total"),
                    _ => suffix.is_empty(),
                };
                assert!(is_one, "{line} is no {kind} of {of}");
                let known = samples.insert(series.to_owned(), value.parse().unwrap());
                assert_eq!(known, None, "{line} comes twice");
            }
        }
        Self { text, described, samples }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the value of a series, or 0 if there is none.
    pub(super) fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or_default()
    }

    pub(super) fn sum_of(&self, prefix: &str) -> f64 {
        let all = self.samples.iter().filter(|(series, _)| series.starts_with(prefix));
        all.map(|(_, value)| value).sum()
    }

    pub(super) fn is_described(&self, name: &str) -> bool {
        self.described.contains(name)
    }
}
