use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

/// The body of a refusal: an [RFC 9457] problem with the stable code as extension member.
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Serialize)]
pub(crate) struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
}

impl Problem {
    pub(crate) const CONTENT_TYPE: &'static str = "application/problem+json";

    pub(crate) fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            r#type: "about:blank",
            // With `about:blank` the title is the status phrase (RFC 9457, 4.2.1).
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail,
            code,
        }
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        // Strings and a number always serialise; were it otherwise, the status says enough.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}
