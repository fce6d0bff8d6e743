//! Counters of rejections and logouts, reported through the `metrics` facade.
//!
//! They complement the metrics of `magic-admin`, which are listed in [`magic_admin::metrics`]:
//!
//! | metric | labels | |
//! |---|---|---|
//! | `magic_rejections_total` | `code` | requests answered with an [`AuthRejection`](crate::AuthRejection) |
//! | `magic_logouts_total` | `result`: `ok`, the code of the rejection, or `application` | requests to the logout route |
//!
//! A logout counts as `ok` once the user is logged out of the application and of Magic, even if the
//! application's clean-up fails. It counts as `application` if the application responded itself
//! instead of returning the user on record. A rejected logout also counts as a rejection.

#[cfg(feature = "metrics")]
pub use magic_admin::metrics::set_gauges;

/// Registers descriptions of these metrics and of the metrics of `magic-admin` with the current
/// recorder, and caches the handles used on the hot path.
///
/// Call it once, right after installing the recorder, instead of [`magic_admin::metrics::describe`].
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use magic_admin_axum::metrics::{describe, set_gauges};
///
/// fn routes(render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
///     describe();
///     Router::new().route("/metrics", get(|| async move {
///         set_gauges();
///         render()
///     }))
/// }
/// ```
#[cfg(feature = "metrics")]
pub fn describe() {
    use metrics::describe_counter;

    magic_admin::metrics::describe();
    describe_counter!("magic_rejections_total", "Rejected requests by code");
    #[cfg(feature = "online")]
    describe_counter!("magic_logouts_total", "Requests to the logout route by result");
}

/// Counts a rejected request.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn rejected(code: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("magic_rejections_total", "code" => code).increment(1);
}

/// Counts a request to the logout route.
#[cfg(feature = "online")]
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn logout(result: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("magic_logouts_total", "result" => result).increment(1);
}
