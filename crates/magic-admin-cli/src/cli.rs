use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    client::ClientCommand, completions::Completions, emulator::Emulator, failure::Failure,
    nft::NftCommand, output::Output, token::TokenCommand, user::UserCommand,
};

/// Inspect, verify and issue DID tokens of Magic (magic.link), call its Admin API, and emulate it.
#[derive(Debug, Parser)]
#[command(name = "magic-admin", version, arg_required_else_help = false, after_help = HELP)]
pub(crate) struct Cli {
    /// Print JSON, one compact object per line, for errors as well.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decode, validate and issue DID tokens.
    #[command(subcommand, arg_required_else_help = false)]
    Token(TokenCommand),
    /// Look up users at Magic, log them out, and remove their second factor.
    #[command(subcommand, arg_required_else_help = false)]
    User(UserCommand),
    /// Check who owns tokens on Ethereum chains.
    #[command(subcommand, arg_required_else_help = false)]
    Nft(NftCommand),
    /// Show what Magic knows about your application.
    #[command(subcommand, arg_required_else_help = false)]
    Client(ClientCommand),
    /// Emulate Magic for local development, for front ends and servers in any language.
    Emulator(Emulator),
    /// Print a completion script for your shell.
    Completions(Completions),
}

impl Command {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Token(command) => command.run(output),
            Self::User(command) => command.run(output),
            Self::Nft(command) => command.run(output),
            Self::Client(command) => command.run(output),
            Self::Emulator(command) => command.run(output),
            Self::Completions(command) => command.run(Cli::command(), output),
        }
    }
}

const HELP: &str = "\
Examples:
  magic-admin token decode \"$TOKEN\"
  magic-admin token validate --client-id my-app \"$TOKEN\"
  magic-admin token mint --key-seed 1 --client-id my-app
  MAGIC_API_SECRET_KEY=sk_live_… magic-admin client info
  magic-admin user get --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --json
  magic-admin emulator

Exit status: 0 success; 1 failure, which includes rejected tokens and an invalid configuration; 2 invalid
command line; 3 unknown (nft owns only).";
