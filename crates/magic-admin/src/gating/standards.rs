use super::{
    Chain, Requirement, Uint256,
    check::{Check, OfIds, Question},
    combine::{MAX_SIZE, too_large},
    requirement::Node,
};
use crate::types::{Address, ConfigError, ConfigErrorKind};

impl Chain {
    /// Starts a requirement for an ERC-721 contract. Used on its own, it is met by any token of the
    /// contract.
    pub fn erc721(&self, contract: Address) -> Erc721 {
        Erc721 { chain: self.clone(), contract }
    }

    /// Starts a requirement for an ERC-1155 contract, with one or several token IDs.
    pub fn erc1155(&self, contract: Address) -> Erc1155 {
        Erc1155 { chain: self.clone(), contract }
    }

    /// Starts a requirement for an amount of an ERC-20 token.
    pub fn erc20(&self, contract: Address) -> Erc20 {
        Erc20 { chain: self.clone(), contract }
    }
}

/// An ERC-721 contract.
///
/// Converted to a [`Requirement`], it is met by any token of the contract.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, Requirement};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let apes = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
/// let any: Requirement = apes.clone().into();
/// let genesis = apes.clone().token(1_u64);
/// let ten = apes.at_least(10_u64)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Erc721 {
    chain: Chain,
    contract: Address,
}

impl Erc721 {
    /// Requires the token with this ID. If the token does not exist, nobody owns it.
    #[must_use]
    pub fn token(self, id: impl Into<Uint256>) -> Requirement {
        let Self { chain, contract } = self;
        requirement(chain, contract, Question::Erc721Token { id: id.into() })
    }

    /// Requires at least this many tokens of the contract, whatever their IDs.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for 0, which everyone would satisfy.
    pub fn at_least(self, count: impl Into<Uint256>) -> Result<Requirement, ConfigError> {
        let at_least = positive(count.into())?;
        let Self { chain, contract } = self;
        Ok(requirement(chain, contract, Question::Erc721Balance { at_least }))
    }
}

impl From<Erc721> for Requirement {
    fn from(Erc721 { chain, contract }: Erc721) -> Self {
        requirement(chain, contract, Question::Erc721Balance { at_least: Uint256::ONE })
    }
}

/// An ERC-1155 contract.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::Chain;
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let items = chain.erc1155("0xd07dc4262BCDbf85190C01c996b4C06a461d2430".parse()?);
/// let three_of_one = items.clone().token(7_u64).at_least(3_u64)?;
/// let the_set = items.every_token([1_u64, 2, 3])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Erc1155 {
    chain: Chain,
    contract: Address,
}

impl Erc1155 {
    /// Requires a token with this ID.
    pub fn token(self, id: impl Into<Uint256>) -> Erc1155Tokens {
        let Self { chain, contract } = self;
        Erc1155Tokens { chain, contract, ids: vec![id.into()], of_ids: OfIds::Any }
    }

    /// Requires a token with at least one of these IDs.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for an empty list, and for more than 100 IDs.
    pub fn any_token<T: Into<Uint256>>(
        self,
        ids: impl IntoIterator<Item = T>,
    ) -> Result<Erc1155Tokens, ConfigError> {
        self.tokens(ids, OfIds::Any)
    }

    /// Requires a token of each of these IDs.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for an empty list, and for more than 100 IDs.
    pub fn every_token<T: Into<Uint256>>(
        self,
        ids: impl IntoIterator<Item = T>,
    ) -> Result<Erc1155Tokens, ConfigError> {
        self.tokens(ids, OfIds::Every)
    }

    fn tokens<T: Into<Uint256>>(
        self,
        ids: impl IntoIterator<Item = T>,
        of_ids: OfIds,
    ) -> Result<Erc1155Tokens, ConfigError> {
        let ids: Vec<Uint256> = ids.into_iter().map(Into::into).take(MAX_SIZE + 1).collect();
        if ids.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Setting,
                "the list of token ids is empty",
            ));
        }
        if ids.len() > MAX_SIZE {
            return Err(too_large());
        }
        let Self { chain, contract } = self;
        Ok(Erc1155Tokens { chain, contract, ids, of_ids })
    }
}

/// One or several token IDs of an ERC-1155 contract, created by [`Erc1155`].
///
/// Converted to a [`Requirement`], it is met by a single token of an ID.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, Requirement};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let items = chain.erc1155("0xd07dc4262BCDbf85190C01c996b4C06a461d2430".parse()?);
/// let one: Requirement = items.clone().token(7_u64).into();
/// let three: Requirement = items.token(7_u64).at_least(3_u64)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Erc1155Tokens {
    chain: Chain,
    contract: Address,
    ids: Vec<Uint256>,
    of_ids: OfIds,
}

impl Erc1155Tokens {
    /// Requires this amount instead of one. Amounts of different IDs are not added up.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for 0, which everyone would satisfy.
    pub fn at_least(self, amount: impl Into<Uint256>) -> Result<Requirement, ConfigError> {
        positive(amount.into()).map(|at_least| self.requirement(at_least))
    }

    fn requirement(self, at_least: Uint256) -> Requirement {
        let Self { chain, contract, ids, of_ids } = self;
        requirement(chain, contract, Question::Erc1155 { ids, of_ids, at_least })
    }
}

impl From<Erc1155Tokens> for Requirement {
    fn from(tokens: Erc1155Tokens) -> Self {
        tokens.requirement(Uint256::ONE)
    }
}

/// An ERC-20 contract.
///
/// ERC-20 has no ERC-165 interface, so it cannot be verified that a contract follows the standard:
/// any contract with a `balanceOf` function is accepted.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::Chain;
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let dai = chain.erc20("0x6B175474E89094C44Da98b954EedeAC495271d0F".parse()?);
/// // DAI has 18 decimals, so this is 5 DAI.
/// let five_dai = dai.at_least(5 * 10_u64.pow(18))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Erc20 {
    chain: Chain,
    contract: Address,
}

impl Erc20 {
    /// Requires at least this amount, in the smallest unit of the token.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for 0, which everyone would satisfy.
    pub fn at_least(self, amount: impl Into<Uint256>) -> Result<Requirement, ConfigError> {
        let at_least = positive(amount.into())?;
        let Self { chain, contract } = self;
        Ok(requirement(chain, contract, Question::Erc20 { at_least }))
    }
}

const fn requirement(chain: Chain, contract: Address, question: Question) -> Requirement {
    Requirement(Node::Check(Check { chain, contract, question }))
}

fn positive(amount: Uint256) -> Result<Uint256, ConfigError> {
    if amount.is_zero() {
        let message = "the required amount must be at least 1";
        return Err(ConfigError::new(ConfigErrorKind::Setting, message));
    }
    Ok(amount)
}
