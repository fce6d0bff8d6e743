//! A server's process, seen from outside.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use crate::proxy::Proxy;

/// One of the three: its process may be another one from time to time.
pub(crate) struct Node {
    pub(crate) proxy: Proxy,
    process: Mutex<Process>,
    /// For whoever kills it while a request is under way.
    child: Mutex<Child>,
}

struct Process {
    requests: ChildStdin,
    answers: mpsc::Receiver<String>,
    /// How many processes there were before this one.
    life: u32,
}

/// What a server said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: String,
    /// When the server last held everything: not before this.
    pub(crate) contact: Option<Instant>,
    /// It learned meanwhile that it held everything.
    pub(crate) renewed: bool,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
    pub(crate) life: u32,
}

impl Node {
    pub(crate) fn start(redis: u16) -> Self {
        let proxy = Proxy::to(redis);
        let (child, process) = spawn(&proxy, 0);
        Self { proxy, process: Mutex::new(process), child: Mutex::new(child) }
    }

    /// `None`: it died before it answered, and another one is there now.
    pub(crate) fn ask(&self, action: &str, token: &str) -> Option<Answer> {
        let mut process = self.process.lock().unwrap();
        let asked = Instant::now();
        let sent = writeln!(process.requests, "{action} {token}");
        let line = sent.is_ok().then(|| process.answers.recv_timeout(Duration::from_secs(20)));
        match line {
            Some(Ok(line)) => {
                let words: Vec<&str> = line.split(' ').collect();
                let ago = words[1].parse::<u64>().ok().map(Duration::from_millis);
                Some(Answer {
                    code: words[0].to_owned(),
                    // Rounded down by the server.
                    contact: ago.and_then(|ago| asked.checked_sub(ago + Duration::from_millis(1))),
                    renewed: words[2] == "true",
                    asked,
                    answered: Instant::now(),
                    life: process.life,
                })
            }
            Some(Err(mpsc::RecvTimeoutError::Timeout)) => panic!("a server does not answer"),
            Some(Err(mpsc::RecvTimeoutError::Disconnected)) | None => {
                let (child, next) = spawn(&self.proxy, process.life + 1);
                let mut dead = std::mem::replace(&mut *self.child.lock().unwrap(), child);
                dead.wait().unwrap();
                *process = next;
                None
            }
        }
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.lock().unwrap().id().to_string();
        // It may have been killed just now.
        let _ = Command::new("kill").args([signal, &pid]).stderr(Stdio::null()).status();
    }

    /// Waits until it held everything at some time after this.
    pub(crate) fn wait_for_contact(&self, after: Instant) {
        let give_up = Instant::now() + Duration::from_secs(30);
        loop {
            assert!(Instant::now() < give_up, "a server does not recover");
            let answer = self.ask("health", "");
            if answer.and_then(|answer| answer.contact).is_some_and(|contact| contact > after) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn spawn(proxy: &Proxy, life: u32) -> (Child, Process) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["serve", &format!("redis://127.0.0.1:{}", proxy.port)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (requests, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (lines, answers) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    (child, Process { requests, answers, life })
}
