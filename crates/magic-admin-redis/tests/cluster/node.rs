//! A server process, seen from outside.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use crate::{proxy::Proxy, support::GIVE_UP};

/// One of the three servers. If its process is killed, it is replaced.
pub(crate) struct Node {
    pub(crate) proxy: Proxy,
    process: Mutex<Process>,
    /// Separate, so that the process can be killed during a request.
    child: Mutex<Child>,
}

struct Process {
    requests: ChildStdin,
    answers: mpsc::Receiver<String>,
    /// The number of earlier processes.
    life: u32,
}

/// The response of a server.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: String,
    /// The server was last in sync at this time or later.
    pub(crate) contact: Option<Instant>,
    /// `true` if the server was in sync again while it responded.
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

    /// Sends a request. Returns `None` if the process died before it responded; another process
    /// then takes its place.
    pub(crate) fn ask(&self, action: &str, token: &str) -> Option<Answer> {
        let mut process = self.process.lock().unwrap();
        let asked = Instant::now();
        let sent = writeln!(process.requests, "{action} {token}");
        let line = sent.is_ok().then(|| process.answers.recv_timeout(GIVE_UP));
        match line {
            Some(Ok(line)) => {
                let words: Vec<&str> = line.split(' ').collect();
                let ago = words[1].parse::<u64>().ok().map(Duration::from_millis);
                Some(Answer {
                    code: words[0].to_owned(),
                    // The server has rounded this down.
                    contact: ago.and_then(|ago| asked.checked_sub(ago + Duration::from_millis(1))),
                    renewed: words[2] == "true",
                    asked,
                    answered: Instant::now(),
                    life: process.life,
                })
            }
            Some(Err(mpsc::RecvTimeoutError::Timeout)) => panic!("a server does not respond"),
            Some(Err(mpsc::RecvTimeoutError::Disconnected)) | None => {
                let (child, next) = spawn(&self.proxy, process.life + 1);
                let mut dead = std::mem::replace(&mut *self.child.lock().unwrap(), child);
                dead.wait().unwrap();
                *process = next;
                None
            }
        }
    }

    /// Kills the process, like `kill -9`.
    pub(crate) fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.lock().unwrap().id().to_string();
        // The process may just have been killed.
        let _ = Command::new("kill").args([signal, &pid]).stderr(Stdio::null()).status();
    }

    /// Waits until the server was in sync at some time after `after`.
    pub(crate) fn wait_for_contact(&self, after: Instant) {
        let give_up = Instant::now() + GIVE_UP;
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

impl Node {
    /// Waits until the server has been out of sync for longer than the bound.
    pub(crate) fn wait_until_stale(&self, bound: Duration) {
        let give_up = Instant::now() + GIVE_UP;
        let is_stale =
            |answer: Answer| answer.contact.is_none_or(|contact| contact.elapsed() > bound);
        while !self.ask("health", "").is_some_and(is_stale) {
            assert!(Instant::now() < give_up, "a server without Redis does not go stale");
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
