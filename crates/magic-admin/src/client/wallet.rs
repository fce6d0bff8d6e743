use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::WalletType;

/// A wallet of a user.
///
/// Every field can be missing. Fields unknown to this version are in [`raw`](Self::raw).
///
/// # Examples
///
/// ```
/// use magic_admin::admin::{UserMetadata, WalletType};
///
/// fn solana_address(user: &UserMetadata) -> Option<&str> {
///     user.wallets()?
///         .iter()
///         .find(|wallet| wallet.wallet_type() == Some(WalletType::SOLANA))?
///         .public_address()
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Wallet {
    raw: Map<String, Value>,
}

impl Wallet {
    /// Returns the network, such as `MAINNET`.
    #[must_use]
    pub fn network(&self) -> Option<&str> {
        self.text("network")
    }

    /// Returns the address, in the format of its chain.
    #[must_use]
    pub fn public_address(&self) -> Option<&str> {
        self.text("public_address")
    }

    /// Returns the type of the wallet.
    #[must_use]
    pub fn wallet_type(&self) -> Option<WalletType> {
        self.text("wallet_type").map(WalletType::from)
    }

    /// Returns the JSON object that Magic sent.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        value.as_object().map(|raw| Self { raw: raw.clone() })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.raw.get(name).and_then(Value::as_str)
    }
}

/// Omits the fields unknown to this version.
impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("network", &self.network())
            .field("public_address", &self.public_address())
            .field("wallet_type", &self.wallet_type())
            .finish_non_exhaustive()
    }
}
