use std::time::Instant;

use metrics::counter;

use super::handles::{self, Handles};

/// A verification in progress.
pub(crate) struct Verification {
    /// `None` on targets without a clock.
    started: Option<Instant>,
    is_hit: bool,
}

impl Verification {
    pub(crate) fn begin() -> Self {
        Self { started: now(), is_hit: false }
    }

    /// Records that the token was found in the cache.
    pub(crate) fn hit(&mut self) {
        self.is_hit = true;
    }

    /// Reports the outcome of the verification, which is the error code if it failed.
    pub(crate) fn end(self, outcome: Result<(), &'static str>) {
        let Self { started, is_hit } = self;
        let Some(started) = started else { return count(outcome) };
        let seconds = started.elapsed().as_secs_f64();
        let report = |handles: &Handles| {
            match outcome {
                Ok(()) => handles.accepted.increment(1),
                Err(_) => count(outcome),
            }
            let cache = if is_hit { &handles.hit } else { &handles.miss };
            cache.record(seconds);
        };
        if !handles::with_kept(started, report) {
            count(outcome);
            let cache = if is_hit { Handles::hit() } else { Handles::miss() };
            cache.record(seconds);
        }
    }
}

fn count(outcome: Result<(), &'static str>) {
    match outcome {
        Ok(()) => Handles::accepted(),
        Err(code) => counter!("magic_verifications_total", "result" => code),
    }
    .increment(1);
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
fn now() -> Option<Instant> {
    Some(Instant::now())
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
fn now() -> Option<Instant> {
    None
}
