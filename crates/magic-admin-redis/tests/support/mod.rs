//! A real Redis, started for a test on a free port and killed when the test ends.
#![allow(dead_code, reason = "each test crate uses a part of it")]

pub(crate) mod application;

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

pub(crate) struct Redis {
    pub(crate) port: u16,
    directory: PathBuf,
    options: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    /// Starts a Redis without persistence.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--appendonly", "no"])
    }

    pub(crate) fn start_with(options: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("redis-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut redis = Self { port, directory, options, child: None };
        redis.restart();
        redis
    }

    /// Returns the working directory, which is removed together with the Redis.
    pub(crate) fn directory(&self) -> &PathBuf {
        &self.directory
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts Redis on the same port as before, and waits until it responds.
    pub(crate) fn restart(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--dir", &self.directory.display().to_string()])
            .args(["--loglevel", "warning"])
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn();
        match child {
            Ok(child) => self.child = Some(child),
            Err(error) if error.kind() == ErrorKind::NotFound => skip(),
            Err(error) => panic!("redis-server does not start: {error}"),
        }
        let give_up = Instant::now() + GIVE_UP;
        while self.try_command("PING").is_none_or(|answer| answer != "+PONG") {
            assert!(Instant::now() < give_up, "redis-server does not respond");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills Redis, like `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Suspends the process. Connections stay open, but Redis does not respond.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("redis-server is running").id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Runs a command and returns the first line of the response.
    pub(crate) fn command(&self, command: &str) -> String {
        self.try_command(command).expect("Redis responds")
    }

    fn try_command(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }

    /// Runs a command whose response is a single string.
    pub(crate) fn text(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = String::new();
        reader.read_line(&mut length).unwrap();
        let length = length.trim_start_matches('$').trim_end().parse().unwrap();
        let mut text = vec![0; length];
        reader.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Runs many commands.
    pub(crate) fn commands(&self, commands: impl IntoIterator<Item = String>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let all: Vec<String> = commands.into_iter().map(|command| command + "\r\n").collect();
        stream.write_all(all.concat().as_bytes()).unwrap();
        stream.write_all(b"QUIT\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Ends the tests of this file, none of which can run without Redis.
fn skip() -> ! {
    let message = "redis-server is not installed (Debian: apt-get install redis-server)";
    assert!(std::env::var_os("CI").is_none(), "{message}");
    // Bypasses the test harness, which would capture the output.
    let _ = writeln!(std::io::stderr(), "skipped: {message}");
    std::process::exit(0);
}

/// Polls until a condition holds, and fails if it never does.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let give_up = Instant::now() + GIVE_UP;
    while !holds() {
        assert!(Instant::now() < give_up, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The time after which a hanging test fails. It is long because the machine may be busy.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(300);
