use clap::{Args, ValueEnum};
use magic_admin::{
    Address, ConfigError,
    gating::{Chain, Requirement, Uint256, any_of},
};

use crate::failure::Failure;

/// The tokens that the user must own.
#[derive(Debug, Args)]
pub(super) struct Required {
    /// Address of the contract: 0x…
    #[arg(long, value_name = "ADDRESS")]
    contract: Address,
    /// Standard that the contract follows.
    #[arg(long, value_enum)]
    standard: Standard,
    /// ID of the token, decimal or 0x…; repeat it to accept any of several.
    #[arg(long, value_name = "ID")]
    token_id: Vec<Uint256>,
    /// Number of tokens that must be owned; for erc20, in the token's smallest unit [default: 1].
    #[arg(long, value_name = "N")]
    at_least: Option<Uint256>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Standard {
    Erc721,
    Erc1155,
    Erc20,
}

impl Required {
    /// Builds the requirement. An invalid combination of options is a usage error.
    pub(super) fn on(self, chain: &Chain) -> Result<Requirement, Failure> {
        let Self { contract, standard, token_id: ids, at_least } = self;
        let amount = at_least.unwrap_or(Uint256::from(1_u64));
        let requirement: Result<Requirement, ConfigError> = match standard {
            Standard::Erc721 if ids.is_empty() => chain.erc721(contract).at_least(amount),
            Standard::Erc721 if at_least.is_some() => {
                return Err(Failure::Usage(
                    "--at-least cannot be used with --token-id for erc721".into(),
                ));
            }
            Standard::Erc721 => any_of(ids.into_iter().map(|id| chain.erc721(contract).token(id))),
            Standard::Erc1155 if ids.is_empty() => {
                return Err(Failure::Usage("erc1155 requires --token-id".into()));
            }
            Standard::Erc1155 => {
                chain.erc1155(contract).any_token(ids).and_then(|tokens| tokens.at_least(amount))
            }
            Standard::Erc20 if ids.is_empty() => chain.erc20(contract).at_least(amount),
            Standard::Erc20 => {
                return Err(Failure::Usage("--token-id cannot be used for erc20".into()));
            }
        };
        requirement.map_err(|error| Failure::Usage(error.to_string().into()))
    }
}
