use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Parses untrusted JSON. Returns `None` if it is not JSON or is nested too deeply.
///
/// If the feature `raw_value` is enabled, the `Deserialize` implementation of `Value` gives one
/// object key a special meaning: the string under that key is parsed again, with a fresh recursion
/// limit. A few kilobytes then suffice to overflow the stack. Here no key restarts the parser, so a
/// single recursion limit applies to the whole input.
pub(crate) fn parse_json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Json>(bytes).ok().map(|json| json.0)
}

struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Json(member))) = members.next_entry::<String, Json>()? {
            object.insert(name, member);
        }
        Ok(number(&object).map_or_else(|| object.into(), Value::Number))
    }
}

/// Converts a number that the parser represents as an object. It does so if the feature
/// `arbitrary_precision` is enabled, which any crate in the dependency graph can do.
fn number(object: &Map<String, Value>) -> Option<Number> {
    let digits = object.get(NUMBER)?.as_str()?;
    digits.parse().ok().filter(|_| object.len() == 1)
}

const NUMBER: &str = "$serde_json::private::Number";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn agrees_with_serde_json() {
        for value in [
            json!(null),
            json!(true),
            json!(-1),
            json!(18_446_744_073_709_551_615_u64),
            json!(1.5),
            json!("text"),
            json!([1, ["two", {"three": null}]]),
            json!({"data": {"wallets": []}, "é": "\u{1f600}"}),
        ] {
            assert_eq!(parse_json(value.to_string().as_bytes()), Some(value));
        }
        for text in ["", "{", "[1,]", "nul", "\"\\ud800\"", "1 2"] {
            assert_eq!(parse_json(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn handles_arbitrary_precision() {
        let read = |text: &str| parse_json(text.as_bytes()).unwrap();
        assert_eq!(read(r#"[{"$serde_json::private::Number": "1.5"}]"#), json!([1.5]));
        for other in [
            json!({NUMBER: "one"}),
            json!({NUMBER: ""}),
            json!({NUMBER: null}),
            json!({NUMBER: "1", "more": 2}),
        ] {
            assert_eq!(read(&other.to_string()), other);
        }
    }

    /// With the `Deserialize` implementation of `Value`, this overflows the stack.
    #[test]
    fn one_depth_limit_covers_the_whole_input() {
        let mut text = "null".to_owned();
        for _ in 0..16 {
            let quoted = Value::String(text).to_string();
            let object = format!("{{\"$serde_json::private::RawValue\":{quoted}}}");
            text = format!("{}{object}{}", "[".repeat(120), "]".repeat(120));
        }
        let parsed = parse_json(text.as_bytes()).expect("it is JSON of 121 levels");
        assert!(parsed.to_string().contains("private::RawValue"));
        assert_eq!(parse_json("[".repeat(200).as_bytes()), None);
    }
}
