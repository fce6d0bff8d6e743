use std::error::Error;

use magic_admin::{
    ApiErrorKind, ConfigErrorKind, SecretKey,
    admin::{Client, ClientBuilder, TransportError, TransportErrorKind},
};
use rustls::crypto::CryptoProvider;

pub(crate) const KEY: &str = "sk_live_5EC2E7000DEADBEEF";

/// Runs one case in its own process and checks how a client uses the environment.
pub(crate) async fn run(case: &str, url: &str) {
    let client = builder(url).build();
    match case {
        "a trusted server" | "no proxy for http" => {
            let info = client.unwrap().info().await.unwrap();
            assert_eq!(info.client_id(), "known");
        }
        // The proxy closes every connection.
        "an untrusted server" | "a server without TLS" | "a proxy for https" => {
            let error = client.unwrap().info().await.unwrap_err();
            assert_eq!(error.kind(), ApiErrorKind::ApiConnection);
            let source = error.source().unwrap().downcast_ref::<TransportError>().unwrap();
            assert_eq!(source.kind(), TransportErrorKind::Connect);
        }
        "no certificates" => {
            let error = client.unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::Tls);
            assert!(error.to_string().contains("ca-certificates"), "{error}");
            // Plain http needs no certificates.
            builder("http://127.0.0.1:9").build().unwrap();
        }
        _ => panic!("no such case: {case}"),
    }
    assert!(CryptoProvider::get_default().is_none(), "a process default was installed");
}

fn builder(url: &str) -> ClientBuilder {
    Client::builder(SecretKey::new(KEY).unwrap()).base_url(url).retries(0)
}
