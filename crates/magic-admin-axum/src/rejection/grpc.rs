use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};

/// The media type of a gRPC call, which its response has as well.
#[derive(Clone, Debug)]
pub(super) struct Grpc(HeaderValue);

impl Grpc {
    /// Returns `None` if the request is no gRPC call.
    pub(super) fn of(request: &HeaderMap) -> Option<Self> {
        let value = request.get(CONTENT_TYPE)?;
        let end = value.as_bytes().iter().position(|byte| *byte == b';');
        let (media_type, parameters) =
            value.as_bytes().split_at_checked(end.unwrap_or(value.len()))?;
        let media_type = media_type.trim_ascii_end();
        let (base, rest) = media_type.split_at_checked(GRPC.len())?;
        let web = rest.get(..WEB.len()).is_some_and(|web| web.eq_ignore_ascii_case(WEB));
        if !base.eq_ignore_ascii_case(GRPC) || !(rest.is_empty() || rest.starts_with(b"+") || web) {
            return None;
        }
        match parameters {
            [] => Some(Self(value.clone())),
            _ => HeaderValue::from_bytes(media_type).ok().map(Self),
        }
    }

    /// Creates a response that consists of trailers only: HTTP sees a success, and the headers hold
    /// what ends the call.
    pub(super) fn response(
        self,
        status: u16,
        code: &'static str,
        retry_after: Option<Duration>,
    ) -> Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.0);
        headers.insert(STATUS, HeaderValue::from(status));
        headers.insert(MESSAGE, HeaderValue::from_static(code));
        if let Some(wait) = retry_after {
            headers.insert(PUSHBACK, HeaderValue::from(wait.as_secs().saturating_mul(1_000)));
        }
        response
    }
}

const GRPC: &[u8] = b"application/grpc";
const WEB: &[u8] = b"-web";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_media_types_of_grpc() {
        let table = [
            ("application/grpc", Some("application/grpc")),
            ("application/grpc+proto", Some("application/grpc+proto")),
            ("Application/gRPC+json", Some("Application/gRPC+json")),
            ("application/grpc; charset=utf-8", Some("application/grpc")),
            ("application/grpc-web", Some("application/grpc-web")),
            ("application/grpc-web+proto", Some("application/grpc-web+proto")),
            ("application/grpc-web-text ;a=b", Some("application/grpc-web-text")),
            ("application/grpcx", None),
            ("application/grpc-we", None),
            ("application/grp", None),
            ("application/json", None),
            ("text/plain; application/grpc", None),
            ("", None),
        ];
        for (value, expected) in table {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            let found = Grpc::of(&headers).map(|Grpc(media_type)| media_type);
            assert_eq!(found.as_ref().map(|found| found.to_str().unwrap()), expected, "{value}");
        }
        assert!(Grpc::of(&HeaderMap::new()).is_none());
    }
}
