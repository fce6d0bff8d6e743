//! Tests the Admin API client against a raw server on a real port: the requests it sends, and how
//! it handles every kind of response.
#![cfg(feature = "online")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod calls;
mod faults;
#[cfg(all(feature = "reqwest-client", feature = "rustls-ring"))]
mod own_client;
mod rejections;
mod secrets;
mod settings;
mod spans;
mod support;
