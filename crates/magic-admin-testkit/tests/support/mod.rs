//! A plain HTTP client: a new connection for each call.

use magic_admin_testkit::FakeMagic;
use serde_json::Value;

/// One call, the body sent as it is. An answer that is no JSON is `null`.
pub(crate) async fn call(
    fake: &FakeMagic,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&str>,
) -> (u16, Value) {
    let url = format!("{}{path}", fake.base_url());
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
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
    let request = reqwest::Client::new().post(url).json(body);
    read(request.header("X-Magic-Secret-Key", fake.secret_key())).await
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}
