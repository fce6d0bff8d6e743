//! Token gating: checks that a user owns a token on an Ethereum chain.
//!
//! A [`Chain`] is an RPC endpoint and the ID of the chain that it must serve. It creates
//! requirements for ERC-721, ERC-1155 and ERC-20 contracts. Use [`all_of`], [`any_of`] and [`not`]
//! to combine them, even across chains. A [`Gate`] checks a [`Requirement`] for the users of
//! verified tokens, and caches the results.
//!
//! ```no_run
//! use magic_admin::{VerifiedToken, gating::{Chain, Gate, Ownership, any_of}};
//!
//! # async fn example(user: VerifiedToken) -> Result<(), Box<dyn std::error::Error>> {
//! let ethereum = Chain::new(1, "https://rpc.example/v2/key")?;
//! let pass = ethereum.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
//! let badge = ethereum.erc1155("0xd07dc4262BCDbf85190C01c996b4C06a461d2430".parse()?).token(7_u64);
//! let members = Gate::new(any_of([pass.into(), badge.into()])?);
//!
//! match members.check(&user).await {
//!     Ok(Ownership::Owns) => println!("Welcome!"),
//!     Ok(_) => println!("members only"),
//!     Err(error) => println!("try again later: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Security
//!
//! A check never results in *owns* unless every contract and every chain that it depends on
//! confirms it. An endpoint that fails, sends an invalid response or serves another chain is an
//! error, and so is an address without a contract or with a contract of another standard. You have
//! to trust the RPC endpoint, though: whoever controls it controls the result. A check determines
//! ownership in a particular block, so a token can change hands at any time after the check, and a
//! [`Gate`] caches *owns* for 60 s by default.

mod abi;
mod ask;
mod block;
mod chain;
mod chain_builder;
mod check;
mod combine;
mod error;
mod gate;
mod gate_builder;
mod ownership;
mod plan;
mod requirement;
mod rpc;
mod standards;
mod token_ownership;
mod uint256;

pub use block::BlockTag;
pub use chain::Chain;
pub use chain_builder::ChainBuilder;
pub use combine::{all_of, any_of, not};
pub use error::{GatingError, GatingErrorKind};
pub use gate::Gate;
pub use gate_builder::GateBuilder;
pub use ownership::Ownership;
pub use requirement::Requirement;
pub use standards::{Erc20, Erc721, Erc1155, Erc1155Tokens};
pub use token_ownership::{ContractType, TokenOwnership, TokenOwnershipError};
pub use uint256::Uint256;
