//! Runs the real program: its lines to paste, its ends, its log.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's own exemption ends at helper functions"
)]

mod guide;
mod http;
mod log;
mod program;
mod shared;
mod start_and_end;
