use core::sync::atomic::{AtomicUsize, Ordering};

/// How many threads can find tokens without writing to memory that another of them writes to.
///
/// Each lane costs every remembered token a counted pointer of its own, so they are few. Beyond
/// that number threads share lanes, which costs them time and nothing else.
pub(super) const LANES: usize = 4;

/// The lane of the current thread: below [`LANES`], and evenly handed out.
pub(super) fn current() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static LANE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % LANES;
    }
    LANE.with(|lane| *lane)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_keep_their_lane_and_spread_over_all_of_them() {
        let lanes = thread::scope(|scope| {
            let threads: Vec<_> = (0..64).map(|_| scope.spawn(|| (current(), current()))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        for lane in 0..LANES {
            assert!(lanes.contains(&(lane, lane)), "{lanes:?}");
        }
        assert!(lanes.iter().all(|(first, second)| first == second && *first < LANES));
    }
}
