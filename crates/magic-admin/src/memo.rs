//! A bounded cache of answers that are expensive to obtain, such as responses of an API.

use std::{hash::Hash, time::Duration};

use quick_cache::{
    DefaultHashBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};
use tokio::time::Instant;

/// A cache of answers by key. If several callers wait for the same key, only one of them asks.
///
/// Times are measured with a monotonic clock, so changing the system time neither extends nor
/// shortens the lifetime of an answer.
pub(crate) struct Memo<K, V> {
    answers: Cache<K, Known<V>, UnitWeighter>,
}

/// An answer with its times.
#[derive(Clone, Debug)]
pub(crate) struct Known<V> {
    pub(crate) answer: V,
    /// The time at which the question was asked.
    pub(crate) asked: Instant,
    /// The time at which the answer arrived.
    at: Instant,
    /// The time from which the answer is stale for callers that came after `at`.
    until: Instant,
}

/// The time for which an answer is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lifetime {
    /// Measured from the question, because the answer may be as old as that.
    OfAnswer(Duration),
    /// Measured from the answer, so that a slow failure does not use up its own lifetime.
    OfFailure(Duration),
}

/// The result of [`Memo::recall_or`].
#[derive(Debug)]
pub(crate) struct Recalled<V> {
    pub(crate) answer: V,
    /// `false` if the key was forgotten while the answer was pending, so that the answer was not
    /// cached.
    pub(crate) is_kept: bool,
}

impl<K: Clone + Eq + Hash, V: Clone> Memo<K, V> {
    /// Creates a cache for up to `answers` answers, but at least one.
    pub(crate) fn with_capacity(answers: usize) -> Self {
        let capacity = answers.max(1);
        Self { answers: Cache::with_weighter(capacity, capacity as u64, UnitWeighter) }
    }

    /// Returns the cached answer for a key if it is still fresh, without waiting.
    pub(crate) fn recall(&self, key: &K) -> Option<Known<V>> {
        self.answers.get(key).filter(Known::is_good)
    }

    /// Returns the cached answer for a key if it is fresh and `accepts` returns `true`. Otherwise
    /// calls `ask`, once for all waiting callers.
    ///
    /// `ask` receives the cached answer that was not accepted, if there is one.
    pub(crate) async fn recall_or<A>(
        &self,
        key: &K,
        accepts: impl FnOnce(&Known<V>) -> bool,
        ask: impl FnOnce(Option<Known<V>>) -> A,
    ) -> Recalled<V>
    where
        A: Future<Output = (V, Lifetime)>,
    {
        let came = Instant::now();
        let recall = |_: &K, known: &mut Known<V>| {
            // An answer that arrived while this caller was waiting is as good as one it asked for
            // itself, even if it took longer than its lifetime.
            if (known.is_good() || came < known.at) && accepts(known) {
                EntryAction::Retain(known.answer.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        let (guard, known) = match self.answers.entry_async(key, recall).await {
            EntryResult::Retained(answer) => return Recalled { answer, is_kept: true },
            EntryResult::Vacant(guard) => (Some(guard), None),
            EntryResult::Replaced(guard, known) => (Some(guard), Some(known)),
            // Neither can occur here, because nothing is removed and no wait has a time limit.
            EntryResult::Removed(..) | EntryResult::Timeout => (None, None),
        };
        // If this caller is dropped, one of the waiting callers takes over.
        let place = Place { guard, known };
        let asked = Instant::now();
        let (answer, lifetime) = ask(place.known.clone()).await;
        let known = Known::new(answer.clone(), asked, lifetime);
        Recalled { answer, is_kept: place.fill(known) }
    }

    /// Forgets a key. An answer that is still pending is not cached, and later callers ask again.
    pub(crate) fn forget(&self, key: &K) {
        self.answers.remove(key);
    }
}

impl<V> Known<V> {
    fn new(answer: V, asked: Instant, lifetime: Lifetime) -> Self {
        let at = Instant::now();
        let (from, time) = match lifetime {
            Lifetime::OfAnswer(time) => (asked, time),
            Lifetime::OfFailure(time) => (at, time),
        };
        // If the end is beyond the range of the clock, use a time far enough in the future.
        let until = from.checked_add(time).unwrap_or_else(|| from + A_YEAR);
        Self { answer, asked, at, until }
    }

    fn is_good(&self) -> bool {
        Instant::now() < self.until
    }
}

/// The slot of a pending answer, and the previous contents of the slot.
struct Place<'a, K: Clone + Eq + Hash, V: Clone> {
    guard: Option<Guard<'a, K, V>>,
    known: Option<Known<V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Place<'_, K, V> {
    /// Stores the answer. Returns `false` if the key was forgotten in the meantime.
    fn fill(mut self, known: Known<V>) -> bool {
        self.guard.take().is_some_and(|guard| guard.insert(known).is_ok())
    }
}

/// Restores the previous contents if there is no answer. They are no fresher than before, but the
/// next caller receives them.
impl<K: Clone + Eq + Hash, V: Clone> Drop for Place<'_, K, V> {
    fn drop(&mut self) {
        if let Some((guard, known)) = self.guard.take().zip(self.known.take()) {
            let _gone = guard.insert(known);
        }
    }
}

type Guard<'a, K, V> = PlaceholderGuard<
    'a,
    K,
    Known<V>,
    UnitWeighter,
    DefaultHashBuilder,
    DefaultLifecycle<K, Known<V>>,
>;

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use tokio::time::{advance, sleep};

    use super::*;

    type Numbers = Arc<Memo<u8, u32>>;

    const MINUTE: Lifetime = Lifetime::OfAnswer(Duration::from_secs(60));

    fn memo() -> Numbers {
        Arc::new(Memo::with_capacity(100))
    }

    /// Asks about key 1. Returns the answer, and `true` if a question was needed.
    async fn ask(memo: &Memo<u8, u32>, answer: u32, lifetime: Lifetime) -> (bool, u32) {
        let mut asked = false;
        let question = |_| {
            asked = true;
            ready((answer, lifetime))
        };
        let answer = memo.recall_or(&1, |_| true, question).await.answer;
        (asked, answer)
    }

    #[tokio::test(start_paused = true)]
    async fn answers_age_from_the_question() {
        let memo = memo();
        for (lifetime, left) in [
            (Lifetime::OfAnswer(Duration::from_secs(10)), 1),
            (Lifetime::OfFailure(Duration::from_secs(10)), 10),
        ] {
            let slow = |_| async move {
                sleep(Duration::from_secs(9)).await;
                (1, lifetime)
            };
            assert_eq!(memo.recall_or(&1, |_| true, slow).await.answer, 1);
            advance(Duration::from_secs(left) - Duration::from_millis(1)).await;
            assert_eq!(memo.recall(&1).map(|known| known.answer), Some(1));
            assert_eq!(ask(&memo, 2, MINUTE).await, (false, 1));
            advance(Duration::from_millis(1)).await;
            assert!(memo.recall(&1).is_none());
            assert_eq!(ask(&memo, 2, MINUTE).await, (true, 2));
            memo.forget(&1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_callers_share_a_late_answer() {
        let (memo, questions) = (memo(), Arc::new(AtomicUsize::new(0)));
        let crowd: Vec<_> = (0..20)
            .map(|_| {
                let (memo, questions) = (Arc::clone(&memo), Arc::clone(&questions));
                tokio::spawn(async move {
                    let ask = |_| async {
                        questions.fetch_add(1, Ordering::Relaxed);
                        // Longer than the lifetime of the answer.
                        sleep(Duration::from_secs(100)).await;
                        (7, MINUTE)
                    };
                    memo.recall_or(&1, |_| true, ask).await.answer
                })
            })
            .collect();
        for waiting in crowd {
            assert_eq!(waiting.await.unwrap(), 7);
        }
        assert_eq!(questions.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_caller_takes_over() {
        let memo = memo();
        // The second round starts with a stale answer.
        for before in [None, Some(5)] {
            let first = tokio::spawn({
                let memo = Arc::clone(&memo);
                async move { memo.recall_or(&1, |_| true, |_| pending()).await.answer }
            });
            tokio::task::yield_now().await;
            let second = tokio::spawn({
                let memo = Arc::clone(&memo);
                async move {
                    let mut given = None;
                    let ask = |known: Option<Known<_>>| {
                        given = known.map(|known| known.answer);
                        ready((5, MINUTE))
                    };
                    let answer = memo.recall_or(&1, |_| true, ask).await.answer;
                    (answer, given)
                }
            });
            tokio::task::yield_now().await;
            assert!(!second.is_finished());
            first.abort();
            assert_eq!(second.await.unwrap(), (5, before));
            advance(Duration::from_secs(60)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rejected_answers_are_asked_for_again() {
        let memo = memo();
        assert_eq!(ask(&memo, 1, MINUTE).await, (true, 1));
        let again = |known: Option<Known<_>>| ready((known.unwrap().answer + 1, MINUTE));
        assert_eq!(memo.recall_or(&1, |_| false, again).await.answer, 2);
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_for_forgotten_keys_are_not_kept() {
        let memo = memo();
        let on_its_way = tokio::spawn({
            let memo = Arc::clone(&memo);
            async move {
                let ask = |_| async {
                    sleep(Duration::from_secs(9)).await;
                    (1, MINUTE)
                };
                let Recalled { answer, is_kept } = memo.recall_or(&1, |_| true, ask).await;
                (answer, is_kept)
            }
        });
        sleep(Duration::from_secs(1)).await;
        memo.forget(&1);
        // Later callers do not wait for the pending answer.
        assert_eq!(ask(&memo, 2, MINUTE).await, (true, 2));
        assert_eq!(on_its_way.await.unwrap(), (1, false));
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn holds_no_more_than_its_capacity() {
        let memo = memo();
        for key in 0..=u8::MAX {
            memo.recall_or(&key, |_| true, |_| ready((0, MINUTE))).await;
        }
        assert!(memo.answers.len() <= 100, "{}", memo.answers.len());
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_lifetimes_are_safe() {
        let memo = memo();
        for zero in [Lifetime::OfAnswer(Duration::ZERO), Lifetime::OfFailure(Duration::ZERO)] {
            assert_eq!(ask(&memo, 1, zero).await, (true, 1));
        }
        assert_eq!(ask(&memo, 2, Lifetime::OfAnswer(Duration::MAX)).await, (true, 2));
        advance(Duration::from_secs(1_000_000)).await;
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }
}
