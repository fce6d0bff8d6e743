use std::time::SystemTime;

use bytes::BytesMut;
use http::{
    HeaderValue,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
};

use super::{
    BaseUrl, Body, MAX_BODY_BYTES, Request, Response, TransportError, TransportErrorKind,
    retry_after,
};

/// Runs one attempt, from connecting to the last byte of the body.
pub(super) async fn run(
    http: &reqwest::Client,
    base_url: &BaseUrl,
    request: &Request,
    now: fn() -> SystemTime,
) -> Result<Response, TransportError> {
    let url = base_url.join(request.path, &request.query);
    let mut builder = http
        .request(request.method.clone(), url.clone())
        .header(USER_AGENT, super::USER_AGENT)
        .header(ACCEPT, JSON);
    if let Some((name, value)) = &request.credential {
        builder = builder.header(name, value);
    }
    if let Some(body) = &request.body {
        builder = builder.header(CONTENT_TYPE, JSON).body(body.clone());
    }

    let mut response = builder.send().await.map_err(TransportError::from_reqwest)?;
    // Our own client follows no redirects, but one passed in by the application may.
    if *response.url() != url {
        return Err(TransportError::new(TransportErrorKind::RedirectFollowed));
    }

    let headers = response.headers();
    Ok(Response {
        status: response.status(),
        retry_after: headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after::parse(value, headers, now)),
        content_type: headers.get(CONTENT_TYPE).cloned(),
        body: read(&mut response).await?,
    })
}

/// Reads the body chunk by chunk, so that memory stays bounded regardless of its length.
async fn read(response: &mut reqwest::Response) -> Result<Body, TransportError> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Ok(Body::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(TransportError::from_reqwest)? {
        if body.len().saturating_add(chunk.len()) > MAX_BODY_BYTES {
            return Ok(Body::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Body::Complete(body.freeze()))
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
