use std::time::Instant;

use metrics::{counter, histogram};

use super::handles;

/// A verification that is under way.
pub(crate) struct Verification {
    /// `None` on a target without a clock.
    started: Option<Instant>,
    is_hit: bool,
}

impl Verification {
    pub(crate) fn begin() -> Self {
        Self { started: now(), is_hit: false }
    }

    /// Notes that the cache knew the token.
    pub(crate) fn hit(&mut self) {
        self.is_hit = true;
    }

    /// Reports the outcome, or the code of the error.
    pub(crate) fn end(self, outcome: Result<(), &'static str>) {
        let Self { started, is_hit } = self;
        let seconds = started.map(|started| started.elapsed().as_secs_f64());
        if is_hit
            && outcome.is_ok()
            && let (Some(started), Some(seconds)) = (started, seconds)
            && handles::accepted_from_cache(started, seconds)
        {
            return;
        }
        match outcome {
            Ok(()) => counter!("magic_verifications_total", "result" => "ok"),
            Err(code) => counter!("magic_verifications_total", "result" => code),
        }
        .increment(1);
        if let Some(seconds) = seconds {
            if is_hit {
                histogram!("magic_verify_seconds", "cache" => "hit")
            } else {
                histogram!("magic_verify_seconds", "cache" => "miss")
            }
            .record(seconds);
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
fn now() -> Option<Instant> {
    Some(Instant::now())
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
fn now() -> Option<Instant> {
    None
}
