use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::{Bytes, to_bytes},
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::net::TcpListener;

/// The application behind the proxy, which responds with the request that it received.
pub(crate) struct Application {
    pub(crate) address: String,
    requests: Arc<AtomicUsize>,
}

impl Application {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let router = Router::new().fallback(async move |request: Request| {
            counter.fetch_add(1, Ordering::SeqCst);
            echo(request).await
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, requests }
    }

    /// Returns the number of requests since the proxy became ready.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn forget(&self) {
        self.requests.store(0, Ordering::SeqCst);
    }
}

async fn echo(request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/error" {
        return (StatusCode::INTERNAL_SERVER_ERROR, "an error of the application").into_response();
    }
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in &head.headers {
        headers.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()));
    }
    let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
    let path = head.uri.to_string();
    Json(json!({
        "method": head.method.as_str(), "path": path, "headers": headers, "body": body.len(),
    }))
    .into_response()
}
