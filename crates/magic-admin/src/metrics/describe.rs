use metrics::{describe_counter, describe_gauge, describe_histogram};

use super::handles;

/// Describes the metrics to the recorder that is in place, and makes the hot path cheap.
///
/// Call it once, right after installing the recorder. Without it the metrics have no description,
/// and a verification that the cache answers costs about 100 ns more, because it looks its metrics
/// up anew each time.
pub fn describe() {
    describe_counter!(
        "magic_verifications_total",
        "Verifications of DID tokens by result: ok, or the code of the rejection"
    );
    describe_histogram!(
        "magic_verify_seconds",
        "Duration of a verification, by whether the cache knew the token"
    );
    describe_gauge!("magic_cache_tokens", "Tokens in the verification cache");
    describe_gauge!("magic_cache_bytes", "Bytes of memory that the verification cache takes");
    describe_counter!(
        "magic_cache_evictions_total",
        "Tokens that left the verification cache, because they expired or to make room"
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
