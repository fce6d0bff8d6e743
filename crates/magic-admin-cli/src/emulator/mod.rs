mod announcement;
mod stop;
mod users;

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Args;
use magic_admin::{Audience, Clock, SystemClock};
use magic_admin_testkit::{Call, FakeMagic, FakeUser, TestUser};

use self::{announcement::Announcement, stop::stop_signal};
use crate::{
    failure::Failure,
    output::Output,
    runtime::block_on,
    text::{date, printable},
};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Emulator {
    /// Listen here; port 0 is a free one. Whoever reaches it can call it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// Know the users in this JSON file; without one, alice@example.com and bob@example.com.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Know every other issuer as well, as a user without e-mail address and wallets.
    #[arg(long)]
    any_user: bool,
    /// The client id of the emulated application [default: the emulator's own].
    #[arg(long, allow_hyphen_values = true, value_name = "ID")]
    client_id: Option<String>,
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
        // Before anything is announced: whoever reads that may stop us at once.
        let stop = stop_signal().map_err(|error| {
            Failure::configuration(format!("signals cannot be received: {error}"))
        })?;
        let mut builder = FakeMagic::builder().bind(self.bind).users(users.clone()).on_call(log);
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

/// One line a call. Without query and body, which can hold e-mail addresses.
fn log(call: &Call) {
    let time = date(SystemClock::default().now()).unwrap_or_default();
    let status = call.status().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let path = printable(call.path());
    let note = if call.key_accepted() { "" } else { " (wrong or no X-Magic-Secret-Key)" };
    // The emulator goes on although nobody reads its log.
    let _ = writeln!(io::stderr(), "{time} {} {path} {status}{note}", call.method());
}

const HELP: &str = "\
Serves both generations of the Admin API, prints how to reach it, logs each call on stderr, and ends
with status 0 on Ctrl-C or SIGTERM.

Examples:
  magic-admin emulator
  magic-admin emulator --bind 127.0.0.1:8787 --client-id \"$MAGIC_CLIENT_ID\" --users users.json
  magic-admin emulator --json | jq .

users.json is a list. Each user needs `key_seed` (a number: `token mint --key-seed` makes its tokens),
`public_address` or `issuer`; every other field is answered as it stands:
  [{\"key_seed\": 1, \"email\": \"alice@example.com\", \"oauth_provider\": \"google\"},
   {\"public_address\": \"0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF\", \"phone_number\": \"+15550100\",
    \"wallets\": [{\"network\": \"mainnet\", \"public_address\": \"9xQe\", \"wallet_type\": \"SOLANA\"}]}]

JSON, once it listens: {\"address\", \"base_url\", \"secret_key\", \"client_id\", \"tokens\": [{\"issuer\",
\"public_address\", \"token\"}]}, a sample token for each user with a key_seed.";
