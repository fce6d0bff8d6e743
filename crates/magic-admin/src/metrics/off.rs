//! No-op versions of the same functions, used without the feature `metrics`.

use std::sync::Arc;

pub(crate) struct Verification;

impl Verification {
    #[inline]
    pub(crate) const fn begin() -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn hit(&mut self) {}

    #[inline]
    pub(crate) const fn end(self, _outcome: Result<(), &'static str>) {}
}

pub(crate) const fn evicted() {}

pub(crate) const fn watch<T>(_source: &Arc<T>) {}

#[cfg(feature = "online")]
pub(crate) const fn not_verified(_code: &'static str) {}

#[cfg(feature = "online")]
pub(crate) const fn client_id_fetched(_result: &'static str) {}

#[cfg(feature = "online")]
pub(crate) const fn api_request(
    _operation: &'static str,
    _attempt: u32,
    _status: &str,
    _duration: std::time::Duration,
) {
}

#[cfg(feature = "online")]
pub(crate) const fn api_request_held_back(_operation: &'static str) {}

#[cfg(feature = "gating")]
pub(crate) const fn ownership_checked(_standard: &'static str, _result: &'static str) {}
