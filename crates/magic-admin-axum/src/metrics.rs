//! Counters of rejections and logouts, reported through the `metrics` facade.
//!
//! They come on top of the metrics of the core, which the module [`magic_admin::metrics`] lists:
//!
//! | metric | labels | |
//! |---|---|---|
//! | `magic_rejections_total` | `code` | requests answered with an [`AuthRejection`](crate::AuthRejection) |
//! | `magic_logouts_total` | `result`: `ok`, the code of the rejection, or `application` | requests to the logout route |
//!
//! A logout is `ok` once the user is logged out here and at Magic, whatever the clean-up of the
//! application answers. It is `application` if the application answered instead of naming the user
//! on record. A rejected logout also counts as a rejection.
//!
//! ```
//! use axum::{Router, routing::get};
//! use magic_admin_axum::metrics::{describe, set_gauges};
//!
//! fn routes(render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
//!     describe();
//!     Router::new().route("/metrics", get(|| async move {
//!         set_gauges();
//!         render()
//!     }))
//! }
//! ```

#[cfg(feature = "metrics")]
pub use magic_admin::metrics::set_gauges;

/// Describes these metrics and those of the core to the recorder that is in place, and makes the hot
/// path cheap.
///
/// Call it once, right after installing the recorder, instead of [`magic_admin::metrics::describe`].
#[cfg(feature = "metrics")]
pub fn describe() {
    use metrics::describe_counter;

    magic_admin::metrics::describe();
    describe_counter!("magic_rejections_total", "Rejected requests by code");
    #[cfg(feature = "online")]
    describe_counter!("magic_logouts_total", "Requests to the logout route by result");
}

/// A request was rejected.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn rejected(code: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("magic_rejections_total", "code" => code).increment(1);
}

/// A request to the logout route was answered.
#[cfg(feature = "online")]
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn logout(result: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("magic_logouts_total", "result" => result).increment(1);
}
