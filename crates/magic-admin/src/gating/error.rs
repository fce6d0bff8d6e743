use std::{error::Error, fmt, time::Duration};

use crate::types::Address;

/// Error returned when ownership could not be checked, or by
/// [`Gate::require`](super::Gate::require) when the user does not meet the requirement.
///
/// `Display` names the chain and the contract. The RPC URL and messages from the endpoint are never
/// shown, because both can contain a key.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{GatingError, GatingErrorKind};
///
/// fn status(error: &GatingError) -> u16 {
///     match error.kind() {
///         GatingErrorKind::NotOwned => 403,
///         _ => 503,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatingError {
    kind: GatingErrorKind,
    chain_id: Option<u64>,
    contract: Option<Address>,
    retry_after: Option<Duration>,
}

/// The reason for a [`GatingError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GatingErrorKind {
    /// The user does not meet the requirement. All other kinds mean that ownership is not known.
    NotOwned,
    /// The RPC endpoint could not be reached, or the connection broke.
    Unreachable,
    /// The RPC endpoint did not respond in time.
    Timeout,
    /// The RPC endpoint returned this HTTP status.
    Status(u16),
    /// The RPC endpoint or the contract sent a response that violates the protocol.
    Malformed,
    /// The RPC endpoint rejected a call with this JSON-RPC error code.
    Rpc(i64),
    /// The RPC endpoint serves a different chain from the one configured.
    WrongChain,
    /// There is no contract at the address, or it has no such function.
    NoContract,
    /// The contract does not declare through ERC-165 that it follows the required standard.
    WrongStandard,
    /// The contract reverted where the standard does not allow it.
    Reverted,
}

impl GatingErrorKind {
    /// Returns the stable code: `ERROR_NOT_OWNED` or `ERROR_UNAVAILABLE`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOwned => "ERROR_NOT_OWNED",
            _ => "ERROR_UNAVAILABLE",
        }
    }

    /// Returns a fixed message about the code, safe to show to a client.
    ///
    /// Uses only the characters of RFC 6750's `error_description`, which exclude `"` and `\`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::NotOwned => "The user does not own the required token.",
            _ => "Token ownership cannot be checked at the moment. Try again later.",
        }
    }

    /// Returns the name used in metrics and spans.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NotOwned => "does_not_own",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Status(_) => "status",
            Self::Malformed => "malformed",
            Self::Rpc(_) => "rpc",
            Self::WrongChain => "wrong_chain",
            Self::NoContract => "no_contract",
            Self::WrongStandard => "wrong_standard",
            Self::Reverted => "reverted",
        }
    }

    /// Returns a message for operators.
    const fn explanation(self) -> &'static str {
        match self {
            Self::NotOwned => "the user does not own the required token",
            Self::Unreachable => "the RPC endpoint cannot be reached",
            Self::Timeout => "the RPC endpoint did not answer in time",
            Self::Status(_) => "the RPC endpoint answered with an HTTP error",
            Self::Malformed => "the answer is not what JSON-RPC and the contract's ABI specify",
            Self::Rpc(_) => "the RPC endpoint rejected the call",
            Self::WrongChain => {
                "the RPC endpoint serves another chain; check the URL and the chain id"
            }
            Self::NoContract => {
                "there is no contract with this function at the address; check the address and the chain"
            }
            Self::WrongStandard => {
                "the contract does not declare the required standard by ERC-165; check the standard"
            }
            Self::Reverted => "the contract reverted",
        }
    }
}

impl GatingError {
    /// Returns the reason.
    #[must_use]
    pub const fn kind(&self) -> GatingErrorKind {
        self.kind
    }

    /// Returns the stable code: `ERROR_NOT_OWNED` or `ERROR_UNAVAILABLE`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Returns the ID of the chain that was queried, if any.
    #[must_use]
    pub const fn chain_id(&self) -> Option<u64> {
        self.chain_id
    }

    /// Returns the contract that was queried, if the failure concerns a single one.
    #[must_use]
    pub const fn contract(&self) -> Option<Address> {
        self.contract
    }

    /// Returns how long the RPC endpoint asks the client to wait, if it does.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(super) const fn new(kind: GatingErrorKind) -> Self {
        Self { kind, chain_id: None, contract: None, retry_after: None }
    }

    pub(super) const fn on_chain(mut self, chain_id: u64) -> Self {
        self.chain_id = Some(chain_id);
        self
    }

    pub(super) const fn at_contract(mut self, contract: Address) -> Self {
        self.contract = Some(contract);
        self
    }

    pub(super) const fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }
}

impl From<GatingErrorKind> for GatingError {
    fn from(kind: GatingErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for GatingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.explanation())?;
        match self.kind {
            GatingErrorKind::Status(status) => write!(f, " (HTTP {status})")?,
            GatingErrorKind::Rpc(code) => write!(f, " (code {code})")?,
            _ => {}
        }
        if let Some(chain_id) = self.chain_id {
            write!(f, "; chain {chain_id}")?;
        }
        if let Some(contract) = self.contract {
            write!(f, ", contract {contract}")?;
        }
        Ok(())
    }
}

impl Error for GatingError {}
