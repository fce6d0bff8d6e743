use http::StatusCode;
use serde_json::{Map, Value};

use super::{ApiError, ApiErrorKind, endpoint::Route, error_body::ErrorBody, scrub::Scrubber};
use crate::transport::{Body, Response, parse_json};

/// Turns a response into its data, or into an error.
///
/// The status is checked first, then the shape, because a success status can still report a
/// failure.
pub(super) struct Reader<'a> {
    pub(super) route: Route,
    pub(super) scrubber: Scrubber<'a>,
}

impl Reader<'_> {
    /// Returns the data of a successful response: the body itself, or the content of its envelope.
    pub(super) fn data(&self, response: &Response) -> Result<Value, ApiError> {
        let body = self.json(response)?;
        match body {
            Value::Object(body) if ErrorBody::is_told(&body) => {
                Err(self.failed(response, ApiErrorKind::Api, &Value::Object(body)))
            }
            Value::Object(mut body) if is_envelope(&body) => {
                Ok(body.remove("data").unwrap_or_default())
            }
            Value::Object(_) | Value::Array(_) => Ok(body),
            _ => Err(self.unreadable(response, "the answer is neither an object nor a list")),
        }
    }

    /// Returns the data of a successful response, which must be a non-empty object.
    pub(super) fn object(&self, response: &Response) -> Result<Map<String, Value>, ApiError> {
        match self.data(response)? {
            Value::Object(data) if !data.is_empty() => Ok(data),
            _ => Err(self.unreadable(response, "the answer holds no data")),
        }
    }

    /// Accepts a successful response without data: JSON, or a 204, which cannot have a body. An
    /// empty 200 is an error, because it confirms nothing.
    pub(super) fn done(&self, response: &Response) -> Result<(), ApiError> {
        if response.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        self.data(response).map(drop)
    }

    /// Creates the error for a success status with an unusable body.
    pub(super) fn unreadable(&self, response: &Response, why: &str) -> ApiError {
        ApiError::new(ApiErrorKind::Api, self.route.clone(), why)
            .with_status(response.status)
            .with_retry_after(response.retry_after)
    }

    /// Parses the JSON of a successful response. Any other response is an error.
    fn json(&self, response: &Response) -> Result<Value, ApiError> {
        let parsed = match &response.body {
            Body::Complete(body) => parse_json(body),
            Body::TooLarge => None,
        };
        if response.status.is_success() {
            return parsed.ok_or_else(|| self.unreadable(response, &describe(response)));
        }
        let kind = ApiErrorKind::of_status(response.status);
        Err(match parsed {
            _ if response.status.is_redirection() => self.unreadable(response, REDIRECT),
            Some(body) => self.failed(response, kind, &body),
            None => self.error(response, kind, describe(response)),
        })
    }

    fn failed(&self, response: &Response, kind: ApiErrorKind, body: &Value) -> ApiError {
        let reason = ErrorBody::read(body);
        let message = reason.message.map(|message| self.scrubber.text(&message));
        let message = message.filter(|message| !message.is_empty());
        self.error(response, kind, message.unwrap_or_else(|| "Magic gives no reason".to_owned()))
            .with_error_code(reason.code.and_then(|code| self.scrubber.code(&code)))
            .with_unknown_user(
                response.status == StatusCode::NOT_FOUND && ErrorBody::is_magics_own(body),
            )
    }

    fn error(&self, response: &Response, kind: ApiErrorKind, message: String) -> ApiError {
        ApiError::new(kind, self.route.clone(), message)
            .with_status(response.status)
            .with_retry_after(response.retry_after)
    }
}

/// Returns `true` for the envelope of the legacy host,
/// `{"data", "error_code", "message", "status"}`. It is recognised by `data`, alone or with any of
/// the others; a user object never looks like this.
fn is_envelope(body: &Map<String, Value>) -> bool {
    body.contains_key("data")
        && (body.len() == 1 || body.contains_key("status") || body.contains_key("error_code"))
}

/// Describes a body that is not JSON. The body is not quoted: a proxy's error page is of little
/// use, and could repeat what was sent.
fn describe(response: &Response) -> String {
    match &response.body {
        Body::TooLarge => "the answer is larger than 1 MiB and was not read".to_owned(),
        Body::Complete(body) if body.is_empty() => "the answer is empty".to_owned(),
        Body::Complete(_) => {
            let content_type = response.content_type.as_ref().and_then(|value| value.to_str().ok());
            let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
            let known =
                ["text/html", "text/plain", "application/json", "application/xml", "text/xml"];
            match known.iter().find(|known| media_type.trim().eq_ignore_ascii_case(known)) {
                Some(known) => format!("the answer ({known}) is not JSON; is a proxy in the way?"),
                None => "the answer is not JSON; is a proxy in the way?".to_owned(),
            }
        }
    }
}

const REDIRECT: &str = "the answer is a redirect, which is not followed because the secret key would travel with it: check the base URL";
