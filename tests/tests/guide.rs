//! Checks that the pages under `docs/` match the code. Their Rust code runs as doctests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

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

/// The table in the README lists each page by its title.
#[test]
fn the_readme_lists_every_page_by_title() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let row = Regex::new(r"(?m)^\| ([^|]+) \| \[[\w-]+\.md\]\(docs/([\w-]+\.md)\) \|$").unwrap();
    let listed: BTreeSet<_> = row
        .captures_iter(include_str!("../../README.md"))
        .map(|found| (found[2].to_owned(), format!("# {}", &found[1])))
        .collect();
    let pages = fs::read_dir(&docs).unwrap().map(|entry| entry.unwrap());
    let titles: BTreeSet<_> = pages
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "md"))
        .map(|entry| {
            let page = fs::read_to_string(entry.path()).unwrap();
            let title = page.lines().next().unwrap().to_owned();
            (entry.file_name().into_string().unwrap(), title)
        })
        .collect();
    assert_eq!(listed, titles);
}

/// The pages require the versions that their code is tested with.
#[test]
fn the_guide_names_the_tested_versions() {
    let line = Regex::new(r#"(?m)^([\w-]+) = (?:\{.*version = )?"([\d.]+)""#).unwrap();
    let tested: BTreeMap<_, _> = line
        .captures_iter(include_str!("../../Cargo.toml"))
        .map(|found| (found[1].to_owned(), found[2].to_owned()))
        .collect();
    let block = Regex::new(r"(?s)```toml\n(.*?)```").unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut seen = 0;
    for entry in fs::read_dir(&docs).unwrap() {
        let path = entry.unwrap().path();
        let Ok(page) = fs::read_to_string(&path) else { continue };
        for named in block.captures_iter(&page) {
            for found in line.captures_iter(&named[1]) {
                let (name, version) = (&found[1], &found[2]);
                let tested = tested.get(name).map_or("", String::as_str);
                assert!(
                    format!("{tested}.").starts_with(&format!("{version}.")),
                    "{path:?}: {name}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "{seen}");
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
