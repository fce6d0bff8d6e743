use std::{fmt, fs, path::Path};

use magic_admin_testkit::FakeUser;
use serde_json::Deserializer;

use crate::failure::Failure;

/// Reads the users of the emulator from a file.
pub(super) fn read(file: &Path) -> Result<Vec<FakeUser>, Failure> {
    let text = fs::read_to_string(file).map_err(|error| unusable(file, &error))?;
    parse(&text).map_err(|problem| unusable(file, &problem))
}

/// Parses the users. An error contains the path of the field, such as `[1].key_seed`, and its line and
/// column.
fn parse(text: &str) -> Result<Vec<FakeUser>, String> {
    let mut json = Deserializer::from_str(text);
    let users = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        match path.as_str() {
            "." => error.inner().to_string(),
            _ => format!("{path}: {}", error.inner()),
        }
    })?;
    json.end().map_err(|error| error.to_string())?;
    Ok(users)
}

fn unusable(file: &Path, problem: &dyn fmt::Display) -> Failure {
    let file = file.display();
    Failure::configuration(format!(
        "the users file {file}: {problem}; for an example, see `magic-admin emulator --help`"
    ))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn problem(text: &str) -> String {
        parse(text).map(|users| users.len()).unwrap_err()
    }

    #[test]
    fn an_error_names_field_and_line() {
        let error = problem("[{\"key_seed\": 1},\n {\"key_seed\": \"two\"}]");
        assert!(error.starts_with("[1].key_seed: "), "{error}");
        assert!(error.contains("line 2"), "{error}");

        let error = problem("[\n{\"email\": \"a@example.com\"}]");
        assert!(error.contains("line 2") && error.contains("`key_seed`"), "{error}");
        assert!(error.starts_with("[0]: "), "{error}");

        for wrong in ["{}", "[{\"key_seed\": 1}] x", "[{\"key_seed\": 1}", ""] {
            assert!(problem(wrong).contains("line 1"), "{wrong}");
        }
    }
}
