use super::Magic;
use crate::{
    gating::{Chain, ContractType, TokenOwnership, TokenOwnershipError, Uint256},
    types::Address,
};

impl Magic {
    /// Verifies a DID token and checks that its user owns an NFT, like `validateTokenOwnership` in
    /// the official SDKs.
    ///
    /// Intended for code ported from these SDKs. In new code, prefer a
    /// [`Gate`](crate::gating::Gate), which caches results and takes an already verified token.
    /// `SECURITY.md` lists the differences from the SDKs. Most importantly, a token ID is also
    /// checked for ERC-721, the contract must declare its standard, and the endpoint must serve the
    /// right chain.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use magic_admin::{Magic, gating::{Chain, ContractType}};
    ///
    /// # async fn example(magic: Magic, did_token: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
    /// let contract = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?;
    /// let answer = magic
    ///     .validate_token_ownership(did_token, contract, ContractType::Erc721, &chain, None)
    ///     .await?;
    /// println!("{} {}", answer.valid(), answer.error_code());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`TokenOwnershipError`] if ownership could not be determined. A rejected DID token
    /// or a user who does not own the NFT is not an error, but a result.
    pub async fn validate_token_ownership<T>(
        &self,
        did_token: &T,
        contract: Address,
        contract_type: ContractType,
        chain: &Chain,
        token_id: Option<Uint256>,
    ) -> Result<TokenOwnership, TokenOwnershipError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        let requirement = contract_type.requirement(chain, contract, token_id)?;
        let user = match self.verify(did_token).await {
            Ok(user) => user,
            Err(error) => return TokenOwnership::unauthorized(error),
        };
        requirement.check(&user).await.map(Into::into).map_err(TokenOwnershipError::Gating)
    }
}
