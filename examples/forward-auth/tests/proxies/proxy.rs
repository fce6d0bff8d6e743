use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command as Question, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::client::Endpoint;

/// A proxy: its program, its file in `proxies/`, and how to start it.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    program: &'static str,
    file: &'static str,
    /// The address to listen on in that file.
    listen: &'static str,
    forward_auth: &'static str,
    application: &'static str,
    prepare: fn(&mut Setup) -> Command,
}

pub(crate) const NGINX: Kind = Kind {
    program: "nginx",
    file: "nginx.conf",
    listen: "listen 8080;",
    forward_auth: "127.0.0.1:4010",
    application: "127.0.0.1:3000",
    prepare: nginx,
};

pub(crate) const CADDY: Kind = Kind {
    program: "caddy",
    file: "Caddyfile",
    listen: ":8080 {",
    forward_auth: "127.0.0.1:4010",
    application: "127.0.0.1:3000",
    prepare: caddy,
};

pub(crate) const TRAEFIK: Kind = Kind {
    program: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proxies/.venv/bin/traefik"),
    file: "traefik.yml",
    listen: "",
    forward_auth: "127.0.0.1:4010",
    application: "127.0.0.1:3000",
    prepare: traefik,
};

pub(crate) const ENVOY: Kind = Kind {
    program: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proxies/.venv/bin/envoy"),
    file: "envoy.yaml",
    listen: "{ socket_address: { address: 0.0.0.0, port_value: 8080 } }",
    forward_auth: "{ address: 127.0.0.1, port_value: 4010 }",
    application: "{ address: 127.0.0.1, port_value: 3000 }",
    prepare: envoy,
};

/// The data needed for starting a proxy.
struct Setup {
    kind: Kind,
    directory: PathBuf,
    /// The file from `proxies/`, with the addresses of this test.
    config: String,
    endpoint: Endpoint,
}

/// A running proxy, which is stopped with the test.
pub(crate) struct Proxy {
    pub(crate) endpoint: Endpoint,
    directory: PathBuf,
    child: Child,
}

impl Proxy {
    pub(crate) async fn start(kind: Kind, forward_auth: &str, application: &str) -> Option<Self> {
        if !is_installed(kind.program) {
            assert!(env::var_os("CI").is_none(), "there is no {}", kind.program);
            eprintln!("skipped: there is no {}", kind.program);
            return None;
        }
        let directory = directory();
        let mut config = file(kind.file);
        for (place, address) in [(kind.forward_auth, forward_auth), (kind.application, application)]
        {
            let (host, port) = address.split_once(':').unwrap();
            let address = match place.starts_with('{') {
                true => format!("{{ address: {host}, port_value: {port} }}"),
                false => address.to_owned(),
            };
            config = replace_once(&config, place, &address);
        }
        let endpoint = Endpoint::Unix(directory.join("http.sock"));
        let mut setup = Setup { kind, directory, config, endpoint };
        let log = fs::File::create(setup.directory.join("log")).unwrap();
        let child = (kind.prepare)(&mut setup)
            .current_dir(&setup.directory)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut proxy = Self { endpoint: setup.endpoint, directory: setup.directory, child };
        proxy.wait_until_it_answers().await;
        Some(proxy)
    }

    async fn wait_until_it_answers(&mut self) {
        let give_up = Instant::now() + Duration::from_secs(120);
        let head = "GET /public/ HTTP/1.1\r\nHost: ready\r\n";
        while self.endpoint.send(head, b"").await.ok().is_none_or(|answer| answer.status != 200) {
            let ended = self.child.try_wait().unwrap();
            let log = || fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < give_up, "{ended:?} {}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Runs nginx with its files below a prefix, and as a single process.
fn nginx(setup: &mut Setup) -> Command {
    let socket = format!("listen unix:{};", setup.path("http.sock"));
    setup.write("magic.conf", &replace_once(&setup.config, setup.kind.listen, &socket));
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {name};\n"))
        .collect();
    let main = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
         events {{}}\nhttp {{ access_log off;\n{temporary}include magic.conf; }}\n"
    );
    setup.write("nginx.conf", &main);
    let mut command = Command::new(setup.kind.program);
    command.args(["-e", "stderr", "-p", &setup.path(""), "-c", &setup.path("nginx.conf")]);
    command
}

fn caddy(setup: &mut Setup) -> Command {
    let site = format!("http:// {{\n\tbind unix/{}", setup.path("http.sock"));
    let config = replace_once(&setup.config, setup.kind.listen, &site);
    setup.write("Caddyfile", &format!("{{\n\tadmin off\n}}\n{config}"));
    let mut command = Command::new(setup.kind.program);
    command.args(["run", "--config", "Caddyfile"]);
    command.env("HOME", setup.path("")).env("XDG_DATA_HOME", setup.path(""));
    command
}

/// Traefik only listens on TCP, and its port is set on the command line.
fn traefik(setup: &mut Setup) -> Command {
    // The name is not `traefik.yml`, which Traefik would read as its static configuration.
    setup.write("dynamic.yml", &setup.config);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = Command::new(setup.kind.program);
    command.args([
        &format!("--entrypoints.web.address={free}"),
        "--providers.file.filename=dynamic.yml",
        "--providers.file.watch=false",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]);
    setup.endpoint = Endpoint::Tcp(free);
    command
}

fn envoy(setup: &mut Setup) -> Command {
    let pipe = format!("{{ pipe: {{ path: {} }} }}", setup.path("http.sock"));
    setup.write("envoy.yaml", &replace_once(&setup.config, setup.kind.listen, &pipe));
    let mut command = Command::new(setup.kind.program);
    command.args(["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1"]);
    command
}

impl Setup {
    fn path(&self, name: &str) -> String {
        self.directory.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.directory.join(name), content).unwrap();
    }
}

/// Reads a file in `proxies/`.
pub(crate) fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxies").join(name);
    fs::read_to_string(path).unwrap()
}

fn replace_once(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

/// The path is short, because it contains Unix sockets.
fn directory() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("forward-auth-{}-{number}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

fn is_installed(program: &str) -> bool {
    Question::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
