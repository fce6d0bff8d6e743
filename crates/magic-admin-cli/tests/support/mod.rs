//! Runs the binary as a process.
#![allow(dead_code, reason = "no test binary uses all of it")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use magic_admin_testkit::{FakeMagic, FakeMagicBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Returns the command without the variables that a developer's shell may export.
pub(crate) fn magic_admin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_magic-admin"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MAGIC_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The status and output of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Parses stdout as JSON with one object per line.
    pub(crate) fn json(&self) -> Vec<Value> {
        let object = |line| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Value::Object(object),
            _ => panic!("no JSON object: {line}\n{self:?}"),
        };
        self.stdout.lines().map(object).collect()
    }

    /// Returns the only line of JSON of a command that succeeded.
    pub(crate) fn done(&self) -> Value {
        assert_eq!((self.status, self.stderr.as_str()), (0, ""), "{self:?}");
        self.only()
    }

    /// Returns the only line of JSON of a command that failed with one line on stderr.
    pub(crate) fn refused(&self, code: &str) -> Value {
        self.failed();
        let object = self.only();
        assert_eq!(object["code"], code, "{self:?}");
        assert!(!object["message"].as_str().unwrap().is_empty(), "{self:?}");
        object
    }

    /// Checks that a command failed with one line on stderr, and returns that line.
    pub(crate) fn failed(&self) -> &str {
        assert_eq!(self.status, 1, "{self:?}");
        self.error()
    }

    /// Checks that a command line was rejected with nothing on stdout and one line on stderr.
    pub(crate) fn not_understood(&self) -> &str {
        assert_eq!((self.status, self.stdout.as_str()), (2, ""), "{self:?}");
        self.error()
    }

    /// Checks that a command line with `--json` was rejected with one line of JSON on stdout and
    /// the same message on stderr. Returns the message.
    pub(crate) fn usage_as_json(&self) -> &str {
        assert_eq!(self.status, 2, "{self:?}");
        let object = self.only();
        assert_eq!(object["code"], "ERROR_USAGE", "{self:?}");
        let line = self.error();
        assert_eq!(format!("error: {}", object["message"].as_str().unwrap()), line, "{self:?}");
        line
    }

    fn error(&self) -> &str {
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        self.stderr.trim_end()
    }

    fn only(&self) -> Value {
        let mut objects = self.json();
        assert_eq!(objects.len(), 1, "{self:?}");
        objects.remove(0)
    }
}

pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        status: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command with these bytes on stdin, which are written while its output is read.
pub(crate) fn run_with_stdin(command: &mut Command, stdin: &[u8]) -> Ended {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // The process may exit before it has read everything.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().unwrap()
    });
    Ended {
        status: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A fake Admin API that serves requests while the test waits for a process.
pub(crate) struct Fake {
    pub(crate) magic: FakeMagic,
    _runtime: Runtime,
}

impl Fake {
    pub(crate) fn start(builder: FakeMagicBuilder) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let magic = runtime.block_on(builder.start()).unwrap();
        Self { magic, _runtime: runtime }
    }

    /// Returns the command with this fake's URL and key, and without retries.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = magic_admin(arguments);
        command
            .env("MAGIC_API_BASE_URL", self.magic.base_url())
            .env("MAGIC_API_SECRET_KEY", self.magic.secret_key())
            .env("MAGIC_API_RETRIES", "0");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments))
    }
}

/// A running `magic-admin emulator --json`, which is stopped with the test.
pub(crate) struct Emulator {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) announced: Value,
}

impl Emulator {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = magic_admin(&["emulator", "--json"]);
        let piped = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).expect("it announces itself");
        Self { child, stdout, announced }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.announced[name].as_str().unwrap()
    }

    /// Asks the emulator what the relayer's page asks.
    pub(crate) fn ask_relayer(&self, question: &Value) -> Value {
        use std::net::TcpStream;

        let (host, body) = (self.text("address"), question.to_string());
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST /relayer HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// Sends a signal and waits for the process to stop. Returns its status and its output after
    /// the announcement.
    #[cfg(unix)]
    pub(crate) fn stop(mut self, signal: &str) -> Ended {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap().code().expect("no signal ended it");
        Ended { status, stdout, stderr }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that is stopped with the test, and the rest of its output: without a reader, it would
/// fail.
pub(crate) struct Running(Child, Option<BufReader<ChildStdout>>);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `magic-admin emulator`, and returns its text output up to the first token.
pub(crate) fn emulator_text(arguments: &[&str]) -> (Running, String) {
    let mut command = magic_admin(&["emulator"]);
    let piped = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = piped.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut running = Running(child, None);
    let lines = stdout.by_ref().lines().map(Result::unwrap);
    let text = lines.take_while(|line| !line.starts_with("# A DID token")).collect::<Vec<_>>();
    running.1 = Some(stdout);
    (running, text.join("\n") + "\n")
}

/// A temporary file, removed when dropped.
pub(crate) struct TempFile(PathBuf);

impl TempFile {
    pub(crate) fn new(name: &str, content: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{}-{number}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns the path of the workspace's `tests/`.
pub(crate) fn shared_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}
