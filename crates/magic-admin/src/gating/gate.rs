use std::{fmt, sync::Arc, time::Duration};

use quick_cache::{
    UnitWeighter,
    sync::{Cache, EntryAction, EntryResult},
};
use tokio::time::Instant;

use super::{GatingError, GatingErrorKind, Ownership, Requirement};
use crate::{types::Address, verified::VerifiedToken};

/// Checks a [`Requirement`] for users, and remembers the results for a while.
///
/// By default *owns* is remembered for 60 s and *does not own* for 10 s, for 10,000 users; a failure
/// for 1 s. However many requests wait for the result on one user, the chains are asked once. Cheap
/// to clone; clones share what they remember.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::{VerifiedToken, gating::{Chain, Gate, GatingError}};
///
/// # async fn example(user: VerifiedToken) -> Result<(), Box<dyn std::error::Error>> {
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let pass = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
/// let members = Gate::new(pass);
/// members.require(&user).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Security
///
/// A user whom the gate does not remember costs a request to each chain, and anyone can sign tokens
/// with any number of keys. Limit the rate of requests if your RPC provider bills or limits them.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    requirement: Requirement,
    owned: Duration,
    not_owned: Duration,
    results: Cache<Address, Remembered, UnitWeighter>,
}

#[derive(Clone)]
struct Remembered {
    result: Result<Ownership, GatingError>,
    /// When the result became known.
    at: Instant,
    /// When it is no longer good for requests that come later than `at`.
    until: Instant,
}

impl Gate {
    /// Returns whether the user of a token owns what is required, from memory or from the chains.
    ///
    /// # Errors
    ///
    /// Returns a [`GatingError`] if the result is not known. It is never
    /// [`NotOwned`](GatingErrorKind::NotOwned).
    pub async fn check(&self, user: &VerifiedToken) -> Result<Ownership, GatingError> {
        self.recall_or(user.address(), || self.0.requirement.check(user)).await
    }

    /// Returns an error unless the user of a token owns what is required.
    ///
    /// # Errors
    ///
    /// Returns [`GatingErrorKind::NotOwned`] if the user does not own it, and another kind if that
    /// is not known.
    pub async fn require(&self, user: &VerifiedToken) -> Result<(), GatingError> {
        match self.check(user).await? {
            Ownership::Owns => Ok(()),
            Ownership::DoesNotOwn => Err(GatingErrorKind::NotOwned.into()),
        }
    }

    /// Returns what is remembered about an owner; else asks, once for all who wait.
    async fn recall_or<A>(
        &self,
        owner: Address,
        ask: impl FnOnce() -> A,
    ) -> Result<Ownership, GatingError>
    where
        A: Future<Output = Result<Ownership, GatingError>>,
    {
        let came = Instant::now();
        let recall = |_: &Address, known: &mut Remembered| {
            // A result that arrived while this request waited for it is as good as one of its own,
            // even if it came late.
            if Instant::now() < known.until || came < known.at {
                EntryAction::Retain(known.result.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        let guard = match self.0.results.entry_async(&owner, recall).await {
            EntryResult::Retained(result) => return result,
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => guard,
            // Neither happens here: nothing is removed, and nothing waits for a limited time.
            EntryResult::Removed(..) | EntryResult::Timeout => return ask().await,
        };
        // If this request is dropped, so is the guard, and one of those who wait takes over.
        let begun = Instant::now();
        let result = ask().await;
        let at = Instant::now();
        let until = self.until(&result, begun, at);
        // Fails only if the entry is gone by now, which leaves nothing to remember.
        let _gone = guard.insert(Remembered { result: result.clone(), at, until });
        result
    }

    /// Returns the result that is remembered about the user of a token, without waiting. A failure
    /// is not a result.
    #[must_use]
    pub fn remembered(&self, user: &VerifiedToken) -> Option<Ownership> {
        let known = self.0.results.get(&user.address())?;
        known.result.ok().filter(|_| Instant::now() < known.until)
    }

    pub(super) fn with(
        requirement: Requirement,
        owned: Duration,
        not_owned: Duration,
        capacity: usize,
    ) -> Self {
        let results = Cache::with_weighter(capacity.max(1), capacity.max(1) as u64, UnitWeighter);
        Self(Arc::new(Inner { requirement, owned, not_owned, results }))
    }

    /// A verdict is as old as the question; a failure counts from its end, so that the time that it
    /// took does not use up the second.
    fn until(
        &self,
        result: &Result<Ownership, GatingError>,
        begun: Instant,
        at: Instant,
    ) -> Instant {
        let (from, time) = match result {
            Ok(Ownership::Owns) => (begun, self.0.owned),
            Ok(Ownership::DoesNotOwn) => (begun, self.0.not_owned),
            Err(_) => (at, REMEMBER_FAILURE),
        };
        // A time beyond what the clock can tell means as long as there is room.
        from.checked_add(time).unwrap_or_else(|| from + A_YEAR)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("requirement", &self.0.requirement)
            .field("owned", &self.0.owned)
            .field("not_owned", &self.0.not_owned)
            .finish_non_exhaustive()
    }
}

/// How long a failure is remembered, so that an endpoint that is down is not asked for every
/// request.
const REMEMBER_FAILURE: Duration = Duration::from_secs(1);

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::{advance, sleep};

    use super::*;
    use crate::gating::Chain;

    type Outcome = Result<Ownership, GatingError>;

    const OWNS: Outcome = Ok(Ownership::Owns);
    const DOES_NOT_OWN: Outcome = Ok(Ownership::DoesNotOwn);
    const DOWN: Outcome = Err(GatingError::new(GatingErrorKind::Unreachable));

    fn gate() -> Gate {
        let chain = Chain::new(1, "http://127.0.0.1:9").unwrap();
        Gate::builder(chain.erc721(owner(0))).capacity(100).build()
    }

    fn owner(number: u8) -> Address {
        Address::from_bytes([number; 20])
    }

    /// Asks about owner 1; returns whether the chain was asked, and the result.
    async fn ask(gate: &Gate, outcome: Outcome) -> (bool, Outcome) {
        let mut asked = false;
        let result = gate
            .recall_or(owner(1), || {
                asked = true;
                std::future::ready(outcome)
            })
            .await;
        (asked, result)
    }

    #[tokio::test(start_paused = true)]
    async fn each_result_is_remembered_for_its_time_and_no_longer() {
        for (outcome, seconds) in [(OWNS, 60), (DOES_NOT_OWN, 10), (DOWN, 1)] {
            let gate = gate();
            assert_eq!(ask(&gate, outcome.clone()).await, (true, outcome.clone()));
            advance(Duration::from_secs(seconds) - Duration::from_millis(1)).await;
            assert_eq!(ask(&gate, OWNS).await, (false, outcome.clone()));
            advance(Duration::from_millis(1)).await;
            assert_eq!(ask(&gate, DOES_NOT_OWN).await, (true, DOES_NOT_OWN), "{outcome:?}");
            // The new result has replaced the old one.
            assert_eq!(ask(&gate, OWNS).await, (false, DOES_NOT_OWN));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_as_old_as_its_question() {
        let gate = gate();
        let slow = || async {
            sleep(Duration::from_secs(9)).await;
            DOES_NOT_OWN
        };
        assert_eq!(gate.recall_or(owner(1), slow).await, DOES_NOT_OWN);
        advance(Duration::from_millis(999)).await;
        assert_eq!(ask(&gate, OWNS).await, (false, DOES_NOT_OWN));
        advance(Duration::from_millis(1)).await;
        assert_eq!(ask(&gate, OWNS).await, (true, OWNS));
    }

    #[tokio::test(start_paused = true)]
    async fn owners_are_kept_apart() {
        let gate = gate();
        assert_eq!(ask(&gate, OWNS).await, (true, OWNS));
        let other = gate.recall_or(owner(2), || std::future::ready(DOES_NOT_OWN)).await;
        assert_eq!(other, DOES_NOT_OWN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_asks_once_even_if_the_answer_comes_late() {
        for outcome in [OWNS, DOES_NOT_OWN, DOWN] {
            let (gate, calls) = (gate(), Arc::new(AtomicUsize::new(0)));
            let crowd: Vec<_> = (0..20)
                .map(|_| {
                    let (gate, calls, outcome) =
                        (gate.clone(), Arc::clone(&calls), outcome.clone());
                    tokio::spawn(async move {
                        let ask = || async {
                            calls.fetch_add(1, Ordering::Relaxed);
                            // Longer than anything is remembered.
                            sleep(Duration::from_secs(100)).await;
                            outcome
                        };
                        gate.recall_or(owner(1), ask).await
                    })
                })
                .collect();
            for waiting in crowd {
                assert_eq!(waiting.await.unwrap(), outcome);
            }
            assert_eq!(calls.load(Ordering::Relaxed), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_one_who_asks_goes_away_another_takes_over() {
        let gate = gate();
        let first = tokio::spawn({
            let gate = gate.clone();
            async move { gate.recall_or(owner(1), pending).await }
        });
        tokio::task::yield_now().await;
        let second = tokio::spawn({
            let gate = gate.clone();
            async move { ask(&gate, OWNS).await }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        first.abort();
        assert_eq!(second.await.unwrap(), (true, OWNS));
    }

    #[tokio::test(start_paused = true)]
    async fn remembers_no_more_owners_than_its_capacity() {
        let gate = gate();
        for number in 0..=u8::MAX {
            let _ = gate.recall_or(owner(number), || std::future::ready(OWNS)).await;
        }
        assert!(gate.0.results.len() <= 100, "{}", gate.0.results.len());
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_overflows_and_zero_remembers_nothing() {
        let chain = Chain::new(1, "http://127.0.0.1:9").unwrap();
        let forever = Gate::builder(chain.erc721(owner(0))).remember_owned(Duration::MAX).build();
        assert_eq!(ask(&forever, OWNS).await, (true, OWNS));
        advance(Duration::from_secs(1_000_000)).await;
        assert_eq!(ask(&forever, DOES_NOT_OWN).await, (false, OWNS));

        let never = Gate::builder(chain.erc721(owner(0))).remember_owned(Duration::ZERO).build();
        assert_eq!(ask(&never, OWNS).await, (true, OWNS));
        assert_eq!(ask(&never, DOES_NOT_OWN).await, (true, DOES_NOT_OWN));
    }
}
