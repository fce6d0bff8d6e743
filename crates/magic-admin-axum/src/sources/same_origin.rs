use http::{
    Uri,
    header::{HOST, ORIGIN},
    request::Parts,
};

/// Returns `true` if a browser says that its own page sent the request, and not one of another
/// site: by `Sec-Fetch-Site`, or by `Origin` in browsers that do not send it.
pub(crate) fn is_same_origin(parts: &Parts) -> bool {
    match parts.headers.get("sec-fetch-site") {
        Some(site) => *site == "same-origin" || *site == "none",
        None => origin_is_host(parts).unwrap_or(false),
    }
}

fn origin_is_host(parts: &Parts) -> Option<bool> {
    let origin: Uri = parts.headers.get(ORIGIN)?.to_str().ok()?.parse().ok()?;
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority)?;
    Some(origin.authority()?.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn is_same_origin_with(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::post("/v1/user/logout");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_same_origin(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn sec_fetch_site_decides_where_it_is_sent() {
        for (site, expected) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            let headers = [
                ("sec-fetch-site", site),
                ("host", "shop.example"),
                ("origin", "https://shop.example"),
            ];
            assert_eq!(is_same_origin_with(&headers), expected, "{site}");
        }
    }

    #[test]
    fn without_it_the_origin_has_to_be_the_host() {
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
            assert_eq!(is_same_origin_with(&headers), expected, "{origin}");
        }
        assert!(!is_same_origin_with(&[("host", "shop.example")]));
        assert!(!is_same_origin_with(&[("origin", "https://shop.example")]));
    }
}
