//! Shared code of the benchmarks and their tests.
//!
//! `BENCHMARKS.md` describes what is measured and how to run it.

mod app;
pub mod cases;
pub mod measure;
pub mod request;
pub mod results;

pub use app::{App, CLIENT_ID, NOW, audience, magic};
