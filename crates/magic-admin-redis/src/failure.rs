use magic_admin::{StoreError, StoreErrorKind};
use redis::RedisError;

/// Turns an error of Redis into one of the store.
pub(crate) fn failed(error: RedisError) -> StoreError {
    match error.code() {
        None => StoreError::new(StoreErrorKind::Unreachable, "Redis did not answer"),
        Some("OOM") => StoreError::new(StoreErrorKind::Full, "Redis has no memory left"),
        Some(_) => StoreError::new(StoreErrorKind::Refused, "Redis rejected a command"),
    }
    .with_source(error)
}
