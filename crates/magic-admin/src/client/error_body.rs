use serde_json::{Map, Value, json};

/// The code and message from the body of an error, not yet scrubbed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

impl ErrorBody {
    /// Reads every known error format of Magic and of the proxies in front of it:
    ///
    /// - `{"error_code", "message"}`, in the envelope of the legacy host or alone;
    /// - FastAPI's `{"detail": [{"type", "loc", "msg", "input"}]}` and `{"detail": "…"}`;
    /// - `{"error": {"code", "message"}}` and `{"error": "…"}`.
    ///
    /// `input`, which repeats the request, is not read.
    pub(super) fn read(body: &Value) -> Self {
        let Some(body) = body.as_object() else {
            return Self { code: None, message: words(Some(body)) };
        };
        let error = body.get("error");
        let nested = error.and_then(Value::as_object);
        let code = words(body.get("error_code"))
            .or_else(|| words(nested?.get("code")))
            .or_else(|| words(body.get("code")));
        let message = words(body.get("message"))
            .or_else(|| words(nested?.get("message")))
            .or_else(|| words(error))
            .or_else(|| detail(body));
        Self { code, message }
    }

    /// Returns `true` if the body has an `error_code`, like all of Magic's own errors. Proxies and
    /// web frameworks use other names.
    pub(super) fn is_magics_own(body: &Value) -> bool {
        let code = body.get("error_code").and_then(Value::as_str);
        code.is_some_and(|code| !code.trim().is_empty())
    }

    /// Returns `true` if the body reports a failure, whatever the HTTP status: a `status` other
    /// than `"ok"`, a non-empty `error_code`, or an `error`.
    pub(super) fn is_told(body: &Map<String, Value>) -> bool {
        body.get("status").is_some_and(|status| status != "ok")
            || words(body.get("error_code")).is_some()
            || body
                .get("error")
                .is_some_and(|error| ![json!(null), json!(""), json!(false)].contains(error))
    }
}

/// Returns a non-empty string or a number as a string.
fn words(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns FastAPI's validation errors as one string: `body.issuer: Field required; …`.
fn detail(body: &Map<String, Value>) -> Option<String> {
    let detail = body.get("detail")?;
    let Some(faults) = detail.as_array() else {
        return words(Some(detail)).or_else(|| words(detail.get("message").or(detail.get("msg"))));
    };
    let faults: Vec<_> = faults.iter().filter_map(fault).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

fn fault(fault: &Value) -> Option<String> {
    let message = words(fault.get("msg")).or_else(|| words(Some(fault)))?;
    let steps = fault.get("loc").and_then(Value::as_array).into_iter().flatten();
    let place: Vec<_> = steps.filter_map(|step| words(Some(step))).collect();
    Some(if place.is_empty() { message } else { format!("{}: {message}", place.join(".")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_known_shape() {
        for (body, code, message) in [
            (
                json!({"data": {}, "error_code": "MISSING_REQUIRED_FIELDS", "message": "no issuer", "status": "failed"}),
                Some("MISSING_REQUIRED_FIELDS"),
                Some("no issuer"),
            ),
            (json!({"error_code": "X", "message": "y"}), Some("X"), Some("y")),
            (
                json!({"detail": [
                    {"type": "missing", "loc": ["body", "issuer"], "msg": "Field required", "input": {"secret": 1}},
                    {"type": "x", "loc": ["body", "issuers", 0], "msg": "bad"},
                ]}),
                None,
                Some("body.issuer: Field required; body.issuers.0: bad"),
            ),
            (json!({"detail": "Not Found"}), None, Some("Not Found")),
            (
                json!({"error": {"code": "FORBIDDEN", "message": "no"}}),
                Some("FORBIDDEN"),
                Some("no"),
            ),
            (json!({"error": {"code": 7}}), Some("7"), None),
            (json!({"error": "down"}), None, Some("down")),
            (json!("text"), None, Some("text")),
            (json!({"error_code": "", "message": " ", "detail": []}), None, None),
            (json!({"message": {}, "error": [], "detail": [1.5, null]}), None, Some("1.5")),
            (json!([]), None, None),
            (json!(null), None, None),
        ] {
            let expected =
                ErrorBody { code: code.map(Into::into), message: message.map(Into::into) };
            assert_eq!(ErrorBody::read(&body), expected, "{body}");
        }
    }
}
