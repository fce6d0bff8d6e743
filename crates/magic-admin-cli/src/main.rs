//! The `magic-admin` command: inspects, verifies and issues DID tokens, calls Magic's Admin API, and emulates
//! Magic.
//!
//! Exit status: 0 success; 1 failure; 2 invalid command line; 3 (`nft owns` only) unknown. Every status other
//! than 0 comes with one line on stderr.

#[cfg(not(any(feature = "secp256k1", feature = "k256")))]
compile_error!(
    "magic-admin-cli needs a curve backend: enable the feature `secp256k1` (libsecp256k1, the default) or `k256` (pure Rust)"
);

mod cli;
mod client;
mod client_ids;
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

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::{cli::Cli, output::Output};

fn main() -> ExitCode {
    let parsed = Cli::command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return report::usage(&error, &mut Output::new(wants_json())),
    };
    let mut output = Output::new(cli.json);
    match cli.command.run(&mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::failure(failure, called(&matches), &mut output),
    }
}

/// Returns the subcommand that was called, whose usage an error shows.
fn called(mut matches: &ArgMatches) -> Command {
    let mut command = Cli::command();
    command.build();
    while let Some((name, inner)) = matches.subcommand() {
        let Some(subcommand) = command.find_subcommand(name) else { break };
        command = subcommand.clone();
        matches = inner;
    }
    command
}

/// Looks for `--json` in a command line that cannot be parsed.
fn wants_json() -> bool {
    std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}
