use clap::{ArgGroup, Args};
use magic_admin::{
    Magic,
    admin::{OAuthProvider, WalletType},
};

use super::{
    fields::{Fields, print_list},
    subject::{NAMES, Subject},
};
use crate::{
    connection::{Connection, ENVIRONMENT},
    failure::Failure,
    output::Output,
    runtime::block_on,
};

#[derive(Debug, Args)]
#[command(after_help = help())]
#[command(group = ArgGroup::new("user").required(true).args(NAMES).arg("email"))]
pub(crate) struct Get {
    #[command(flatten)]
    subject: Subject,
    /// E-mail address of the user.
    #[arg(long)]
    email: Option<String>,
    /// OAuth provider that the user signs in with: google, github, …
    #[arg(long, conflicts_with_all = NAMES, value_name = "NAME")]
    provider: Option<OAuthProvider>,
    /// Include wallets of this type: ETH, SOLANA, …, or ANY for all.
    #[arg(long, conflicts_with = "email", value_name = "TYPE")]
    wallet: Option<WalletType>,
    #[command(flatten)]
    connection: Connection,
}

impl Get {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let magic = self.connection.open()?;
        let wallet = self.wallet.unwrap_or(WalletType::NONE);
        block_on(async {
            if let Some(email) = self.email {
                return by_email(&magic, &email, self.provider.as_ref(), output).await;
            }
            let Some(issuer) = self.subject.issuer(&magic).await? else {
                return Err(Failure::Usage("no user".into()));
            };
            let user = magic.users().metadata_by_issuer_with_wallet(issuer, &wallet).await?;
            output.item(&Fields(user.raw()))
        })
    }
}

async fn by_email(
    magic: &Magic,
    email: &str,
    provider: Option<&OAuthProvider>,
    output: &mut Output,
) -> Result<(), Failure> {
    let users = magic.users().metadata_by_email(email, provider).await?;
    if users.users().is_empty() {
        return Err(Failure::no_such_user(
            "Magic returned no user with this e-mail address; check the address and the provider",
        ));
    }
    print_list(&users, output)
}

fn help() -> String {
    format!("{EXAMPLES}\n\n{ENVIRONMENT}")
}

const EXAMPLES: &str = "\
Examples:
  magic-admin user get --issuer did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
  magic-admin user get --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --wallet ANY --json
  magic-admin user get --email alice@example.com --provider google
  magic-admin user get --token \"$TOKEN\"

JSON: the object that Magic returned.";
