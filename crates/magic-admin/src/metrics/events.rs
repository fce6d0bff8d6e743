//! Counters and durations that other modules report as events happen.

use metrics::counter;

/// Records that a token was removed from the cache.
pub(crate) fn evicted() {
    counter!("magic_cache_evictions_total").increment(1);
}

/// Records that a token was rejected before its verifier could count it.
#[cfg(feature = "online")]
pub(crate) fn not_verified(code: &'static str) {
    counter!("magic_verifications_total", "result" => code).increment(1);
}

/// Records the result of a fetch of the client ID.
#[cfg(feature = "online")]
pub(crate) fn client_id_fetched(result: &'static str) {
    counter!("magic_client_id_fetches_total", "result" => result).increment(1);
}

/// Records an HTTP request to the Admin API, either the first attempt of a call or a retry.
#[cfg(feature = "online")]
pub(crate) fn api_request(
    operation: &'static str,
    attempt: u32,
    status: &str,
    duration: std::time::Duration,
) {
    let status = status.to_owned();
    counter!("magic_api_requests_total", "operation" => operation, "status" => status).increment(1);
    if attempt > 1 {
        counter!("magic_api_retries_total", "operation" => operation).increment(1);
    }
    metrics::histogram!("magic_api_seconds", "operation" => operation).record(duration);
}

/// Records that the client's own budget held a call back.
#[cfg(feature = "online")]
pub(crate) fn api_request_held_back(operation: &'static str) {
    counter!("magic_api_requests_total", "operation" => operation, "status" => "budget")
        .increment(1);
}

/// Records the result of an ownership check.
#[cfg(feature = "gating")]
pub(crate) fn ownership_checked(standard: &'static str, result: &'static str) {
    counter!("magic_gating_checks_total", "standard" => standard, "result" => result).increment(1);
}
