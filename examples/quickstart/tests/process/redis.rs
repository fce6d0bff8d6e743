use std::{
    env,
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{directory::Directory, program::GIVE_UP};

/// A Redis server for one test; stopped when dropped.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    _directory: Directory,
}

impl Redis {
    /// Starts the server. Returns `None` if it is not installed, which fails under the gate.
    pub(crate) fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = Directory::new();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--dir", &directory.path("").display().to_string()])
            .stdout(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                let redis = Self { child, port, _directory: directory };
                redis.wait();
                Some(redis)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert!(env::var_os("CI").is_none(), "the gate needs redis-server");
                eprintln!("skipped: there is no redis-server");
                None
            }
            Err(error) => panic!("redis-server does not start: {error}"),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command, and returns the first line of the response.
    pub(crate) fn command(&self, command: &str) -> String {
        self.try_command(command).expect("Redis answers")
    }

    /// Makes Redis reject writes, or accept them again.
    pub(crate) fn reject_writes(&self, reject: bool) {
        let replicas = u8::from(reject);
        let answer = self.command(&format!("CONFIG SET min-replicas-to-write {replicas}"));
        assert_eq!(answer, "+OK");
    }

    fn wait(&self) {
        let give_up = Instant::now() + GIVE_UP;
        while self.try_command("PING").is_none_or(|answer| answer != "+PONG") {
            assert!(Instant::now() < give_up, "redis-server does not answer");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_command(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
