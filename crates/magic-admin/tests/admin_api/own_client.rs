use std::sync::Arc;

use magic_admin::ApiErrorKind;
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::support::{Answer, KEY, Server, builder};

const GOOD: &str = r#"{"client_id": "c"}"#;

/// A client that an application might build, with another redirect policy and an extra header.
fn http(policy: Policy) -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(policy)
        .default_headers([("x-own".parse().unwrap(), "1".parse().unwrap())].into_iter().collect())
        .build()
        .unwrap()
}

#[tokio::test]
async fn uses_the_given_client() {
    let server = Server::answering([Answer::json(200, GOOD)]).await;
    let client = builder(&server).http_client(http(Policy::none())).build().unwrap();
    assert_eq!(client.info().await.unwrap().client_id(), "c");
    let headers = server.only().headers;
    assert_eq!((headers["x-own"].as_str(), headers["x-magic-secret-key"].as_str()), ("1", KEY));
}

#[tokio::test]
async fn a_followed_redirect_is_an_error() {
    let elsewhere = Server::answering([Answer::json(200, GOOD)]).await;
    let location = format!("Location: {}/v1/admin/client\r\n", elsewhere.url());
    let server = Server::answering([Answer::new(302, &location, "")]).await;
    let client = builder(&server).http_client(http(Policy::limited(3))).build().unwrap();
    let error = client.info().await.unwrap_err();
    assert_eq!(error.kind(), ApiErrorKind::Api);
    assert!(error.to_string().contains("redirect::Policy::none()"), "{error}");
    assert_eq!((server.received().len(), elsewhere.received().len()), (1, 1));
}

#[tokio::test]
async fn an_unfollowed_redirect_is_an_error() {
    let location = "Location: http://127.0.0.1:9/\r\n";
    let server = Server::answering([Answer::new(302, location, "")]).await;
    let client = builder(&server).http_client(http(Policy::none())).build().unwrap();
    let error = client.info().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(302)));
}
