//! A plain HTTP client that opens a new connection for each call.

use magic_admin_testkit::FakeMagic;
use serde_json::Value;

/// Sends one call with the body as is. A response that is not JSON is returned as `null`.
pub(crate) async fn call(
    fake: &FakeMagic,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&str>,
) -> (u16, Value) {
    let url = format!("{}{path}", fake.base_url());
    let mut request = client().request(method.parse().unwrap(), url);
    if let Some(key) = key {
        request = request.header("X-Magic-Secret-Key", key);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    read(request).await
}

pub(crate) async fn get(fake: &FakeMagic, path: &str) -> (u16, Value) {
    call(fake, "GET", path, Some(fake.secret_key()), None).await
}

pub(crate) async fn post(fake: &FakeMagic, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", fake.base_url());
    let request = client().post(url).json(body);
    read(request.header("X-Magic-Secret-Key", fake.secret_key())).await
}

/// Creates a client for `http://`. It still configures TLS, because without a provider reqwest
/// panics if another crate of the workspace enables TLS.
pub(crate) fn client() -> reqwest::Client {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}
