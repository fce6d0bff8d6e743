use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use reqwest::Url;

/// The base URL of a server: `https://`, or `http://` on this machine, with an optional path
/// prefix.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

/// Error returned when a string is not a usable base URL. Does not contain the string, which may
/// include a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseUrlError {
    #[error("it is not an absolute URL, such as https://api.example.com")]
    Unreadable,
    #[error("its scheme is neither https nor http")]
    Scheme,
    #[error("it contains a user name or a password")]
    Credentials,
    #[error("it has a query or a fragment")]
    Query,
    #[cfg(feature = "gating")]
    #[error("it has a fragment")]
    Fragment,
    #[error(
        "plain http would expose keys on the network: use https, or a loopback host (localhost, 127.0.0.1, [::1])"
    )]
    PlainHttp,
}

impl BaseUrl {
    /// Parses a base URL. `allow_plain_http` permits `http://` to other machines.
    pub(crate) fn parse(text: &str, allow_plain_http: bool) -> Result<Self, BaseUrlError> {
        let mut url = checked(text, allow_plain_http)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Parses the URL of a single endpoint, which is used exactly as written, because the path or
    /// the query often contains a key.
    #[cfg(feature = "gating")]
    pub(crate) fn parse_endpoint(text: &str, allow_plain_http: bool) -> Result<Self, BaseUrlError> {
        let url = checked(text, allow_plain_http)?;
        if url.fragment().is_some() { Err(BaseUrlError::Fragment) } else { Ok(Self(url)) }
    }

    /// Returns `true` if the connection uses TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Appends `path` and a form-encoded query to this URL. If the path is empty, returns the URL
    /// unchanged.
    pub(super) fn join(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        if path.is_empty() {
            return url;
        }
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// Shows only the origin, because the path or the query of an RPC endpoint often contains a key.
impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// Parses a URL and runs the checks that apply to every URL.
fn checked(text: &str, allow_plain_http: bool) -> Result<Url, BaseUrlError> {
    let url = Url::parse(text).map_err(|_| BaseUrlError::Unreadable)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(BaseUrlError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlError::Credentials);
    }
    if url.scheme() == "http" && !allow_plain_http && !is_loopback(&url) {
        return Err(BaseUrlError::PlainHttp);
    }
    Ok(url)
}

/// Returns `true` if the host is a loopback address or `localhost`, without consulting a resolver.
/// `Url` has already normalised IPv4 addresses and put IPv6 addresses in brackets.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6
            .and_then(|host| host.parse::<Ipv6Addr>().ok())
            .is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_https_and_http_on_loopback() {
        for text in [
            "https://api.toaster.magic.link",
            "https://proxy.example:8443/magic/",
            "http://localhost:8080",
            "http://LOCALHOST",
            "http://127.0.0.1:1",
            "http://127.3.2.1/",
            "http://[::1]:8080",
        ] {
            assert!(BaseUrl::parse(text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn rejects_unsafe_base_urls() {
        for (text, error) in [
            ("", BaseUrlError::Unreadable),
            ("api.magic.link", BaseUrlError::Unreadable),
            ("https://", BaseUrlError::Unreadable),
            ("ftp://api.magic.link", BaseUrlError::Scheme),
            ("https://user@api.magic.link", BaseUrlError::Credentials),
            ("https://:pass@api.magic.link", BaseUrlError::Credentials),
            ("https://api.magic.link/?a=b", BaseUrlError::Query),
            ("https://api.magic.link/#a", BaseUrlError::Query),
            ("http://api.magic.link", BaseUrlError::PlainHttp),
            ("http://localhost.example.com", BaseUrlError::PlainHttp),
            ("http://127.0.0.1.example.com", BaseUrlError::PlainHttp),
            ("http://128.0.0.1", BaseUrlError::PlainHttp),
            ("http://0.0.0.0", BaseUrlError::PlainHttp),
            ("http://[::2]", BaseUrlError::PlainHttp),
        ] {
            assert_eq!(BaseUrl::parse(text, false), Err(error), "{text}");
        }
        assert!(BaseUrl::parse("http://emulator.internal", true).is_ok());
    }

    #[cfg(feature = "gating")]
    #[test]
    fn endpoints_are_exact_and_redacted() {
        for text in [
            "https://rpc.example/v2/k3y",
            "https://rpc.example/v2/k3y/",
            "https://rpc.example/?apikey=k3y&x=%20",
            "http://127.0.0.1:8545/k3y",
        ] {
            let endpoint = BaseUrl::parse_endpoint(text, false).unwrap();
            assert_eq!(endpoint.join("", &[]).as_str(), text);
            assert!(!format!("{endpoint:?}").contains("k3y"), "{endpoint:?}");
        }
        for (text, error) in [
            ("rpc.example/k3y", BaseUrlError::Unreadable),
            ("wss://rpc.example/k3y", BaseUrlError::Scheme),
            ("https://user:k3y@rpc.example", BaseUrlError::Credentials),
            ("https://rpc.example/#k3y", BaseUrlError::Fragment),
            ("http://rpc.example/k3y", BaseUrlError::PlainHttp),
        ] {
            assert_eq!(BaseUrl::parse_endpoint(text, false), Err(error), "{text}");
            assert!(!error.to_string().contains("k3y"));
        }
    }

    #[test]
    fn joins_the_path_and_encodes_the_query() {
        for (base, expected) in [
            ("https://a.example", "https://a.example/v1/x?type=email&value=a%2Bb%40c.example%26d"),
            ("https://a.example/", "https://a.example/v1/x?type=email&value=a%2Bb%40c.example%26d"),
            (
                "https://a.example/p/",
                "https://a.example/p/v1/x?type=email&value=a%2Bb%40c.example%26d",
            ),
        ] {
            let base = BaseUrl::parse(base, false).unwrap();
            let query = [("type", "email".to_owned()), ("value", "a+b@c.example&d".to_owned())];
            assert_eq!(base.join("/v1/x", &query).as_str(), expected);
            assert!(base.join("/v1/x", &[]).query().is_none());
        }
    }
}
