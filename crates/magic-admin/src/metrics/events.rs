//! What the rooms report when it happens.

use metrics::counter;

/// A token left the cache.
pub(crate) fn evicted() {
    counter!("magic_cache_evictions_total").increment(1);
}

/// A token was rejected before its verifier could count it.
#[cfg(feature = "online")]
pub(crate) fn not_verified(code: &'static str) {
    counter!("magic_verifications_total", "result" => code).increment(1);
}

/// A fetch of the client id ended.
#[cfg(feature = "online")]
pub(crate) fn client_id_fetched(result: &'static str) {
    counter!("magic_client_id_fetches_total", "result" => result).increment(1);
}

/// An HTTP request to the Admin API ended, the first of its call or a retry.
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

/// The client's own budget held a call back.
#[cfg(feature = "online")]
pub(crate) fn api_request_held_back(operation: &'static str) {
    counter!("magic_api_requests_total", "operation" => operation, "status" => "budget")
        .increment(1);
}

/// A chain was asked whether a user owns a token.
#[cfg(feature = "gating")]
pub(crate) fn ownership_checked(standard: &'static str, result: &'static str) {
    counter!("magic_gating_checks_total", "standard" => standard, "result" => result).increment(1);
}
