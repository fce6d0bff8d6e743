use std::{
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use serde::{Deserialize, Serialize};
use tests::generator::Case;

/// An official SDK, driven by a script in `tests/peers`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Js,
    Python,
}

/// A token and the settings to verify it with, which is one line of a peer's input.
#[derive(Serialize)]
pub(crate) struct Question<'a> {
    token: &'a str,
    client_id: Option<&'a str>,
    now: i64,
    attachment: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    verdict: String,
}

/// Installs the SDKs if necessary. Returns the reason if that is impossible.
pub(crate) fn set_up() -> Result<(), String> {
    for tool in ["node", "npm", "python3", "flock"] {
        Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .map_err(|error| format!("`{tool}` of tests/peers/README.md is missing: {error}"))?;
    }
    let setup = Command::new(folder().join("setup.sh")).stdout(Stdio::null()).output();
    let setup = setup.map_err(|error| format!("tests/peers/setup.sh does not run: {error}"))?;
    if setup.status.success() {
        return Ok(());
    }
    Err(format!("tests/peers/setup.sh failed: {}", String::from_utf8_lossy(&setup.stderr)))
}

impl Peer {
    /// Returns the SDK's verdict on each token, in order.
    pub(crate) fn verdicts(self, questions: &[Question<'_>]) -> Vec<String> {
        let mut peer = self
            .command()
            .current_dir(folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer is installed");
        let (input, output) = (peer.stdin.take().unwrap(), peer.stdout.take().unwrap());
        let verdicts: Vec<String> = thread::scope(|scope| {
            // Write and read at the same time, because both pipes fill up.
            scope.spawn(move || {
                let mut input = BufWriter::new(input);
                for question in questions {
                    serde_json::to_writer(&mut input, question).expect("the peer reads");
                    input.write_all(b"\n").expect("the peer reads");
                }
            });
            let answers = BufReader::new(output).lines();
            let answers = answers.map(|line| line.expect("the peer writes UTF-8"));
            answers.map(|line| serde_json::from_str::<Answer>(&line).unwrap().verdict).collect()
        });
        assert!(peer.wait().unwrap().success(), "{self:?} failed");
        assert_eq!(verdicts.len(), questions.len(), "{self:?} did not answer everything");
        verdicts
    }

    fn command(self) -> Command {
        let (program, script) = match self {
            Self::Js => ("node".into(), "node/verdicts.mjs"),
            Self::Python => (folder().join("python/.venv/bin/python"), "python/verdicts.py"),
        };
        let mut command = Command::new(program);
        command.arg(script);
        command
    }
}

impl<'a> From<&'a Case> for Question<'a> {
    fn from(case: &'a Case) -> Self {
        Self {
            token: &case.token,
            client_id: case.client_id.as_deref(),
            now: case.now,
            attachment: case.attachment.as_deref(),
        }
    }
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "peers"].iter().collect()
}
