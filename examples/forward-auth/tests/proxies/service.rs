use std::process::Stdio;

use magic_admin_testkit::FakeMagic;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The service as a process, which fetches its client ID from a fake of Magic.
pub(crate) struct Service {
    pub(crate) address: String,
    _child: Child,
}

impl Service {
    pub(crate) async fn start(fake: &FakeMagic) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_forward-auth"))
            .env_remove("MAGIC_CLIENT_ID")
            .env("MAGIC_API_SECRET_KEY", fake.secret_key())
            .env("MAGIC_API_BASE_URL", fake.base_url())
            .env("MAGIC_API_RETRIES", "0")
            .env("BIND_ADDR", "127.0.0.1:0")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("it says where it listens");
        let address = line.strip_prefix("listening on ").expect(&line).to_owned();
        Self { address, _child: child }
    }
}
