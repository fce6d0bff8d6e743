use std::{
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use bench::CLIENT_ID;

use crate::{
    load::Load,
    round::{Contest, Running},
};

/// Returns the official SDKs in web frameworks of their languages, with one process per core.
pub(crate) fn contests(load: &Load) -> Vec<Contest> {
    install();
    vec![
        Contest::new("Express, @magic-sdk/admin", load, || {
            start(|port| {
                let mut node = Command::new("node");
                node.arg(peers().join("node/server.mjs")).args([port, CLIENT_ID]);
                node
            })
        }),
        Contest::new("Flask, magic-admin, coincurve", load, || {
            start(|port| flask(port, "eth_keys.backends.CoinCurveECCBackend"))
        }),
        Contest::new("Flask, magic-admin", load, || {
            start(|port| flask(port, "eth_keys.backends.NativeECCBackend"))
        }),
    ]
}

fn install() {
    let status = Command::new("sh").arg(peers().join("setup.sh")).status();
    assert!(status.is_ok_and(|status| status.success()), "the peers cannot be installed");
}

fn flask(port: &str, curve: &str) -> Command {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut gunicorn = Command::new(peers().join("python/.venv/bin/gunicorn"));
    gunicorn
        .current_dir(peers().join("python"))
        .env("CLIENT_ID", CLIENT_ID)
        .env("ECC_BACKEND_CLASS", curve)
        .args(["--workers", &cores.to_string(), "--threads", "16", "--log-level", "error"])
        .args(["--bind", &format!("127.0.0.1:{port}"), "app:app"]);
    gunicorn
}

/// Starts a server on a free port, and waits until it accepts connections.
fn start(command: impl Fn(&str) -> Command) -> Running {
    let port = free_port();
    let process =
        command(&port.to_string()).process_group(0).spawn().expect("the peer can be started");
    let server = Running { process, port };
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        thread::sleep(Duration::from_millis(100));
    }
    // Wait for the other processes of the same server.
    thread::sleep(Duration::from_secs(2));
    server
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}
