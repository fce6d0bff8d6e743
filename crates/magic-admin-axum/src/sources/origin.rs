use std::borrow::Cow;

use http::{
    HeaderMap, Method, Uri,
    header::{HOST, ORIGIN, UPGRADE},
    request::Parts,
};

/// Returns `true` if, according to the browser, a page of the application or of an allowed origin
/// sent the request.
///
/// The browser says so in `Sec-Fetch-Site` or, if it does not send that header, in `Origin`.
/// Without either header, only reading is allowed: browsers send `Origin` with every other request,
/// including WebSocket handshakes.
pub(super) fn is_same_origin(parts: &Parts, allowed: &[Cow<'static, str>]) -> bool {
    let headers = &parts.headers;
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    let is_own = if sites.peek().is_some() {
        sites.all(|site| *site == "same-origin" || *site == "none")
    } else if headers.contains_key(ORIGIN) {
        origin_is_host(parts).unwrap_or(false)
    } else {
        matches!(parts.method, Method::GET | Method::HEAD) && !headers.contains_key(UPGRADE)
    };
    is_own
        || the_origin(headers).is_some_and(|origin| {
            allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
        })
}

fn origin_is_host(parts: &Parts) -> Option<bool> {
    let origin: Uri = the_origin(&parts.headers)?.parse().ok()?;
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority)?;
    Some(origin.authority()?.as_str().eq_ignore_ascii_case(host))
}

/// Returns the `Origin` header, if there is exactly one. Pages with an opaque origin all send
/// `null`, so `null` does not count.
fn the_origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next().filter(|_| origins.next().is_none())?;
    origin.to_str().ok().filter(|origin| *origin != "null")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn is_own(method: &str, headers: &[(&str, &str)]) -> bool {
        is_allowed(method, headers, &[])
    }

    fn is_allowed(method: &str, headers: &[(&str, &str)], allowed: &[&'static str]) -> bool {
        let mut request = Request::builder().method(method).uri("/v1/user/logout");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let allowed: Vec<_> = allowed.iter().map(|origin| Cow::Borrowed(*origin)).collect();
        is_same_origin(&request.body(()).unwrap().into_parts().0, &allowed)
    }

    #[test]
    fn sec_fetch_site_takes_precedence() {
        for (site, expected) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("", false),
        ] {
            let headers = [
                ("sec-fetch-site", site),
                ("host", "shop.example"),
                ("origin", "https://shop.example"),
            ];
            for method in ["GET", "POST"] {
                assert_eq!(is_own(method, &headers), expected, "{method} {site}");
                assert_eq!(is_own(method, &headers[..1]), expected, "{method} {site}");
            }
        }
        assert!(!is_own("POST", &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn otherwise_origin_must_match_host() {
        for (origin, expected) in [
            ("https://shop.example", true),
            ("https://SHOP.example", true),
            ("https://shop.example:8443", false),
            ("https://evil.example", false),
            ("https://shop.example.evil.example", false),
            ("null", false),
            ("", false),
        ] {
            let headers = [("host", "shop.example"), ("origin", origin)];
            for method in ["GET", "POST", "CONNECT"] {
                assert_eq!(is_own(method, &headers), expected, "{method} {origin}");
            }
        }
        let twice = ["https://shop.example", "https://evil.example"].map(|value| ("origin", value));
        assert!(!is_own("POST", &[("host", "shop.example"), twice[0], twice[1]]));
        assert!(!is_own("POST", &[("origin", "https://shop.example")]));
        assert!(!is_own("POST", &[("origin", "null"), ("host", "null")]));
    }

    #[test]
    fn without_either_reading_is_allowed() {
        let host = ("host", "shop.example");
        for (method, expected) in [
            ("GET", true),
            ("HEAD", true),
            ("POST", false),
            ("CONNECT", false),
            ("OPTIONS", false),
            ("get", false),
        ] {
            assert_eq!(is_own(method, &[host]), expected, "{method}");
        }
        assert!(!is_own("GET", &[host, ("upgrade", "websocket")]));
    }

    #[test]
    fn allowed_origins_pass() {
        let allowed = ["https://app.example", "null"];
        for (origin, expected) in [
            ("https://app.example", true),
            ("https://APP.example", true),
            ("http://app.example", false),
            ("https://app.example:8443", false),
            ("https://app.example.evil.example", false),
            ("https://www.app.example", false),
            ("null", false),
        ] {
            let origin = ("origin", origin);
            for headers in [vec![origin], vec![origin, ("sec-fetch-site", "cross-site")]] {
                assert_eq!(is_allowed("POST", &headers, &allowed), expected, "{headers:?}");
            }
        }
        assert!(!is_allowed("POST", &[("sec-fetch-site", "cross-site")], &allowed));
    }
}
