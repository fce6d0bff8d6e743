use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rcgen::{CertifiedKey, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub(crate) fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

/// Starts a server that returns the same client ID on every connection. Returns its URL.
pub(crate) async fn plain() -> String {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            answer(listener.accept().await.unwrap().0).await;
        }
    });
    format!("http://{address}")
}

/// Like [`plain`], but over TLS.
pub(crate) async fn tls(certificate: &CertifiedKey<KeyPair>) -> String {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            // A client that does not trust the certificate disconnects.
            if let Ok(stream) = acceptor.accept(listener.accept().await.unwrap().0).await {
                answer(stream).await;
            }
        }
    });
    format!("https://{address}")
}

/// A proxy that records the first bytes it receives and closes the connection.
pub(crate) struct Proxy {
    address: SocketAddr,
    received: Arc<Mutex<String>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let (listener, address) = listen().await;
        let received = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let mut bytes = vec![0; 4096];
                let length = listener.accept().await.unwrap().0.read(&mut bytes).await.unwrap();
                bytes.truncate(length);
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
            }
        });
        Self { address, received }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn received(&self) -> String {
        self.received.lock().unwrap().clone()
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = stream.read(&mut [0; 4096]).await;
    let body = r#"{"client_id": "known"}"#;
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
