use std::time::Duration;

use magic_admin::{
    Audience, Clock, Magic, MagicBuilder, SecretKey, SystemClock, Verifier, VerifierBuilder,
};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

/// A client ID with the length of those that Magic issues.
pub const CLIENT_ID: &str = "z9SEzHDoeBL1NjGmmyCXHWIaxFYxsrPwgGrLqEdFHtU=";

/// The time of the application's clock, in seconds since the Unix epoch.
pub const NOW: i64 = 1_700_000_000;

/// An application with a stopped clock, its users and their tokens.
#[derive(Debug)]
pub struct App {
    pub clock: SettableClock,
    pub mint: Mint,
    lifespan: Duration,
}

impl App {
    pub fn new() -> Self {
        Self::at(NOW, Duration::from_secs(900))
    }

    /// Creates an application whose tokens are valid for a day from now, for measurements with the
    /// system's clock.
    pub fn now() -> Self {
        Self::at(SystemClock::default().now().get(), Duration::from_secs(86_400))
    }

    fn at(now: i64, lifespan: Duration) -> Self {
        let clock = SettableClock::at(now);
        let mint = Mint::new(CLIENT_ID).with_clock(clock.clone());
        Self { clock, mint, lifespan }
    }

    /// Returns a builder of verifiers that use the clock of the application.
    pub fn verifier(&self) -> VerifierBuilder {
        Verifier::builder(audience()).clock(self.clock.clone())
    }

    /// Returns a builder of the `Magic` that servers use, with a configured client ID.
    pub fn magic(&self) -> MagicBuilder {
        magic().verifier(|verifier| verifier.clock(self.clock.clone()))
    }

    /// Returns a new token of the user with this number.
    pub fn token(&self, user: u64) -> String {
        self.mint.builder(&TestUser::from_seed(user)).lifespan(self.lifespan).build()
    }

    /// Returns this many tokens, each from a different user.
    pub fn tokens(&self, count: u64) -> Vec<String> {
        (1..=count).map(|user| self.token(user)).collect()
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

pub fn audience() -> Audience {
    Audience::new(CLIENT_ID).expect("it is not empty")
}

/// Returns a builder of the `Magic` that servers use, with the system's clock.
pub fn magic() -> MagicBuilder {
    let key = SecretKey::new("sk_live_0123456789ABCDEF").expect("it has the form of one");
    Magic::builder(key).client_id(CLIENT_ID).base_url("http://127.0.0.1:9")
}
