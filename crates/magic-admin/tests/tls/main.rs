//! TLS with the certificates of the platform.
//!
//! The platform's certificates come from the environment (`SSL_CERT_FILE`), so each case is a
//! process of its own: this program starts itself with the name of the case.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use magic_admin::{
    ApiErrorKind, Client, ClientBuilder, ConfigErrorKind, SecretKey, TransportError,
    TransportErrorKind,
};
use rcgen::{CertifiedKey, KeyPair};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::PrivateKeyDer,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, mark, case, url] = arguments.as_slice()
        && mark == CASE
    {
        return Runtime::new().unwrap().block_on(run(case, url));
    }

    let runtime = Runtime::new().unwrap();
    let (good, other) = (certificate(), certificate());
    let address = runtime.block_on(serve(&good));
    for (case, certificates) in [
        ("a trusted server", file("good.pem", &good.cert.pem())),
        ("an untrusted server", file("other.pem", &other.cert.pem())),
        ("no certificates", file("empty.pem", "")),
    ] {
        let url = format!("https://{address}");
        let child = Command::new(std::env::current_exe().unwrap())
            .args([CASE, case, &url])
            .env("SSL_CERT_FILE", &certificates)
            .env_remove("SSL_CERT_DIR")
            .env("NO_PROXY", "*")
            .status()
            .unwrap();
        assert!(child.success(), "{case}");
    }
}

/// What a client in a process of its own makes of the server and the certificates.
async fn run(case: &str, url: &str) {
    let client = builder(url).build();
    match case {
        "a trusted server" => {
            let info = client.unwrap().info().await.unwrap();
            assert_eq!(info.client_id(), "over TLS");
        }
        "an untrusted server" => {
            let error = client.unwrap().info().await.unwrap_err();
            assert_eq!(error.kind(), ApiErrorKind::ApiConnection);
            let source = std::error::Error::source(&error).unwrap();
            let source = source.downcast_ref::<TransportError>().unwrap();
            assert_eq!(source.kind(), TransportErrorKind::Connect);
        }
        "no certificates" => {
            let error = client.unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::Tls);
            assert!(error.to_string().contains("ca-certificates"), "{error}");
            // Plain http needs none.
            builder("http://127.0.0.1:9").build().unwrap();
        }
        _ => panic!("no such case: {case}"),
    }
    assert!(CryptoProvider::get_default().is_none(), "a process default was installed");
}

fn builder(url: &str) -> ClientBuilder {
    Client::builder(SecretKey::new("sk_live_1").unwrap()).base_url(url).retries(0)
}

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A server that answers every connection with one client id.
async fn serve(certificate: &CertifiedKey<KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate goes away.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(ANSWER).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    address
}

const CASE: &str = "--run-case";

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\nConnection: close\r\n\r\n{\"client_id\": \"over TLS\"}";
