use metrics::{describe_counter, describe_gauge, describe_histogram};

use super::handles;

/// Describes the metrics to the installed recorder, and speeds up the hot path.
///
/// Call it once, right after installing the recorder. Otherwise the metrics have no descriptions,
/// and a verification served from the cache takes about 100 ns longer, because it looks its metrics
/// up each time.
///
/// # Examples
///
/// ```
/// magic_admin::metrics::describe();
/// ```
pub fn describe() {
    describe_counter!(
        "magic_verifications_total",
        "Verifications of DID tokens by result: ok, or the code of the rejection"
    );
    describe_histogram!("magic_verify_seconds", "Duration of a verification, by cache hit or miss");
    describe_gauge!("magic_cache_tokens", "Tokens in the verification cache");
    describe_gauge!("magic_cache_bytes", "Memory used by the verification cache, in bytes");
    describe_counter!(
        "magic_cache_evictions_total",
        "Tokens removed from the verification cache because they expired or to make room"
    );
    describe_gauge!("magic_revocations_entries", "Entries in the revocation list");
    describe_gauge!(
        "magic_revocations_in_sync",
        "1 while the revocation list is in sync, 0 while it rejects every token"
    );
    #[cfg(feature = "online")]
    describe_online();
    #[cfg(feature = "gating")]
    describe_counter!("magic_gating_checks_total", "Ownership checks by token standard and result");
    handles::keep();
}

#[cfg(feature = "online")]
fn describe_online() {
    describe_counter!("magic_client_id_fetches_total", "Fetches of the client ID by result");
    describe_counter!(
        "magic_api_requests_total",
        "HTTP requests to the Admin API by operation and status, retries included"
    );
    describe_histogram!("magic_api_seconds", "Duration of an HTTP request to the Admin API");
    describe_counter!(
        "magic_api_retries_total",
        "HTTP requests to the Admin API that repeat a failed one"
    );
}
