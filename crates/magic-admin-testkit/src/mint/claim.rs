use serde_json::Value;

/// The white space in a claim.
///
/// The signature covers it, so an SDK that serialises the claim again before recovering the signer
/// rejects every layout except the compact one.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::{Layout, Mint, TestUser};
///
/// let token = Mint::new("client-id").builder(&TestUser::from_seed(1)).layout(Layout::Pretty).build();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// No white space, as in tokens issued by Magic.
    #[default]
    Compact,
    /// A space after each colon and comma.
    Spaced,
    /// One line per member, indented.
    Pretty,
}

/// The members of a claim, in order. Values are raw JSON, so they can contain any number and any
/// escape.
#[derive(Clone)]
pub(super) struct Members {
    members: Vec<(String, String)>,
}

impl Members {
    pub(super) fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Replaces the first member with this name in place, or appends a new one.
    pub(super) fn set(&mut self, name: &str, json: impl Into<String>) {
        match self.members.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = json.into(),
            None => self.append(name, json),
        }
    }

    pub(super) fn set_value(&mut self, name: &str, value: impl Into<Value>) {
        self.set(name, value.into().to_string());
    }

    pub(super) fn append(&mut self, name: &str, json: impl Into<String>) {
        self.members.push((name.to_owned(), json.into()));
    }

    /// Removes every member with this name.
    pub(super) fn remove(&mut self, name: &str) {
        self.members.retain(|(known, _)| known != name);
    }

    pub(super) fn render(&self, layout: Layout) -> String {
        let (open, colon, comma, close) = match layout {
            Layout::Compact => ("{", ":", ",", "}"),
            Layout::Spaced => ("{", ": ", ", ", "}"),
            Layout::Pretty => ("{\n  ", ": ", ",\n  ", "\n}"),
        };
        let member =
            |(name, json): &(String, String)| [&quoted(name), colon, json.as_str()].concat();
        let members: Vec<String> = self.members.iter().map(member).collect();
        [open, &members.join(comma), close].concat()
    }
}

/// Formats the text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_order_and_raw_values() {
        let mut members = Members::new();
        members.set_value("a", json!({"b": [null, "é\n"]}));
        members.set("c", "1.0e400");
        members.append("a", "\"\\ud800\"");
        members.set("a", "1");
        assert_eq!(members.render(Layout::Compact), r#"{"a":1,"c":1.0e400,"a":"\ud800"}"#);
        members.remove("a");
        assert_eq!(members.render(Layout::Spaced), r#"{"c": 1.0e400}"#);
        members.set("q\"", "2");
        assert_eq!(members.render(Layout::Pretty), "{\n  \"c\": 1.0e400,\n  \"q\\\"\": 2\n}");
    }
}
