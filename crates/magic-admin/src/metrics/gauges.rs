use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use metrics::gauge;

/// Sets the gauges to the current state of all verifiers and revocation lists in the process.
///
/// Call it before each export: in the handler that renders the metrics or, if the exporter pushes
/// them, every few seconds. It takes a lock that is otherwise only taken when a verifier or list is
/// built, and reads the state of each of them once.
///
/// `magic_revocations_entries` and `magic_revocations_in_sync` are set only if there is a
/// revocation list.
///
/// # Examples
///
/// ```
/// /// Responds to a scrape. The closure renders the contents of the recorder.
/// fn scrape(render: impl Fn() -> String) -> String {
///     magic_admin::metrics::set_gauges();
///     render()
/// }
/// # scrape(String::new);
/// ```
pub fn set_gauges() {
    let mut totals = Totals::default();
    for source in sources().iter().filter_map(Weak::upgrade) {
        source.add_to(&mut totals);
    }
    gauge!("magic_cache_tokens").set(totals.cache_tokens as f64);
    gauge!("magic_cache_bytes").set(totals.cache_bytes as f64);
    if let Some(are_in_sync) = totals.lists_in_sync {
        gauge!("magic_revocations_entries").set(totals.revocations as f64);
        gauge!("magic_revocations_in_sync").set(if are_in_sync { 1.0 } else { 0.0 });
    }
}

/// An object whose state is included in the gauges.
pub(crate) trait Source: Send + Sync {
    fn add_to(&self, totals: &mut Totals);
}

/// The sums over all sources.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) cache_tokens: usize,
    pub(crate) cache_bytes: u64,
    pub(crate) revocations: usize,
    /// `None` if there is no revocation list.
    pub(crate) lists_in_sync: Option<bool>,
}

/// Includes the state of `source` in the gauges for as long as it lives.
pub(crate) fn watch<T: Source + 'static>(source: &Arc<T>) {
    let source = Arc::downgrade(source);
    let mut sources = sources();
    // Remove dead sources whenever the vector would grow, so that its size stays proportional to
    // the number of live ones.
    if sources.len() == sources.capacity() {
        sources.retain(|source| source.strong_count() > 0);
    }
    sources.push(source);
}

fn sources() -> MutexGuard<'static, Vec<Weak<dyn Source>>> {
    SOURCES.lock().unwrap_or_else(PoisonError::into_inner)
}

static SOURCES: Mutex<Vec<Weak<dyn Source>>> = Mutex::new(Vec::new());
