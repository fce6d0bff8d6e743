//! The handles of the hot path, kept for the recorder of the application.
//!
//! Looking a metric up in a recorder costs more than what is measured: a lock, an allocation and
//! several shared counters. So each thread keeps its handles, but only for the recorder that was in
//! place when the application called `describe`: it lives as long as the process, so its address
//! identifies it. Recorders of tests, which come and go, are looked up every time.

use std::{
    cell::RefCell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use metrics::{Counter, Histogram, counter, histogram, with_recorder};

struct Handles {
    accepted: Counter,
    seconds: Histogram,
    looked_up: Instant,
}

/// Keeps handles for the present recorder from now on.
pub(super) fn keep() {
    RECORDER.store(address(), Ordering::Relaxed);
}

/// Reports an accepted token that the cache knew; `false` if that has to be done without handles.
pub(super) fn accepted_from_cache(started: Instant, seconds: f64) -> bool {
    if address() != RECORDER.load(Ordering::Relaxed) {
        return false;
    }
    let report = |kept: &RefCell<Option<Handles>>| {
        let Ok(mut kept) = kept.try_borrow_mut() else { return false };
        let kept = match &mut *kept {
            Some(kept) if started.saturating_duration_since(kept.looked_up) < KEPT_FOR => kept,
            outdated => outdated.insert(Handles::look_up(started)),
        };
        kept.accepted.increment(1);
        kept.seconds.record(seconds);
        true
    };
    // A thread that is ending has none.
    HANDLES.try_with(report).unwrap_or(false)
}

impl Handles {
    fn look_up(looked_up: Instant) -> Self {
        Self {
            accepted: counter!("magic_verifications_total", "result" => "ok"),
            seconds: histogram!("magic_verify_seconds", "cache" => "hit"),
            looked_up,
        }
    }
}

fn address() -> usize {
    with_recorder(|recorder| ptr::from_ref(recorder).addr())
}

thread_local! {
    static HANDLES: RefCell<Option<Handles>> = const { RefCell::new(None) };
}

/// The address of the recorder that handles are kept for; 0 is none.
static RECORDER: AtomicUsize = AtomicUsize::new(0);

/// Short, because a recorder may drop a metric that is idle, and its handles with it.
const KEPT_FOR: Duration = Duration::from_secs(1);
