use http::StatusCode;
use serde_json::{Map, Value};

use super::{ApiError, ApiErrorKind, endpoint::Route, json, refusal::Refusal, scrub::Scrubber};
use crate::transport::{Body, Response};

/// Turns an answer into the data in it, or into the error that it is.
///
/// The status decides first, then the shape: a success can still say that it failed.
pub(super) struct Reader<'a> {
    pub(super) route: Route,
    pub(super) scrubber: Scrubber<'a>,
}

impl Reader<'_> {
    /// The data of a success: the answer itself, or what its envelope holds.
    pub(super) fn data(&self, response: &Response) -> Result<Value, ApiError> {
        let body = self.json(response)?;
        match body {
            Value::Object(body) if Refusal::is_told(&body) => {
                Err(self.refused(response, ApiErrorKind::Api, &Value::Object(body)))
            }
            Value::Object(mut body) if is_envelope(&body) => {
                Ok(body.remove("data").unwrap_or_default())
            }
            Value::Object(_) | Value::Array(_) => Ok(body),
            _ => Err(self.unreadable(response, "the answer is neither an object nor a list")),
        }
    }

    /// The data of a success, of which an object with something in it is expected.
    pub(super) fn object(&self, response: &Response) -> Result<Map<String, Value>, ApiError> {
        match self.data(response)? {
            Value::Object(data) if !data.is_empty() => Ok(data),
            _ => Err(self.unreadable(response, "the answer holds no data")),
        }
    }

    /// A success without data: said in JSON, or by 204, which can have no body. An empty 200 says
    /// nothing, so it is not taken for a success.
    pub(super) fn done(&self, response: &Response) -> Result<(), ApiError> {
        if response.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        self.data(response).map(drop)
    }

    /// An error that finds fault with a success.
    pub(super) fn unreadable(&self, response: &Response, why: &str) -> ApiError {
        ApiError::new(ApiErrorKind::Api, self.route.clone(), why)
            .with_status(response.status)
            .with_retry_after(response.retry_after)
    }

    /// The JSON of a success; everything else is an error.
    fn json(&self, response: &Response) -> Result<Value, ApiError> {
        let parsed = match &response.body {
            Body::Complete(body) => json::parse(body),
            Body::TooLarge => None,
        };
        if response.status.is_success() {
            return parsed.ok_or_else(|| self.unreadable(response, &describe(response)));
        }
        let kind = ApiErrorKind::of_status(response.status);
        Err(match parsed {
            _ if response.status.is_redirection() => self.unreadable(response, REDIRECT),
            Some(body) => self.refused(response, kind, &body),
            None => self.error(response, kind, describe(response)),
        })
    }

    fn refused(&self, response: &Response, kind: ApiErrorKind, body: &Value) -> ApiError {
        let refusal = Refusal::read(body);
        let message = refusal.message.map(|message| self.scrubber.text(&message));
        let message = message.filter(|message| !message.is_empty());
        self.error(response, kind, message.unwrap_or_else(|| "Magic gives no reason".to_owned()))
            .with_error_code(refusal.code.and_then(|code| self.scrubber.code(&code)))
    }

    fn error(&self, response: &Response, kind: ApiErrorKind, message: String) -> ApiError {
        ApiError::new(kind, self.route.clone(), message)
            .with_status(response.status)
            .with_retry_after(response.retry_after)
    }
}

/// The envelope of the legacy host: `{"data", "error_code", "message", "status"}`. Told by `data`
/// together with another of them, or alone; a user's own fields never look like this.
fn is_envelope(body: &Map<String, Value>) -> bool {
    body.contains_key("data")
        && (body.len() == 1 || body.contains_key("status") || body.contains_key("error_code"))
}

/// What a body is that is not JSON. It is not quoted: a proxy's page says little, and could repeat
/// what was sent.
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
