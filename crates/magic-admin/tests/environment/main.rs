//! Tests the effect of the environment: the certificates of the platform, and proxies.
//!
//! Both are read from the process environment, so each case runs in its own process. This program
//! starts itself with the name of the case.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cases;
mod servers;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use servers::{Proxy, certificate, plain, tls};
use tokio::runtime::Runtime;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let runtime = Runtime::new().unwrap();
    match arguments.as_slice() {
        [_, mark, case, url] if mark == CASE => runtime.block_on(cases::run(case, url)),
        _ => start_cases(&runtime),
    }
}

fn start_cases(runtime: &Runtime) {
    let (good, other) = (certificate(), certificate());
    let https = runtime.block_on(tls(&good));
    let http = runtime.block_on(plain());
    let proxy = runtime.block_on(Proxy::start());
    let (trusted, untrusted) =
        (file("good.pem", &good.cert.pem()), file("other.pem", &other.cert.pem()));
    let empty = file("empty.pem", "");
    let proxy_url = proxy.url();

    start("a trusted server", &https, &[("SSL_CERT_FILE", as_text(&trusted))]);
    start("an untrusted server", &https, &[("SSL_CERT_FILE", as_text(&untrusted))]);
    let no_tls = http.replace("http:", "https:");
    start("a server without TLS", &no_tls, &[("SSL_CERT_FILE", as_text(&trusted))]);
    start("no certificates", &https, &[("SSL_CERT_FILE", as_text(&empty))]);

    start("no proxy for http", &http, &[("HTTP_PROXY", &proxy_url), ("ALL_PROXY", &proxy_url)]);
    assert_eq!(proxy.received(), "");

    let variables = [("SSL_CERT_FILE", as_text(&trusted)), ("HTTPS_PROXY", &proxy_url)];
    start("a proxy for https", &https, &variables);
    let received = proxy.received();
    assert!(received.starts_with("CONNECT 127.0.0.1:"), "{received}");
    assert!(!received.contains(cases::KEY) && !received.contains("v1"), "{received}");
}

fn start(case: &str, url: &str, variables: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([CASE, case, url]).env_remove("SSL_CERT_DIR");
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        child.env_remove(proxy).env_remove(proxy.to_ascii_uppercase());
    }
    let status = child.envs(variables.iter().copied()).status().unwrap();
    assert!(status.success(), "{case}");
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn as_text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const CASE: &str = "--run-case";
