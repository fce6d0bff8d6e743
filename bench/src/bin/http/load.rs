use std::{fs, path::PathBuf, process::Command};

use crate::scratch;

/// Tokens to send in turn.
#[derive(Clone)]
pub(crate) struct Load {
    tokens: PathBuf,
    each_once: bool,
}

/// The results of `wrk` for a server in one round.
pub(crate) struct Seen {
    pub(crate) requests_per_second: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn of(name: &str, tokens: &[String]) -> Self {
        let path = scratch(name);
        fs::write(&path, tokens.join("\n")).expect("a temporary file can be written");
        Self { tokens: path, each_once: false }
    }

    /// Sends each token at most once: there is no warm-up, and too few tokens are a failure.
    pub(crate) fn each_once(mut self) -> Self {
        self.each_once = true;
        self
    }

    pub(crate) fn run(&self, port: u16) -> Seen {
        if !self.each_once {
            self.wrk(port, "1s");
        }
        self.wrk(port, "3s")
    }

    fn wrk(&self, port: u16, duration: &str) -> Seen {
        let script = scratch("load.lua");
        fs::write(&script, SCRIPT).expect("a temporary file can be written");
        let output = Command::new("wrk")
            .args(["-t1", "-c32", "--timeout", "30s", "-d", duration, "-s"])
            .arg(script)
            .arg(format!("http://127.0.0.1:{port}"))
            .arg("--")
            .arg(&self.tokens)
            .arg(if self.each_once { "once" } else { "again" })
            .output()
            .expect("wrk is installed: apt-get install wrk");
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let numbers: Vec<f64> = line
            .unwrap_or_else(|| {
                panic!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr))
            })
            .split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [requests_per_second, p50, p99, errors] = numbers[..] else { panic!("{text}") };
        assert_eq!(errors, 0.0, "requests failed: {text}");
        Seen { requests_per_second, p50, p99 }
    }
}

const SCRIPT: &str = r#"
local requests, sent, once = {}, 0, false

function init(arguments)
  for token in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", "/me", { Authorization = "Bearer " .. token })
  end
  once = arguments[2] == "once"
end

function request()
  sent = sent + 1
  if once and sent > #requests then error("too few tokens") end
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
  local e = summary.errors
  print(string.format("RESULT %f %f %f %d", summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;
