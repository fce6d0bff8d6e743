use magic_admin::{Audience, Magic, MagicBuilder, SecretKey, Verifier, VerifierBuilder};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

/// A client ID with the length of those that Magic issues.
pub const CLIENT_ID: &str = "z9SEzHDoeBL1NjGmmyCXHWIaxFYxsrPwgGrLqEdFHtU=";

/// The time on the clock of a [`Fixture`], in seconds since the Unix epoch.
pub const NOW: i64 = 1_700_000_000;

/// An application with a stopped clock, its users and their tokens. It uses no network.
#[derive(Debug)]
pub struct Fixture {
    pub clock: SettableClock,
    pub mint: Mint,
}

impl Fixture {
    pub fn new() -> Self {
        let clock = SettableClock::at(NOW);
        let mint = Mint::new(CLIENT_ID).with_clock(clock.clone());
        Self { clock, mint }
    }

    pub fn verifier(&self) -> VerifierBuilder {
        let audience = Audience::new(CLIENT_ID).expect("it is not empty");
        Verifier::builder(audience).clock(self.clock.clone())
    }

    /// Returns a builder whose client ID is configured.
    pub fn magic(&self) -> MagicBuilder {
        let key = SecretKey::new("sk_live_0123456789ABCDEF").expect("it has the form of one");
        Magic::builder(key)
            .client_id(CLIENT_ID)
            .base_url("http://127.0.0.1:9")
            .verifier(|verifier| verifier.clock(self.clock.clone()))
    }

    /// Returns a new token of the user with this number.
    pub fn token(&self, user: u64) -> String {
        self.mint.token(&TestUser::from_seed(user))
    }

    /// Returns this many tokens, each from a different user.
    pub fn tokens(&self, count: u64) -> Vec<String> {
        (1..=count).map(|user| self.token(user)).collect()
    }
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}
