//! Checks that the pages under `docs/` match the code. Their Rust code runs as doctests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

fn codes(text: &str) -> BTreeSet<&str> {
    let code = Regex::new("`(ERROR_[A-Z_]+|EXPECTED_BEARER_STRING|SERVICE_ERROR)`").unwrap();
    code.captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect()
}

#[test]
fn signing_in_explains_every_code() {
    let known = codes(include_str!("../../docs/reference.md"));
    let explained = codes(include_str!("../../docs/sign-in.md"));
    assert!(known.len() > 15, "{known:?}");
    let missing: Vec<_> = known.difference(&explained).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Returns the anchors that GitHub creates for a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
        kept.map(|char| if char == ' ' { '-' } else { char }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let link = Regex::new(r"\]\(([^)#:]*)(?:#([^)]*))?\)").unwrap();
    let (mut links, mut broken) = (0, Vec::new());
    for entry in fs::read_dir(&docs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        for found in link.captures_iter(&page) {
            links += 1;
            let target = match found.get(1).unwrap().as_str() {
                "" => path.clone(),
                relative => docs.join(relative),
            };
            let leads = match found.get(2) {
                None => target.exists(),
                Some(anchor) => fs::read_to_string(&target)
                    .is_ok_and(|target| anchors(&target).contains(anchor.as_str())),
            };
            if !leads {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                broken.push(format!("{name}: {}", found.get(0).unwrap().as_str()));
            }
        }
    }
    assert!(links > 10, "{links}");
    assert!(broken.is_empty(), "{broken:#?}");
}
