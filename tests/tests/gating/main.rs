//! Token gating on a real EVM. The verdict follows the tokens, and a contract that lies or fails
//! never counts as ownership.

mod lies;
mod parity;
mod verdicts;
