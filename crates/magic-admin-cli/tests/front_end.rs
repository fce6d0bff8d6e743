//! `examples/front-end-test`, as it stands, against `magic-admin emulator` as a process.
//! `tests/browser/README.md` says how the browser is installed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

#[cfg(unix)]
#[test]
fn a_front_end_is_tested_without_magic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let modules = root.join("tests/browser/node_modules");
    if let Err(why) = set_up(&root) {
        assert!(std::env::var_os("CI").is_none(), "the gate needs a browser: {why}");
        eprintln!("skipped: {why}");
        return;
    }
    // Where Node finds the packages that the example asks for.
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

/// Installs the browser where it is not; says why when that is impossible here.
fn set_up(root: &Path) -> Result<(), String> {
    let version = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    version.map_err(|error| format!("`node` is missing: {error}"))?;
    let setup = Command::new(root.join("tests/browser/setup.sh")).stdout(Stdio::null()).output();
    let setup = setup.map_err(|error| format!("tests/browser/setup.sh does not run: {error}"))?;
    if setup.status.success() {
        return Ok(());
    }
    Err(format!("tests/browser/setup.sh failed: {}", String::from_utf8_lossy(&setup.stderr)))
}
