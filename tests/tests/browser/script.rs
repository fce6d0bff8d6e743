use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// Runs a script of `tests/browser` with these variables. It exits with 0 if all checks pass.
pub(crate) fn run(name: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new("node");
    let output = command.arg(folder().join(name)).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (steps, problem) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{name}: {}\n{steps}{problem}", output.status);
    print!("{steps}");
}

/// Returns the folder of the scripts once everything is installed there. Returns `None` if no
/// browser can be installed, which fails under the gate.
pub(crate) fn set_up() -> Option<PathBuf> {
    match install() {
        Ok(()) => Some(folder()),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "the gate needs a browser: {why}");
            println!("skipped: {why}");
            None
        }
    }
}

/// Installs the browser and the SDK if necessary. Returns the reason if that is impossible.
fn install() -> Result<(), String> {
    for tool in ["node", "npm", "flock"] {
        Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .map_err(|error| format!("`{tool}` of tests/browser/README.md is missing: {error}"))?;
    }
    let setup = Command::new(folder().join("setup.sh")).stdout(Stdio::null()).output();
    let setup = setup.map_err(|error| format!("tests/browser/setup.sh does not run: {error}"))?;
    if setup.status.success() {
        return Ok(());
    }
    Err(format!("tests/browser/setup.sh failed: {}", String::from_utf8_lossy(&setup.stderr)))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser")
}
