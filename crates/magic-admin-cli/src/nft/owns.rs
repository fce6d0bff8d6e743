use std::{ffi::OsString, fmt};

use clap::{ArgGroup, Args};
use magic_admin::{
    Address, Verifier,
    gating::{Chain, Ownership},
};
use serde::Serialize;

use super::requirement::Required;
use crate::{
    client_ids::ClientIds, failure::Failure, output::Output, runtime::block_on, token::one_token,
};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
#[command(group = ArgGroup::new("owner").required(true).args(["token", "address"]))]
pub(crate) struct Owns {
    /// RPC URL of the chain. It often contains a key, so prefer the environment variable.
    #[arg(long, value_name = "URL", env = "MAGIC_RPC_URL", hide_env_values = true)]
    rpc_url: String,
    /// ID of the chain that the endpoint must serve; 1 is Ethereum.
    #[arg(long, value_name = "ID")]
    chain_id: u64,
    #[command(flatten)]
    required: Required,
    /// DID token of the user, which is verified first; `-` reads it from standard input.
    #[arg(long)]
    token: Option<OsString>,
    #[command(flatten)]
    client_ids: ClientIds,
    /// Address of the user: 0x…
    #[arg(long)]
    address: Option<Address>,
}

impl Owns {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let chain = Chain::new(self.chain_id, self.rpc_url)
            .map_err(|error| Failure::Usage(error.to_string().into()))?;
        let requirement = self.required.on(&chain)?;
        let address = match (self.token, self.address) {
            (Some(token), _) => address_of(token, self.client_ids)?,
            (None, Some(address)) => address,
            (None, None) => return Err(Failure::Usage("no user".into())),
        };
        block_on(async {
            let owns = requirement.dangerous_check_address(address).await?;
            output.item(&Verdict { owns: owns.is_owned(), address })?;
            match owns {
                Ownership::Owns => Ok(()),
                Ownership::DoesNotOwn => Err(Failure::Told(
                    "ERROR_NOT_OWNED: the user does not own the token".to_owned(),
                )),
            }
        })
    }
}

/// Verifies a token and returns the user's address.
fn address_of(token: OsString, client_ids: ClientIds) -> Result<Address, Failure> {
    // Report a usage error, because status 1 would say that the user does not own the token.
    let audience = client_ids.audience().map_err(Failure::into_usage)?;
    Ok(Verifier::new(audience).verify(&one_token(token)?)?.address())
}

#[derive(Serialize)]
struct Verdict {
    owns: bool,
    address: Address,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.address, if self.owns { "owns it" } else { "does not own it" })
    }
}

const HELP: &str = "\
Examples:
  export MAGIC_RPC_URL=https://rpc.example/v2/key
  magic-admin nft owns --chain-id 1 --contract 0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D --standard erc721 \\
    --client-id my-app --token \"$TOKEN\"
  magic-admin nft owns --chain-id 137 --contract 0xd07dc4262BCDbf85190C01c996b4C06a461d2430 --standard erc1155 \\
    --token-id 7 --token-id 8 --at-least 2 --address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --json

JSON: {\"owns\", \"address\"}.
Exit status: 0 the user owns the token; 1 the user does not own it, or the DID token was rejected; 2 invalid
command line; 3 ownership cannot be checked, because the endpoint does not respond, serves another chain, or
has no such contract.";
