//! Counters, histograms and gauges, reported through the [`metrics`](https://docs.rs/metrics)
//! facade.
//!
//! Enable the feature `metrics`, install a recorder such as `metrics-exporter-prometheus`, and call
//! [`describe`] once. Counters and histograms are updated as events happen. Gauges show the current
//! state, so call [`set_gauges`] before each export, for example in the handler that renders the
//! metrics. Neither needs a background task.
//!
//! | metric | labels | |
//! |---|---|---|
//! | `magic_verifications_total` | `result`: `ok` or the code | verifications of DID tokens |
//! | `magic_verify_seconds` | `cache`: `hit` or `miss` | duration of a verification |
//! | `magic_cache_tokens` | | tokens in the caches of all verifiers |
//! | `magic_cache_bytes` | | memory used by these tokens, in bytes |
//! | `magic_cache_evictions_total` | | tokens removed because they expired or to make room |
//! | `magic_client_id_fetches_total` | `result`: `ok` or the kind of the `ApiError` | fetches of an unknown client ID |
//! | `magic_api_requests_total` | `operation`, `status` | HTTP requests to the Admin API, including retries |
//! | `magic_api_seconds` | `operation` | duration of such a request |
//! | `magic_api_retries_total` | `operation` | requests that repeat a failed one |
//! | `magic_revocations_entries` | | entries of all revocation lists |
//! | `magic_revocations_in_sync` | | 1 if every revocation list is in sync, 0 if one rejects all tokens |
//! | `magic_gating_checks_total` | `standard`, `result` | ownership checks answered by a chain |
//!
//! - `operation` is `client`, `user`, `user_by_email`, `users`, `logout` or `remove_mfa`.
//! - `status` is the HTTP status. If there was no response, it is `connect`, `timeout`,
//!   `interrupted`, `redirect_followed` or `request`. If the client's own call budget
//!   (`ClientBuilder::calls_per_minute`) held the request back, it is `budget`.
//! - `standard` is `erc20`, `erc721` or `erc1155`. The `result` of an ownership check is `owns`,
//!   `does_not_own`, or the reason why there is no answer, such as `timeout`.
//!
//! Every label has a closed set of values, and none contains a user, a token or an e-mail address.
//! Several verifiers or lists in one process share the metrics, and the gauges show their totals.

#[cfg(feature = "metrics")]
mod describe;
#[cfg(feature = "metrics")]
mod events;
#[cfg(feature = "metrics")]
mod gauges;
#[cfg(feature = "metrics")]
mod handles;
#[cfg(not(feature = "metrics"))]
mod off;
#[cfg(feature = "metrics")]
mod verification;

#[cfg(not(feature = "metrics"))]
pub(crate) use self::off::*;
#[cfg(feature = "metrics")]
pub use self::{describe::describe, gauges::set_gauges};
#[cfg(feature = "metrics")]
pub(crate) use self::{
    events::*,
    gauges::{Source, Totals, watch},
    verification::Verification,
};
