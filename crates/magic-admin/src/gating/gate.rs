use std::{fmt, sync::Arc, time::Duration};

use super::{GatingError, GatingErrorKind, Ownership, Requirement};
use crate::{
    memo::{Lifetime, Memo},
    types::Address,
    verified::VerifiedToken,
};

/// Checks a [`Requirement`] for users, and caches the results.
///
/// By default, it caches *owns* for 60 s, *does not own* for 10 s, and a failure for 1 s, for up to
/// 10,000 users. Concurrent requests for the same user share one query to the chains. It is cheap
/// to clone; clones share the cache.
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
/// A user who is not in the cache costs a request to each chain, and anyone can sign tokens with
/// any number of keys. Rate-limit the route if your RPC provider bills or limits requests.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    requirement: Requirement,
    owned: Duration,
    not_owned: Duration,
    results: Memo<Address, Result<Ownership, GatingError>>,
}

impl Gate {
    /// Checks the requirement for the user of a token, using the cache if possible.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{VerifiedToken, gating::{Gate, GatingError}};
    ///
    /// /// Members get a discount, everyone else pays the full price.
    /// async fn price(members: &Gate, user: &VerifiedToken) -> Result<u32, GatingError> {
    ///     Ok(if members.check(user).await?.is_owned() { 80 } else { 100 })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`GatingError`] if ownership could not be checked. Its kind is never
    /// [`NotOwned`](GatingErrorKind::NotOwned).
    pub async fn check(&self, user: &VerifiedToken) -> Result<Ownership, GatingError> {
        self.recall_or(user.address(), || self.0.requirement.check(user)).await
    }

    /// Returns an error unless the user of a token meets the requirement.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{VerifiedToken, gating::{Gate, GatingError}};
    ///
    /// async fn download(members: &Gate, user: &VerifiedToken) -> Result<&'static str, GatingError> {
    ///     members.require(user).await?;
    ///     Ok("the file")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`GatingErrorKind::NotOwned`] if the user does not meet the requirement, and another
    /// kind if ownership could not be checked.
    pub async fn require(&self, user: &VerifiedToken) -> Result<(), GatingError> {
        match self.check(user).await? {
            Ownership::Owns => Ok(()),
            Ownership::DoesNotOwn => Err(GatingErrorKind::NotOwned.into()),
        }
    }

    /// Returns the cached result for an owner. If there is none, queries it once for all waiting
    /// callers.
    async fn recall_or<A>(
        &self,
        owner: Address,
        ask: impl FnOnce() -> A,
    ) -> Result<Ownership, GatingError>
    where
        A: Future<Output = Result<Ownership, GatingError>>,
    {
        let ask = |_| async {
            let result = ask().await;
            let lifetime = self.lifetime(&result);
            (result, lifetime)
        };
        self.0.results.recall_or(&owner, |_| true, ask).await.answer
    }

    /// Returns the cached result for the user of a token, without waiting. Failures are not
    /// returned.
    #[must_use]
    pub fn remembered(&self, user: &VerifiedToken) -> Option<Ownership> {
        self.0.results.recall(&user.address())?.answer.ok()
    }

    pub(super) fn with(
        requirement: Requirement,
        owned: Duration,
        not_owned: Duration,
        capacity: usize,
    ) -> Self {
        let results = Memo::with_capacity(capacity);
        Self(Arc::new(Inner { requirement, owned, not_owned, results }))
    }

    fn lifetime(&self, result: &Result<Ownership, GatingError>) -> Lifetime {
        match result {
            Ok(Ownership::Owns) => Lifetime::OfAnswer(self.0.owned),
            Ok(Ownership::DoesNotOwn) => Lifetime::OfAnswer(self.0.not_owned),
            Err(_) => Lifetime::OfFailure(REMEMBER_FAILURE),
        }
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

/// The lifetime of a cached failure, so that an endpoint that is down is not queried for every
/// request.
const REMEMBER_FAILURE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

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

    /// Checks owner 1. Returns `true` if the chain was queried, and the result.
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
    async fn each_result_has_its_own_lifetime() {
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
    async fn distinguishes_owners() {
        let gate = gate();
        assert_eq!(ask(&gate, OWNS).await, (true, OWNS));
        let other = gate.recall_or(owner(2), || std::future::ready(DOES_NOT_OWN)).await;
        assert_eq!(other, DOES_NOT_OWN);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_remembers_nothing() {
        let chain = Chain::new(1, "http://127.0.0.1:9").unwrap();
        let never = Gate::builder(chain.erc721(owner(0))).remember_owned(Duration::ZERO).build();
        assert_eq!(ask(&never, OWNS).await, (true, OWNS));
        assert_eq!(ask(&never, DOES_NOT_OWN).await, (true, DOES_NOT_OWN));
    }
}
