use std::time::Duration;

use super::{Gate, Requirement};

/// A builder for a [`Gate`]. Every setting has a default.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::gating::{Chain, Gate};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let pass = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
/// let gate = Gate::builder(pass)
///     .remember_owned(Duration::from_secs(300))
///     .remember_not_owned(Duration::from_secs(2))
///     .capacity(1_000)
///     .build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct GateBuilder {
    requirement: Requirement,
    owned: Duration,
    not_owned: Duration,
    capacity: usize,
}

impl Gate {
    /// Creates a builder for a gate.
    pub fn builder(requirement: impl Into<Requirement>) -> GateBuilder {
        GateBuilder {
            requirement: requirement.into(),
            owned: Duration::from_secs(60),
            not_owned: Duration::from_secs(10),
            capacity: 10_000,
        }
    }

    /// Creates a gate with default settings.
    #[must_use]
    pub fn new(requirement: impl Into<Requirement>) -> Self {
        Self::builder(requirement).build()
    }
}

impl GateBuilder {
    /// Sets how long *owns* is cached. Default: 60 s.
    ///
    /// # Security
    ///
    /// For this long, a user who has given the token away still has access.
    pub const fn remember_owned(mut self, time: Duration) -> Self {
        self.owned = time;
        self
    }

    /// Sets how long *does not own* is cached. Default: 10 s.
    ///
    /// For this long, a user who has just received the token is still rejected.
    pub const fn remember_not_owned(mut self, time: Duration) -> Self {
        self.not_owned = time;
        self
    }

    /// Sets the maximum number of users in the cache. Default: 10,000.
    pub const fn capacity(mut self, users: usize) -> Self {
        self.capacity = users;
        self
    }

    /// Builds the gate. This makes no network call.
    #[must_use]
    pub fn build(self) -> Gate {
        Gate::with(self.requirement, self.owned, self.not_owned, self.capacity)
    }
}
