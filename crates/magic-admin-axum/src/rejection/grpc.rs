use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};

/// The media type of the response to a gRPC call: that of the request, unless it is a rare one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grpc(&'static str);

impl Grpc {
    /// Returns `None` if the request is not a gRPC call.
    pub(super) fn of(request: &HeaderMap) -> Option<Self> {
        let media_type = request.get(CONTENT_TYPE)?.as_bytes();
        if !begins(media_type, "application/grpc") {
            return None;
        }
        let media_type = media_type.split(|byte| *byte == b';').next()?.trim_ascii_end();
        let usual = USUAL.iter().find(|usual| media_type.eq_ignore_ascii_case(usual.as_bytes()));
        let rare = || RARE.iter().find(|(prefix, _)| begins(media_type, prefix));
        usual.copied().or_else(|| rare().map(|(_, answer)| *answer)).map(Self)
    }

    /// Creates a response that consists only of trailers: the HTTP status is a success, and the
    /// headers contain the status of the call.
    pub(super) fn response(
        self,
        status: u16,
        code: &'static str,
        retry_after: Option<Duration>,
    ) -> Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.0));
        headers.insert(STATUS, HeaderValue::from(status));
        headers.insert(MESSAGE, HeaderValue::from_static(code));
        if let Some(wait) = retry_after {
            headers.insert(PUSHBACK, HeaderValue::from(wait.as_secs().saturating_mul(1_000)));
        }
        response
    }
}

fn begins(media_type: &[u8], prefix: &str) -> bool {
    let begin = media_type.get(..prefix.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
}

const USUAL: [&str; 7] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];
const RARE: [(&str, &str); 3] = [
    ("application/grpc+", "application/grpc"),
    ("application/grpc-web-text", "application/grpc-web-text"),
    ("application/grpc-web", "application/grpc-web"),
];
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
            ("Application/gRPC+json", Some("application/grpc+json")),
            ("application/grpc+own", Some("application/grpc")),
            ("application/grpc; charset=utf-8", Some("application/grpc")),
            ("application/grpc-web", Some("application/grpc-web")),
            ("application/grpc-web+proto", Some("application/grpc-web+proto")),
            ("application/grpc-web+thrift", Some("application/grpc-web")),
            ("application/grpc-web-text ;a=b", Some("application/grpc-web-text")),
            ("application/grpc-web-text+own", Some("application/grpc-web-text")),
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
            assert_eq!(found, expected, "{value}");
        }
        assert!(Grpc::of(&HeaderMap::new()).is_none());
    }
}
