use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// Everything logged so far.
    log: Arc<Mutex<String>>,
    logging: Option<JoinHandle<()>>,
    /// The lines printed before it announced that it listens.
    pub(crate) lines: Vec<String>,
    /// The URL that it listens on.
    pub(crate) url: String,
}

impl Program {
    /// Starts the program on a free port, and waits until it listens.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let mut child = command(variables).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::<Mutex<String>>::default();
        let lines = Arc::clone(&log);
        let logging = Some(thread::spawn(move || {
            for line in stderr.lines() {
                lines.lock().unwrap().push_str(&(line.unwrap() + "\n"));
            }
        }));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { child, log, logging, lines: Vec::new(), url: String::new() };
        for line in stdout.lines() {
            let line = line.unwrap();
            if let Some(rest) = line.strip_prefix("Listening on ") {
                program.url = rest.split(',').next().unwrap().to_owned();
                return program;
            }
            program.lines.push(line);
        }
        program.logging.take().unwrap().join().unwrap();
        panic!("it ended without listening: {}", program.log.lock().unwrap());
    }

    /// Returns the printed lines that are commands.
    pub(crate) fn commands(&self) -> Vec<&str> {
        self.lines.iter().map(String::as_str).filter(|line| line.starts_with("curl ")).collect()
    }

    /// Returns the token that was printed for a user.
    pub(crate) fn token_of(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        self.lines.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap()
    }

    /// Sends a signal and waits for the program to stop. Returns its status and its whole log.
    pub(crate) fn end(self, signal: &str) -> (ExitStatus, String) {
        self.signal(signal);
        self.ended()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until the log contains a text.
    pub(crate) async fn logs(&self, what: &str) {
        let give_up = Instant::now() + GIVE_UP;
        while !self.log.lock().unwrap().contains(what) {
            assert!(Instant::now() < give_up, "never logged: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the program to stop. Returns its status and its whole log.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let id = self.child.id();
        // A program that does not stop must not hang the tests.
        let (ended, watched) = mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            if watched.recv_timeout(GIVE_UP).is_err() {
                let _ = Command::new("sh").args(["-c", &format!("kill -KILL {id}")]).status();
            }
        });
        let status = self.child.wait().unwrap();
        ended.send(()).unwrap();
        watchdog.join().unwrap();
        self.logging.take().unwrap().join().unwrap();
        let log = std::mem::take(&mut *self.log.lock().unwrap());
        (status, log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the command with these variables, and none of the application's variables from the tests'
/// environment.
pub(crate) fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("MAGIC_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("DATABASE_URL")
        .env_remove("REDIS_URL")
        .env_remove("REVOCATIONS_FILE")
        .env_remove("PUBLIC_URL")
        .env("BIND_ADDR", "127.0.0.1:0")
        .env("RUST_LOG", "trace")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts the program, which must fail, and returns the one line of its error.
pub(crate) fn fails_to_start(variables: &[(&str, &str)]) -> String {
    let output = command(variables).env("RUST_LOG", "off").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.starts_with("error: ") && line.lines().count() == 1, "{line}");
    line
}

/// A limit for tests that would hang otherwise. It is long because the machine may be busy.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(300);
