//! Runs the real program, and tests its printed commands, how it starts and stops, and its log.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's own exemption ends at helper functions"
)]

mod directory;
mod guide;
mod http;
mod log;
mod program;
mod redis;
mod restart;
mod shared;
mod start_and_end;
