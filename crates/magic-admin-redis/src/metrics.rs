//! The lag of the list behind Redis, reported through the `metrics` facade.
//!
//! It comes on top of the metrics of the core, which the module [`magic_admin::metrics`] lists:
//!
//! | metric | |
//! |---|---|
//! | `magic_revocations_lag_seconds` | seconds since the list last held everything that was in Redis |
//!
//! The background task that follows Redis sets it with every poll, about once a second. Should that
//! task not run, it stands still; `magic_revocations_in_sync` of the core does not, and falls to 0
//! at the staleness bound.
//!
//! ```
//! // Once, right after installing the recorder.
//! magic_admin::metrics::describe();
//! magic_admin_redis::metrics::describe();
//! ```

/// Describes the metric to the recorder that is in place. Call it once, right after installing the
/// recorder.
#[cfg(feature = "metrics")]
pub fn describe() {
    metrics::describe_gauge!(
        "magic_revocations_lag_seconds",
        "Seconds since the revocation list last held everything that was in Redis"
    );
}

/// The list held everything this long ago.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn lags_by(lag: std::time::Duration) {
    #[cfg(feature = "metrics")]
    metrics::gauge!("magic_revocations_lag_seconds").set(lag);
}
