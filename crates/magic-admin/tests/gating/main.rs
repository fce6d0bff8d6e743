//! Tests token gating against an RPC endpoint and contracts that lie or fail in every way. None of
//! this may ever count as ownership. The honest chain is tested on a real EVM in the workspace's
//! tests.
#![cfg(feature = "gating")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod combinations;
mod contracts;
mod endpoint;
mod endpoints;
#[path = "../admin_api/support/log.rs"]
mod log;
mod secrets;
