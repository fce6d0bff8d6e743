//! Tests front ends in a browser against `magic-admin emulator` as a process: the unmodified
//! `examples/front-end-test`, and the lines that the emulator prints. `tests/browser/README.md`
//! describes how the browser is installed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use support::{emulator_text, shared_tests};

#[cfg(unix)]
#[test]
fn the_printed_lines_sign_a_user_in() {
    let Some(browser) = browser() else { return };
    let (_emulator, text) = emulator_text(&["--code", "135790"]);
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    let mut command = Command::new("node");
    let script = command.arg(browser.join("emulator.mjs"));
    let output = script.env("LINES", lines.join("\n")).env("CODE", "135790").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_front_end_is_tested_without_magic() {
    let Some(browser) = browser() else { return };
    let modules = browser.join("node_modules");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Node looks for the example's packages here.
    let example = modules.join(".front-end-test");
    fs::create_dir_all(&example).unwrap();
    for entry in fs::read_dir(root.join("examples/front-end-test")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, example.join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter", "tap"])
        .arg(example.join("sign-in.test.mjs"))
        .env("MAGIC_ADMIN", env!("CARGO_BIN_EXE_magic-admin"))
        .env("CHROME", modules.join(".chromium/chromium"));
    let output = command.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("\n# pass 2\n"), "{report}");
}

/// Returns the folder of the scripts once everything is installed there. Returns `None` if no
/// browser can be installed, which fails under the gate.
fn browser() -> Option<PathBuf> {
    let folder = shared_tests().join("browser");
    if let Err(why) = set_up(&folder) {
        assert!(std::env::var_os("CI").is_none(), "the gate needs a browser: {why}");
        eprintln!("skipped: {why}");
        return None;
    }
    Some(folder)
}

/// Installs the browser if necessary. Returns the reason if that is impossible.
fn set_up(folder: &Path) -> Result<(), String> {
    let version = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    version.map_err(|error| format!("`node` is missing: {error}"))?;
    let setup = Command::new(folder.join("setup.sh")).stdout(Stdio::null()).output();
    let setup = setup.map_err(|error| format!("tests/browser/setup.sh does not run: {error}"))?;
    if setup.status.success() {
        return Ok(());
    }
    Err(format!("tests/browser/setup.sh failed: {}", String::from_utf8_lossy(&setup.stderr)))
}
