use std::fmt;

use clap::{ArgGroup, Args};
use magic_admin::Issuer;
use serde::Serialize;

use super::subject::{NAMES, Subject};
use crate::{
    connection::{Connection, ENVIRONMENT},
    failure::Failure,
    output::Output,
    runtime::block_on,
};

/// A command that changes one user.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("user").required(true).args(NAMES))]
pub(crate) struct Act {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    Logout,
    RemoveMfa,
}

impl Act {
    pub(crate) fn run(self, action: Action, output: &mut Output) -> Result<(), Failure> {
        let magic = self.connection.open()?;
        block_on(async {
            let Some(issuer) = self.subject.issuer(&magic).await? else {
                return Err(Failure::Usage("no user".into()));
            };
            let users = magic.users();
            match action {
                Action::Logout => users.logout_by_issuer(issuer).await?,
                Action::RemoveMfa => users.remove_mfa_by_issuer(issuer).await?,
            }
            output.item(&Done { done: action, issuer })
        })
    }
}

#[derive(Serialize)]
struct Done {
    done: Action,
    issuer: Issuer,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.done {
            Action::Logout => write!(f, "logged out {}", self.issuer),
            Action::RemoveMfa => write!(f, "removed the second factor of {}", self.issuer),
        }
    }
}

pub(super) fn help(command: &str) -> String {
    format!(
        "\
Examples:
  magic-admin user {command} --issuer did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
  magic-admin user {command} --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --json
  magic-admin user {command} --token \"$TOKEN\"

JSON: {{\"done\": \"{command}\", \"issuer\"}}, once Magic has confirmed it.

{ENVIRONMENT}"
    )
}
