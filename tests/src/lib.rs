//! Shared code of the workspace's tests: the vectors, a generator of tokens, and the quickstart's
//! application on its own port.

mod answer;
mod app;
mod fixture;
pub mod generator;
mod time;

pub use answer::Answer;
pub use app::{App, http_client};
pub use fixture::{CLIENT_ID, Fixture, NOW};
pub use time::StoppedTime;

use std::{fs, path::Path};

use magic_admin::{Clock, UnixSeconds};
use serde::Deserialize;

/// An entry of `vectors/did-tokens.json`: a token, the settings to verify it with, our verdict and
/// those of the official SDKs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    pub token: String,
    /// `None` accepts any audience.
    pub client_id: Option<String>,
    pub now: i64,
    /// `None` if no attachment is passed.
    pub attachment: Option<String>,
    /// `ok`, or the code of the rejection.
    pub expect: String,
    pub js: String,
    pub python: String,
}

/// Returns all vectors.
pub fn vectors() -> Vec<Vector> {
    serde_json::from_str(&read("did-tokens.json")).expect("the vectors are JSON")
}

/// Returns a token that was issued by Magic itself.
pub fn issued_by_magic() -> String {
    read("issued-by-magic.txt").trim().to_owned()
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    fs::read_to_string(path).expect("the vectors are part of the repository")
}

/// A clock that always returns the same time.
#[derive(Debug, Clone, Copy)]
pub struct StoppedClock(pub i64);

impl Clock for StoppedClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.0)
    }
}

/// The code of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/gating.md")]
#[derive(Debug)]
pub struct Gating;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guard-routes.md")]
#[derive(Debug)]
pub struct GuardRoutes;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/connections.md")]
#[derive(Debug)]
pub struct Connections;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/logout.md")]
#[derive(Debug)]
pub struct Logout;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/openapi.md")]
#[derive(Debug)]
pub struct OpenApi;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/operations.md")]
#[derive(Debug)]
pub struct Operations;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sessions.md")]
#[derive(Debug)]
pub struct Sessions;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/servers.md")]
#[derive(Debug)]
pub struct Servers;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
#[derive(Debug)]
pub struct Testing;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/frameworks.md")]
#[derive(Debug)]
pub struct Frameworks;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/profiles.md")]
#[derive(Debug)]
pub struct Profiles;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sign-in.md")]
#[derive(Debug)]
pub struct SignIn;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/spa.md")]
#[derive(Debug)]
pub struct Spa;

/// The code of a guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating.md")]
#[derive(Debug)]
pub struct Migrating;
