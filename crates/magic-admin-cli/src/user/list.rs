use clap::Args;
use magic_admin::Address;

use super::fields::print_list;
use crate::{
    connection::{Connection, ENVIRONMENT},
    failure::Failure,
    output::Output,
    runtime::block_on,
};

#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct List {
    /// Address of a user: 0x…; repeat it for several users.
    #[arg(long, required = true)]
    address: Vec<Address>,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let magic = self.connection.open()?;
        block_on(async {
            let users = magic.users().metadata_by_public_addresses(&self.address).await?;
            print_list(&users, output)
        })
    }
}

fn help() -> String {
    format!("{EXAMPLES}\n\n{ENVIRONMENT}")
}

const EXAMPLES: &str = "\
Examples:
  magic-admin user list --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
  magic-admin user list --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf \\
                        --address 0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF --json

JSON: the response from Magic; a list is printed with one element per line.";
