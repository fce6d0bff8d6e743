/// A file of the relayer's page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
}

impl Page {
    /// Returns the file at this path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let (content_type, body) = match path {
            "/send" => (HTML, include_str!("page/send.html")),
            "/relayer/page.css" => ("text/css; charset=utf-8", include_str!("page/page.css")),
            "/relayer/icon.svg" => ("image/svg+xml", include_str!("page/icon.svg")),
            "/relayer/page.js" => ("text/javascript; charset=utf-8", include_str!("page/page.js")),
            _ => return None,
        };
        Some(Self { content_type, body })
    }

    /// The response to a magic link.
    pub(crate) const CONFIRMED: Self =
        Self { content_type: HTML, body: include_str!("page/confirmed.html") };

    /// The Content-Security-Policy, which blocks everything from other origins. It has no
    /// `frame-ancestors`, so every application can frame the page.
    pub(crate) const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
        style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";
}

/// The path for requests from the page.
pub(crate) const ANSWER_PATH: &str = "/relayer";

/// The path of magic links.
pub(crate) const CONFIRM_PATH: &str = "/relayer/confirm";

const HTML: &str = "text/html; charset=utf-8";
