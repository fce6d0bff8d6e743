use std::fmt;

use magic_admin::admin::UserList;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{failure::Failure, output::Output, text::printable};

/// An object from Magic. It is serialised unchanged, and displayed as one field per line.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, value)) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            let value = match value {
                Value::Null => "-".to_owned(),
                Value::String(text) => printable(text),
                other => printable(&other.to_string()),
            };
            write!(f, "{:<15} {value}", printable(name))?;
        }
        Ok(())
    }
}

/// Prints a response that contains users and whose shape is not documented. With `--json`, prints it as Magic
/// sent it; otherwise, prints the users found in it.
pub(super) fn print_list(users: &UserList, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return match users.raw() {
            Value::Array(elements) => elements.iter().try_for_each(|element| output.json(element)),
            raw => output.json(raw),
        };
    }
    for (number, user) in users.users().iter().enumerate() {
        if number > 0 {
            output.text(&"")?;
        }
        output.text(&Fields(user.raw()))?;
    }
    Ok(())
}
