//! Token gating on a real EVM: the verdict follows what happens to the tokens, and no contract that
//! lies or fails is taken for ownership.

mod lies;
mod parity;
mod verdicts;
