use std::{
    env, fs,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{http::send, program::Program};

#[tokio::test]
async fn two_instances_on_one_redis_share_logouts_and_used_tokens() {
    let Some(redis) = Redis::start() else { return };
    let url = redis.url();
    let (first, second) =
        (Program::start(&[("REDIS_URL", &url)]), Program::start(&[("REDIS_URL", &url)]));
    // Both fakes know the same Alice, and the tokens are for the same application.
    let (token, unused) = (first.token_of("Alice"), second.token_of("Alice"));
    for program in [&first, &second] {
        eventually(program, token, 200, "expires_at").await;
    }

    let login = send(&first, "POST", "/v1/user/login", token, None).await;
    assert_eq!(login.status(), 200);
    let again = send(&second, "POST", "/v1/user/login", token, None).await;
    assert_eq!(again.status(), 401);
    assert!(again.text().contains("ERROR_DIDT_REPLAYED"), "{}", again.text());

    let session = Some(login.cookie());
    assert_eq!(send(&first, "POST", "/v1/user/logout", token, session).await.status(), 200);
    for token in [token, unused] {
        eventually(&second, token, 401, "ERROR_DIDT_REVOKED").await;
    }
    for program in [first, second] {
        assert!(program.end("INT").0.success());
    }
}

/// Asks `/v1/user/me` until it answers this: what another instance does takes its time.
async fn eventually(program: &Program, token: &str, status: u16, content: &str) {
    let give_up = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = send(program, "GET", "/v1/user/me", token, None).await;
        if answer.status() == status && answer.text().contains(content) {
            return;
        }
        assert!(Instant::now() < give_up, "{}", answer.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A Redis of its own, which ends with the test.
struct Redis {
    child: Child,
    port: u16,
    directory: PathBuf,
}

impl Redis {
    /// `None` when there is none on this machine, which only the gate forbids.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = env::temp_dir().join(format!("quickstart-redis-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--dir", &directory.display().to_string()])
            .stdout(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                let redis = Self { child, port, directory };
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

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn wait(&self) {
        let give_up = Instant::now() + Duration::from_secs(30);
        while !self.answers() {
            assert!(Instant::now() < give_up, "redis-server does not answer");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer)).is_ok()
            && &answer == b"+PONG"
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
