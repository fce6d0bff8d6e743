mod act;
mod fields;
mod get;
mod list;
mod subject;

use clap::Subcommand;

use self::{
    act::{Act, Action},
    get::Get,
    list::List,
};
use crate::{failure::Failure, output::Output};

pub(crate) use fields::Fields;

#[derive(Debug, Subcommand)]
#[command(after_help = HELP)]
pub(crate) enum UserCommand {
    /// Look up a user.
    Get(Get),
    /// Look up several users in one call.
    List(List),
    /// Log a user out, which ends all of their sessions with Magic.
    #[command(after_help = act::help("logout"))]
    Logout(Act),
    /// Remove a user's second factor, so that they can sign in without it.
    #[command(after_help = act::help("remove-mfa"))]
    RemoveMfa(Act),
}

impl UserCommand {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Get(command) => command.run(output),
            Self::List(command) => command.run(output),
            Self::Logout(command) => command.run(Action::Logout, output),
            Self::RemoveMfa(command) => command.run(Action::RemoveMfa, output),
        }
    }
}

const HELP: &str = "\
Examples:
  export MAGIC_API_SECRET_KEY=sk_live_…
  magic-admin user get --email alice@example.com
  magic-admin user list --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --json
  magic-admin user logout --token \"$TOKEN\"";
