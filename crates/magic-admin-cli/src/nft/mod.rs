mod owns;
mod requirement;

use clap::Subcommand;

use self::owns::Owns;
use crate::{failure::Failure, output::Output};

#[derive(Debug, Subcommand)]
#[command(after_help = HELP)]
pub(crate) enum NftCommand {
    /// Check whether a user owns a token on an Ethereum chain.
    Owns(Box<Owns>),
}

impl NftCommand {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Owns(command) => command.run(output),
        }
    }
}

const HELP: &str = "\
Examples:
  export MAGIC_RPC_URL=https://rpc.example/v2/key
  magic-admin nft owns --chain-id 1 --standard erc721 --contract 0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D \\
    --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
