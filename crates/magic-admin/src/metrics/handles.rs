//! Cached handles of the metrics on the hot path.
//!
//! Looking a metric up in a recorder costs more than the operation that is measured: it takes a
//! lock, an allocation and several shared counters. Each thread therefore caches its handles, but
//! only for the recorder that was installed when the application last called `describe`. That
//! recorder lives as long as the process, so its address identifies it. With any other recorder,
//! such as that of a test, metrics are looked up every time.

use std::{
    cell::RefCell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use metrics::{Counter, Histogram, counter, histogram, with_recorder};

/// The cached handles of a thread.
pub(super) struct Handles {
    pub(super) accepted: Counter,
    pub(super) hit: Histogram,
    pub(super) miss: Histogram,
    looked_up: Instant,
    round: usize,
}

/// Caches handles for the current recorder from now on.
pub(super) fn keep() {
    RECORDER.store(address(), Ordering::Relaxed);
    ROUND.fetch_add(1, Ordering::Relaxed);
}

/// Reports with the handles of this thread. Returns `false` if there are none for the current
/// recorder.
pub(super) fn with_kept(now: Instant, report: impl FnOnce(&Handles)) -> bool {
    if address() != RECORDER.load(Ordering::Relaxed) {
        return false;
    }
    let with = |kept: &RefCell<Option<Handles>>| {
        let Ok(mut kept) = kept.try_borrow_mut() else { return false };
        let kept = match &mut *kept {
            Some(kept) if kept.are_current(now) => kept,
            outdated => outdated.insert(Handles::look_up(now)),
        };
        report(kept);
        true
    };
    // A thread that is shutting down has none.
    HANDLES.try_with(with).unwrap_or(false)
}

impl Handles {
    fn look_up(looked_up: Instant) -> Self {
        let round = ROUND.load(Ordering::Relaxed);
        Self { accepted: Self::accepted(), hit: Self::hit(), miss: Self::miss(), looked_up, round }
    }

    fn are_current(&self, now: Instant) -> bool {
        self.round == ROUND.load(Ordering::Relaxed)
            && now.saturating_duration_since(self.looked_up) < KEPT_FOR
    }

    pub(super) fn accepted() -> Counter {
        counter!("magic_verifications_total", "result" => "ok")
    }

    pub(super) fn hit() -> Histogram {
        histogram!("magic_verify_seconds", "cache" => "hit")
    }

    pub(super) fn miss() -> Histogram {
        histogram!("magic_verify_seconds", "cache" => "miss")
    }
}

fn address() -> usize {
    with_recorder(|recorder| ptr::from_ref(recorder).addr())
}

thread_local! {
    static HANDLES: RefCell<Option<Handles>> = const { RefCell::new(None) };
}

/// The address of the recorder whose handles are cached, or 0 if there is none.
static RECORDER: AtomicUsize = AtomicUsize::new(0);

/// The number of calls of `describe`. Each call invalidates all handles.
static ROUND: AtomicUsize = AtomicUsize::new(0);

/// Short, because a recorder may drop an idle metric together with its handles.
const KEPT_FOR: Duration = Duration::from_secs(1);
