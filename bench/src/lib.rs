//! What the benchmarks and their tests share: an application, its users and their tokens.

use magic_admin::{Audience, Magic, SecretKey, Verifier, VerifierBuilder};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

/// A client id of the length that Magic gives out.
pub const CLIENT_ID: &str = "z9SEzHDoeBL1NjGmmyCXHWIaxFYxsrPwgGrLqEdFHtU=";

/// When all of it happens, in seconds since the Unix epoch.
pub const NOW: i64 = 1_700_000_000;

/// An application with a clock that stands still.
#[derive(Debug)]
pub struct App {
    pub clock: SettableClock,
    pub mint: Mint,
}

impl App {
    pub fn new() -> Self {
        let clock = SettableClock::at(NOW);
        let mint = Mint::new(CLIENT_ID).with_clock(clock.clone());
        Self { clock, mint }
    }

    /// A verifier in the making, on the clock of the application.
    pub fn verifier(&self) -> VerifierBuilder {
        Verifier::builder(audience()).clock(self.clock.clone())
    }

    /// The handle that servers hold, with the client id known from the start.
    pub fn magic(&self) -> Magic {
        let key = SecretKey::new("sk_live_0123456789ABCDEF").expect("it has the form of one");
        let magic = Magic::builder(key).client_id(CLIENT_ID).clock(self.clock.clone());
        magic.base_url("http://127.0.0.1:9").build().expect("the settings are good")
    }

    /// A token of the user with this number; another one each time.
    pub fn token(&self, user: u64) -> String {
        self.mint.token(&TestUser::from_seed(user))
    }

    /// This many tokens, each of another user.
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
