//! Runs the real program: its lines to paste, its ends, its log.
#![cfg(unix)]

mod guide;
mod log;
mod program;
mod start_and_end;
