//! The lag of the list behind Redis, reported through the `metrics` facade.
//!
//! This metric is reported in addition to those of the core, which are listed in
//! [`magic_admin::metrics`]:
//!
//! | metric | |
//! |---|---|
//! | `magic_revocations_lag_seconds` | seconds since the list last contained everything in Redis |
//!
//! The background task that follows Redis updates it with every poll, about once a second. If that
//! task does not run, the value stays the same. Alert on `magic_revocations_in_sync` of the core as
//! well, which drops to 0 at the staleness bound in any case.

/// Describes the metric to the installed recorder. Call it once, right after installing the
/// recorder.
///
/// # Examples
///
/// ```
/// magic_admin::metrics::describe();
/// magic_admin_redis::metrics::describe();
/// ```
#[cfg(feature = "metrics")]
pub fn describe() {
    metrics::describe_gauge!(
        "magic_revocations_lag_seconds",
        "Seconds since the revocation list last contained everything in Redis"
    );
}

/// Records how long ago the list last contained everything in Redis.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn lags_by(lag: std::time::Duration) {
    #[cfg(feature = "metrics")]
    metrics::gauge!("magic_revocations_lag_seconds").set(lag);
}
