use axum::http::{HeaderMap, HeaderName, header};

/// Returns `true` if a page of this application sent the request.
///
/// Browsers send the session cookie with a WebSocket handshake, no matter which page opens the WebSocket,
/// and CORS does not apply. This check is the only protection.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    match (text(header::ORIGIN).and_then(host), text(header::HOST)) {
        (Some(origin), Some(host)) => origin == host,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_same_origin() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|&(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            is_same_origin(&headers.collect())
        };
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!check(&[("sec-fetch-site", site), ("origin", "http://a"), ("host", "a")]));
        }
        assert!(check(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!check(&[("origin", "http://127.0.0.1:3001"), ("host", "127.0.0.1:3000")]));
        assert!(!check(&[("origin", "null"), ("host", "127.0.0.1:3000")]));
        assert!(!check(&[("host", "127.0.0.1:3000")]));
    }
}
