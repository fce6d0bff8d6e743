mod decode;
mod input;
mod mint;
mod validate;

use clap::Subcommand;

use self::{decode::Decode, mint::MintToken, validate::Validate};
use crate::{failure::Failure, output::Output};

pub(crate) use input::one_token;

#[derive(Debug, Subcommand)]
#[command(after_help = HELP)]
pub(crate) enum TokenCommand {
    /// Show the contents of a DID token without verifying it.
    Decode(Decode),
    /// Check whether a DID token is valid, and show its issuer.
    Validate(Validate),
    /// Issue a DID token for tests.
    Mint(MintToken),
}

impl TokenCommand {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Decode(command) => command.run(output),
            Self::Validate(command) => command.run(output),
            Self::Mint(command) => command.run(output),
        }
    }
}

const HELP: &str = "\
Examples:
  magic-admin token decode \"$TOKEN\"
  magic-admin token validate --client-id did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b \"$TOKEN\"
  magic-admin token validate 'Authorization: Bearer WyIw…'   # with MAGIC_CLIENT_ID set
  magic-admin token mint --key-seed 1 --client-id my-app | magic-admin token validate --client-id my-app -";
