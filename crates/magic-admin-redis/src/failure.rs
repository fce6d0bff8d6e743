use magic_admin::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};

/// Turns an error of Redis into one of the store.
pub(crate) fn failed(error: RedisError) -> StoreError {
    match error.kind() {
        // Codes that the client does not know are extensions to it, `NOREPLICAS` and `OOM` among them.
        ErrorKind::Extension | ErrorKind::Server(_) if has_code(&error, "OOM") => {
            StoreError::new(StoreErrorKind::Full, "Redis has no memory left")
        }
        ErrorKind::Extension | ErrorKind::Server(_) => {
            StoreError::new(StoreErrorKind::Refused, "Redis rejected a command")
        }
        _ => StoreError::new(StoreErrorKind::Unreachable, "Redis did not answer"),
    }
    .with_source(error)
}

/// The error of a pipeline tells its codes in its text only.
fn has_code(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code) || error.to_string().contains(&format!("\"{code}\""))
}
