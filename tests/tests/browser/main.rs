//! Tests with headless Chromium and the unmodified browser SDK. `tests/browser/README.md` describes
//! how they are installed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod quickstart;
mod relayer;
mod script;
mod spa;
