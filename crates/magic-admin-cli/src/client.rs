use clap::{Args, Subcommand};

use crate::{
    connection::{Connection, ENVIRONMENT},
    failure::Failure,
    output::Output,
    runtime::block_on,
    user::Fields,
};

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum ClientCommand {
    /// Print your application's client ID and everything else Magic returns about it.
    Info(Info),
}

#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Info {
    #[command(flatten)]
    connection: Connection,
}

impl ClientCommand {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let Self::Info(Info { connection }) = self;
        let magic = connection.open()?;
        block_on(async {
            let info = magic.client().info().await?;
            output.item(&Fields(info.raw()))
        })
    }
}

fn help() -> String {
    format!("{EXAMPLES}\n\n{ENVIRONMENT}")
}

const EXAMPLES: &str = "\
Examples:
  MAGIC_API_SECRET_KEY=sk_live_… magic-admin client info
  magic-admin client info --secret-key-file /run/secrets/magic --json";
