//! A bounded memory of answers that have to be asked for elsewhere.

use std::{hash::Hash, time::Duration};

use quick_cache::{
    DefaultHashBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};
use tokio::time::Instant;

/// Answers by key. However many wait for the answer to one key, one of them asks.
///
/// Times are those of a monotonic clock, so a change of the system's time neither revives an answer
/// nor ends it.
pub(crate) struct Memo<K, V> {
    answers: Cache<K, Known<V>, UnitWeighter>,
}

/// An answer, and when it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Known<V> {
    pub(crate) answer: V,
    /// When the question was asked.
    pub(crate) asked: Instant,
    /// When the answer became known.
    at: Instant,
    /// When it is no longer good for whoever comes later than `at`.
    until: Instant,
}

/// How long an answer is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lifetime {
    /// Since the question: the answer is as old as that.
    OfAnswer(Duration),
    /// Since the answer, so that the time that a failure took does not use it up.
    OfFailure(Duration),
}

/// What [`Memo::recall_or`] returns.
#[derive(Debug)]
pub(crate) struct Recalled<V> {
    pub(crate) answer: V,
    /// `false` if the key was forgotten while the answer was on its way, so that nothing remembers it.
    pub(crate) is_kept: bool,
}

impl<K: Clone + Eq + Hash, V: Clone> Memo<K, V> {
    /// Creates a memory of as many answers; of one at least.
    pub(crate) fn with_capacity(answers: usize) -> Self {
        let capacity = answers.max(1);
        Self { answers: Cache::with_weighter(capacity, capacity as u64, UnitWeighter) }
    }

    /// Returns the answer to a key that is still good, without waiting.
    pub(crate) fn recall(&self, key: &K) -> Option<Known<V>> {
        self.answers.get(key).filter(Known::is_good)
    }

    /// Returns what is remembered about a key if it is good and `accepts` agrees; else asks, once
    /// for all who wait.
    ///
    /// `ask` is given what is remembered but not accepted.
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
            // An answer that arrived while this request waited for it is as good as one of its own,
            // even if it came late.
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
            // Neither happens here: nothing is removed, and nothing waits for a limited time.
            EntryResult::Removed(..) | EntryResult::Timeout => (None, None),
        };
        // If this request is dropped, one of those who wait takes over.
        let place = Place { guard, known };
        let asked = Instant::now();
        let (answer, lifetime) = ask(place.known.clone()).await;
        let known = Known::new(answer.clone(), asked, lifetime);
        Recalled { answer, is_kept: place.fill(known) }
    }

    /// Forgets a key. An answer that is on its way is not remembered, and whoever comes from now on
    /// asks anew.
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
        // A time beyond what the clock can tell means as long as there is room.
        let until = from.checked_add(time).unwrap_or_else(|| from + A_YEAR);
        Self { answer, asked, at, until }
    }

    fn is_good(&self) -> bool {
        Instant::now() < self.until
    }
}

/// The place of an answer that is on its way, and what was there before.
struct Place<'a, K: Clone + Eq + Hash, V: Clone> {
    guard: Option<Guard<'a, K, V>>,
    known: Option<Known<V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Place<'_, K, V> {
    /// Returns `true` unless the place is gone.
    fn fill(mut self, known: Known<V>) -> bool {
        self.guard.take().is_some_and(|guard| guard.insert(known).is_ok())
    }
}

/// Without an answer, puts back what was there before. It is no more good than it was, but whoever
/// asks next is given it.
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

    /// Asks about key 1; returns whether that took a question, and the answer.
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
    async fn an_answer_is_as_old_as_its_question_and_a_failure_as_its_end() {
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
    async fn a_crowd_asks_once_even_if_the_answer_comes_late() {
        let (memo, questions) = (memo(), Arc::new(AtomicUsize::new(0)));
        let crowd: Vec<_> = (0..20)
            .map(|_| {
                let (memo, questions) = (Arc::clone(&memo), Arc::clone(&questions));
                tokio::spawn(async move {
                    let ask = |_| async {
                        questions.fetch_add(1, Ordering::Relaxed);
                        // Longer than it is remembered.
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
    async fn when_the_one_who_asks_goes_away_another_takes_over() {
        let memo = memo();
        // The second time with an answer that is no longer good.
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
    async fn what_is_not_accepted_is_asked_for_again() {
        let memo = memo();
        assert_eq!(ask(&memo, 1, MINUTE).await, (true, 1));
        let again = |known: Option<Known<_>>| ready((known.unwrap().answer + 1, MINUTE));
        assert_eq!(memo.recall_or(&1, |_| false, again).await.answer, 2);
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_on_its_way_to_a_forgotten_key_is_not_kept() {
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
        // Whoever comes now does not wait for it.
        assert_eq!(ask(&memo, 2, MINUTE).await, (true, 2));
        assert_eq!(on_its_way.await.unwrap(), (1, false));
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn remembers_no_more_answers_than_its_capacity() {
        let memo = memo();
        for key in 0..=u8::MAX {
            memo.recall_or(&key, |_| true, |_| ready((0, MINUTE))).await;
        }
        assert!(memo.answers.len() <= 100, "{}", memo.answers.len());
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_overflows_and_zero_remembers_nothing() {
        let memo = memo();
        for zero in [Lifetime::OfAnswer(Duration::ZERO), Lifetime::OfFailure(Duration::ZERO)] {
            assert_eq!(ask(&memo, 1, zero).await, (true, 1));
        }
        assert_eq!(ask(&memo, 2, Lifetime::OfAnswer(Duration::MAX)).await, (true, 2));
        advance(Duration::from_secs(1_000_000)).await;
        assert_eq!(ask(&memo, 3, MINUTE).await, (false, 2));
    }
}
