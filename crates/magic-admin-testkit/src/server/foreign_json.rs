use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Parses untrusted JSON from a client. Returns `None` if it is invalid or nested too deeply.
///
/// It is not parsed directly into a `Value`, whose `Deserialize` implementation parses the string
/// under one special key again, with a fresh recursion limit. A few kilobytes could then overflow
/// the stack.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Json>(bytes).ok().map(Value::from)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Json {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => value.into(),
            Json::Unsigned(value) => value.into(),
            Json::Signed(value) => value.into(),
            Json::Float(value) => value.into(),
            Json::Text(value) => value.into(),
            Json::List(list) => list.into_iter().map(Self::from).collect(),
            Json::Object(object) => {
                object.into_iter().map(|(name, value)| (name, Self::from(value))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_key_is_special() {
        let body = json!({"issuers": ["a", null, 1, -1, 1.5, true], "$serde_json::private::RawValue": "[1]"});
        assert_eq!(parse(body.to_string().as_bytes()), Some(body));
        assert_eq!(parse(b"{"), None);
        assert_eq!(parse("[".repeat(200).as_bytes()), None);
    }
}
