//! Sends requests to a tower service without a server.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};

/// Returns the value of an `Authorization` header with this token.
pub fn bearer(token: &str) -> HeaderValue {
    format!("Bearer {token}").parse().expect("base64 is fit for a header")
}

pub fn with_header(value: &HeaderValue) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(AUTHORIZATION, value.clone());
    request
}

/// A service that does nothing but return the request's extensions in the response.
pub async fn noop(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(body);
    *response.extensions_mut() = parts.extensions;
    Ok(response)
}

/// Returns the output of a future that never waits.
pub fn at_once<T>(future: impl Future<Output = Result<T, Infallible>>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(outcome)) => outcome,
        Poll::Pending => panic!("the future waits"),
    }
}
