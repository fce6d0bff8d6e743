use super::{
    Chain, GatingErrorKind, Uint256,
    abi::{self, Selector},
    chain::Returned,
};
use crate::types::Address;

/// A single question to a contract.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) chain: Chain,
    pub(super) contract: Address,
    pub(super) question: Question,
}

#[derive(Clone, Debug)]
pub(super) enum Question {
    Erc20 { at_least: Uint256 },
    Erc721Balance { at_least: Uint256 },
    Erc721Token { id: Uint256 },
    Erc1155 { ids: Vec<Uint256>, of_ids: OfIds, at_least: Uint256 },
}

/// The quantifier over several IDs: one of them or all of them must be owned.
#[derive(Clone, Copy, Debug)]
pub(super) enum OfIds {
    Any,
    Every,
}

impl Question {
    /// Returns the name of the standard used in the metrics.
    pub(super) const fn standard(&self) -> &'static str {
        match self {
            Self::Erc20 { .. } => "erc20",
            Self::Erc721Balance { .. } | Self::Erc721Token { .. } => "erc721",
            Self::Erc1155 { .. } => "erc1155",
        }
    }

    /// Returns the interface that the contract must declare through ERC-165. ERC-20 has none.
    pub(super) const fn interface(&self) -> Option<Selector> {
        match self {
            Self::Erc20 { .. } => None,
            Self::Erc721Balance { .. } | Self::Erc721Token { .. } => Some([0x80, 0xac, 0x58, 0xcd]),
            Self::Erc1155 { .. } => Some([0xd9, 0xb6, 0x7a, 0x26]),
        }
    }

    /// Returns how much the question counts towards the maximum size of a requirement.
    pub(super) const fn size(&self) -> usize {
        match self {
            Self::Erc1155 { ids, .. } => ids.len(),
            _ => 1,
        }
    }

    /// Returns the data of the contract call.
    pub(super) fn data(&self, owner: Address) -> Vec<u8> {
        match self {
            Self::Erc20 { .. } | Self::Erc721Balance { .. } => abi::balance_of(owner),
            Self::Erc721Token { id } => abi::owner_of(*id),
            Self::Erc1155 { ids, .. } => match ids.as_slice() {
                [id] => abi::balance_of_id(owner, *id),
                ids => abi::balance_of_batch(owner, ids),
            },
        }
    }

    /// Interprets the result of the contract call.
    pub(super) fn judge(
        &self,
        owner: Address,
        returned: &Returned,
    ) -> Result<bool, GatingErrorKind> {
        let answer = match (self, returned) {
            // The token does not exist, so nobody owns it.
            (Self::Erc721Token { .. }, Err(GatingErrorKind::Reverted)) => return Ok(false),
            (_, Err(kind)) => return Err(*kind),
            (_, Ok(answer)) if answer.is_empty() => return Err(GatingErrorKind::NoContract),
            (_, Ok(answer)) => answer.as_slice(),
        };
        let verdict = match self {
            Self::Erc20 { at_least } | Self::Erc721Balance { at_least } => {
                abi::number(answer).map(|balance| balance >= *at_least)
            }
            Self::Erc721Token { .. } => abi::owner(answer).map(|found| found == owner),
            Self::Erc1155 { ids, of_ids, at_least } => {
                let balances = match ids.as_slice() {
                    [_] => abi::number(answer).map(|balance| vec![balance]),
                    ids => abi::numbers(answer, ids.len()),
                };
                balances.map(|balances| match of_ids {
                    OfIds::Any => balances.iter().any(|balance| balance >= at_least),
                    OfIds::Every => balances.iter().all(|balance| balance >= at_least),
                })
            }
        };
        verdict.ok_or(GatingErrorKind::Malformed)
    }
}
