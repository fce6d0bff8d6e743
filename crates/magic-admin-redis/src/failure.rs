use magic_admin::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};

/// Converts an error of the Redis client into a [`StoreError`].
pub(crate) fn failed(error: RedisError) -> StoreError {
    match error.kind() {
        // The client files codes that it does not know under `Extension`, `NOREPLICAS` and `OOM` included.
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

/// Returns `true` if the error has this code. That of a pipeline has its codes only in its text.
fn has_code(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code) || error.to_string().contains(&format!("\"{code}\""))
}
