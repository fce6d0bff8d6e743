//! Runs Prometheus' own tool (Debian: `apt-get install prometheus`).

use std::{
    env,
    io::{ErrorKind, Write as _},
    process::{Command, Stdio},
};

/// Checks a scrape and the names in it.
pub(super) fn check_metrics(text: &str) {
    promtool(&["check", "metrics"], text);
}

/// Runs a command on files of this package.
pub(super) fn run(command: &[&str]) {
    promtool(command, "");
}

fn promtool(command: &[&str], input: &str) {
    let child = Command::new("promtool")
        .args(command)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(env::var_os("CI").is_none(), "promtool is not installed");
            eprintln!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
            return;
        }
        child => child.unwrap(),
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (said, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {command:?}: {said}{complaints}");
}
