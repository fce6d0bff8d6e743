//! Files through which the programs pass their results to the report.

use std::{fs, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};

pub fn save<T: Serialize>(name: &str, results: &T) {
    let path = path(name);
    let text = serde_json::to_string_pretty(results).expect("results are plain data");
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder can be made");
    fs::write(path, text + "\n").expect("results can be written");
}

/// Returns `None` if it has not been measured.
pub fn load<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = fs::read_to_string(path(name)).ok()?;
    Some(serde_json::from_str(&text).expect("results are what was saved"))
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "results", &format!("{name}.json")].iter().collect()
}
