mod announcement;
mod log;
mod stop;
mod users;

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use magic_admin::Audience;
use magic_admin_testkit::{FakeMagic, FakeUser, TestUser};

use self::{announcement::Announcement, stop::stop_signal};
use crate::{failure::Failure, output::Output, runtime::block_on};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Emulator {
    /// Address to listen on; port 0 picks a free port. Anyone who can reach the port can call the emulator.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// JSON file with the users to start with [default: alice@example.com and bob@example.com].
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Accept every other issuer as well, as a user with no e-mail address and no wallets.
    #[arg(long)]
    any_user: bool,
    /// Client ID of the emulated application [default: the emulator's own].
    #[arg(long, allow_hyphen_values = true, value_name = "ID")]
    client_id: Option<String>,
    /// The only publishable key to accept from front ends [default: any].
    #[arg(long, value_name = "KEY")]
    publishable_key: Option<String>,
    /// One-time code for every sign-in [default: a random code for each, shown in the log].
    #[arg(long, value_name = "DIGITS", value_parser = six_digits)]
    code: Option<String>,
    /// Number from which the keys of new users are derived; the same seed gives the same addresses.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

impl Emulator {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        if let Some(client_id) = &self.client_id {
            Audience::new(client_id.as_str())?;
        }
        let users = match &self.users {
            None => default_users(),
            Some(file) => users::read(file)?,
        };
        block_on(self.serve(users, output))
    }

    async fn serve(self, users: Vec<FakeUser>, output: &mut Output) -> Result<(), Failure> {
        // Listen for signals before announcing anything: a script may stop the emulator as soon as it has
        // read the announcement.
        let stop = stop_signal().map_err(|error| {
            Failure::configuration(format!("cannot listen for signals: {error}"))
        })?;
        let mut builder = FakeMagic::builder()
            .bind(self.bind)
            .users(users.clone())
            .seed(self.seed)
            .on_call(log::call)
            .on_browser_event(log::browser_event);
        if let Some(key) = self.publishable_key {
            builder = builder.publishable_key(key);
        }
        if let Some(code) = self.code {
            builder = builder.one_time_code(code);
        }
        if let Some(client_id) = self.client_id {
            builder = builder.client_id(client_id);
        }
        if self.any_user {
            builder = builder.any_user();
        }
        let fake = builder.start().await.map_err(|error| {
            let bind = self.bind;
            Failure::configuration(format!(
                "cannot listen on {bind}: {error}; choose another --bind"
            ))
        })?;
        output.item(&Announcement::new(&fake, &users))?;
        stop.await;
        fake.shutdown().await;
        Ok(())
    }
}

fn default_users() -> Vec<FakeUser> {
    [(1, "alice@example.com"), (2, "bob@example.com")]
        .map(|(seed, email)| FakeUser::from(TestUser::from_seed(seed)).email(email))
        .into()
}

fn six_digits(text: &str) -> Result<String, &'static str> {
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text.to_owned()) } else { Err("a one-time code has six digits") }
}

const HELP: &str = "\
Serves both generations of the Admin API, and the iframe that Magic's browser SDK loads. Prints the settings
for your application, and logs each call and each one-time code to stderr. Stops on Ctrl-C or
SIGTERM, with status 0.

Examples:
  magic-admin emulator
  magic-admin emulator --bind 127.0.0.1:8787 --client-id \"$MAGIC_CLIENT_ID\" --users users.json
  magic-admin emulator --code 123456   # in a front end: new Magic(key, { endpoint })
  magic-admin emulator --json | jq .

users.json is a list. Each user needs `key_seed` (a number; `token mint --key-seed` issues tokens for
that user), `public_address` or `issuer`. All other fields are returned unchanged:
  [{\"key_seed\": 1, \"email\": \"alice@example.com\", \"oauth_provider\": \"google\"},
   {\"public_address\": \"0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF\", \"phone_number\": \"+15550100\",
    \"wallets\": [{\"network\": \"mainnet\", \"public_address\": \"9xQe\", \"wallet_type\": \"SOLANA\"}]}]

With --json, prints this object as soon as it listens, with a sample token for each user with a key_seed:
{\"address\", \"base_url\", \"endpoint\", \"secret_key\", \"publishable_key\", \"client_id\",
\"tokens\": [{\"issuer\", \"public_address\", \"token\"}]}.";
