use std::time::Duration;

use super::{Gate, Requirement};

/// Settings of a [`Gate`]; every one has a default.
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
    /// Creates settings for a gate.
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
    /// Sets how long *owns* is remembered. Default: 60 s.
    ///
    /// # Security
    ///
    /// For this long, a user who has given the token away can still come in.
    pub const fn remember_owned(mut self, time: Duration) -> Self {
        self.owned = time;
        self
    }

    /// Sets how long *does not own* is remembered. Default: 10 s.
    ///
    /// For this long, a user who has just received the token is still rejected.
    pub const fn remember_not_owned(mut self, time: Duration) -> Self {
        self.not_owned = time;
        self
    }

    /// Sets the number of users whose results are remembered. Default: 10,000.
    pub const fn capacity(mut self, users: usize) -> Self {
        self.capacity = users;
        self
    }

    /// Builds the gate. Nothing is sent yet.
    #[must_use]
    pub fn build(self) -> Gate {
        Gate::with(self.requirement, self.owned, self.not_owned, self.capacity)
    }
}
