use serde_json::{Value, json};

use super::endpoint::Generation;

/// A response of the API, with status and JSON body.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Reply {
    /// Creates a 200 response with this data, in the format of the generation.
    pub(super) fn ok(generation: Generation, data: Value) -> Self {
        let body = match generation {
            Generation::Current => data,
            Generation::Legacy => {
                json!({"data": data, "error_code": "", "message": "", "status": "ok"})
            }
        };
        Self { status: 200, body }
    }

    /// Creates an error response with this code, in the format of the generation.
    pub(super) fn error(generation: Generation, status: u16, code: &str, message: &str) -> Self {
        let body = match generation {
            Generation::Current => json!({"error_code": code, "message": message}),
            Generation::Legacy => {
                json!({"data": {}, "error_code": code, "message": message, "status": "failed"})
            }
        };
        Self { status, body }
    }

    /// Creates a response of FastAPI itself (404 or 405).
    pub(super) fn detail(status: u16, text: &str) -> Self {
        Self { status, body: json!({"detail": text}) }
    }

    /// Creates FastAPI's 422 response for a value of the wrong type at the given location.
    pub(super) fn unprocessable(kind: &str, place: &[&str], message: &str, input: &Value) -> Self {
        let problem = json!({"type": kind, "loc": place, "msg": message, "input": input});
        Self { status: 422, body: json!({"detail": [problem]}) }
    }

    /// Creates the response to a fault that specifies only a status.
    pub(super) fn of_status(generation: Generation, status: u16) -> Self {
        let (code, message) = match status {
            200..=299 => return Self { status, ..Self::ok(generation, json!({})) },
            400 => ("BAD_REQUEST", "The request is not valid."),
            401 => ("UNAUTHORIZED", "The secret key is not valid."),
            403 => ("FORBIDDEN", "The secret key may not do this."),
            422 => {
                let place = ["body", "issuer"];
                return Self::unprocessable("value_error", &place, "Value error", &Value::Null);
            }
            429 => ("RATE_LIMITED", "Too many requests."),
            _ => ("TESTKIT_FAULT", "The fake Admin API was told to fail."),
        };
        Self::error(generation, status, code, message)
    }
}
