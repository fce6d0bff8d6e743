use magic_admin::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};

/// Converts an error of the Redis client into a [`StoreError`].
pub(crate) fn failed(error: RedisError) -> StoreError {
    match error.kind() {
        // The client reports error codes that it does not know, such as `NOREPLICAS` and `OOM`, as
        // `Extension`.
        ErrorKind::Extension | ErrorKind::Server(_) if has_code(&error, "OOM") => {
            StoreError::new(StoreErrorKind::Full, "Redis is out of memory")
        }
        ErrorKind::Extension | ErrorKind::Server(_) => {
            StoreError::new(StoreErrorKind::Refused, "Redis rejected a command")
        }
        _ => StoreError::new(StoreErrorKind::Unreachable, "Redis did not respond"),
    }
    .with_source(error)
}

/// Returns `true` if the error has this code. The error of a pipeline contains the codes only in
/// its message.
fn has_code(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code) || error.to_string().contains(&format!("\"{code}\""))
}
