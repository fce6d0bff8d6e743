#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
pub mod conformance;
#[cfg(feature = "online")]
mod magic;
mod mint;
mod relayer;
mod server;

pub use clock::SettableClock;
pub use mint::{Encoding, KeyError, Layout, Mint, Signature, TestUser, TokenBuilder};
pub use relayer::BrowserEvent;
pub use server::{Call, Endpoint, FakeMagic, FakeMagicBuilder, FakeUser, Fault};
