//! The `magic-admin` command: inspects, verifies and mints DID tokens, calls Magic's Admin API and
//! emulates it.
//!
//! Exit status: 0 done, 1 everything that failed once the command line was understood, 2 command
//! line not understood, 3 (of `nft owns`) not known. Any other status than 0 comes with one line on
//! stderr.

#[cfg(not(any(feature = "secp256k1", feature = "k256")))]
compile_error!(
    "magic-admin-cli needs a curve backend: enable the feature `secp256k1` (libsecp256k1, the default) or `k256` (pure Rust)"
);

mod cli;
mod client;
mod completions;
mod connection;
mod emulator;
mod failure;
mod nft;
mod output;
mod report;
mod runtime;
mod text;
mod token;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{cli::Cli, output::Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report::usage(&error),
    };
    let mut output = Output::new(cli.json);
    match cli.command.run(&mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::failure(failure, Cli::command(), &mut output),
    }
}
