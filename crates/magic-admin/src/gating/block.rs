/// The block whose state is queried.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{BlockTag, Chain};
///
/// let chain = Chain::builder(1, "https://rpc.example/v2/key").block(BlockTag::Safe).build()?;
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockTag {
    /// The most recent block, which a reorganisation of the chain can still replace.
    #[default]
    Latest,
    /// The most recent block that is unlikely to be replaced; on Ethereum a few minutes old.
    Safe,
    /// The most recent block that cannot be replaced; on Ethereum about 15 minutes old.
    Finalized,
}

impl BlockTag {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Safe => "safe",
            Self::Finalized => "finalized",
        }
    }
}
