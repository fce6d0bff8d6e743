use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// Defines a type for names from a set that Magic extends over time. Known names are constants; any
/// other name survives a round trip.
macro_rules! open_set {
    (
        $(#[$attribute:meta])*
        $name:ident { $($(#[$constant_attribute:meta])* $constant:ident = $text:literal,)* }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            $($(#[$constant_attribute])* pub const $constant: Self = Self(Cow::Borrowed($text));)*

            /// The names known to this version of the crate.
            pub const KNOWN: &'static [Self] = &[$(Self::$constant),*];

            /// Creates a name, known or not. Names are compared exactly, including case.
            #[must_use]
            pub fn new(name: impl Into<String>) -> Self {
                Self(Cow::Owned(name.into()))
            }

            /// Returns the name as Magic spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self::new(name)
            }
        }
    };
}

open_set! {
    /// The type of a wallet. The set is open, because Magic adds chains over time.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::admin::WalletType;
    ///
    /// assert_eq!(WalletType::SOLANA.as_str(), "SOLANA");
    /// assert_eq!(WalletType::from("NEWCHAIN").as_str(), "NEWCHAIN");
    /// ```
    WalletType {
        /// Ethereum.
        ETH = "ETH",
        /// Harmony.
        HARMONY = "HARMONY",
        /// ICON.
        ICON = "ICON",
        /// Flow.
        FLOW = "FLOW",
        /// Tezos.
        TEZOS = "TEZOS",
        /// Zilliqa.
        ZILLIQA = "ZILLIQA",
        /// Polkadot.
        POLKADOT = "POLKADOT",
        /// Solana.
        SOLANA = "SOLANA",
        /// Avalanche.
        AVAX = "AVAX",
        /// Algorand.
        ALGOD = "ALGOD",
        /// Cosmos.
        COSMOS = "COSMOS",
        /// Celo.
        CELO = "CELO",
        /// Bitcoin.
        BITCOIN = "BITCOIN",
        /// NEAR.
        NEAR = "NEAR",
        /// Helium.
        HELIUM = "HELIUM",
        /// Conflux.
        CONFLUX = "CONFLUX",
        /// Terra.
        TERRA = "TERRA",
        /// Tezos, through the Taquito library.
        TAQUITO = "TAQUITO",
        /// Ed25519 keys.
        ED = "ED",
        /// Hedera.
        HEDERA = "HEDERA",
        /// Sui.
        SUI = "SUI",
        /// Aptos.
        APTOS = "APTOS",
        /// Kadena.
        KADENA = "KADENA",
        /// No wallets, which is Magic's default. For queries only.
        NONE = "NONE",
        /// Wallets of every type. For queries only.
        ANY = "ANY",
    }
}

open_set! {
    /// The OAuth provider that a user signs in with. The set is open, because Magic adds providers
    /// over time.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::admin::OAuthProvider;
    ///
    /// assert_eq!(OAuthProvider::GOOGLE.as_str(), "google");
    /// assert_eq!(OAuthProvider::from("newcomer").as_str(), "newcomer");
    /// ```
    OAuthProvider {
        /// Apple.
        APPLE = "apple",
        /// Bitbucket.
        BITBUCKET = "bitbucket",
        /// Discord.
        DISCORD = "discord",
        /// Facebook.
        FACEBOOK = "facebook",
        /// GitHub.
        GITHUB = "github",
        /// GitLab.
        GITLAB = "gitlab",
        /// Google.
        GOOGLE = "google",
        /// LinkedIn.
        LINKEDIN = "linkedin",
        /// Microsoft.
        MICROSOFT = "microsoft",
        /// Twitch.
        TWITCH = "twitch",
        /// Twitter.
        TWITTER = "twitter",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_round_trip() {
        for name in ["ETH", "KADENA", "eth", "NEW CHAIN", ""] {
            let json = serde_json::to_string(name).unwrap();
            let parsed: WalletType = serde_json::from_str(&json).unwrap();
            assert_eq!(parsed.as_str(), name);
            assert_eq!(serde_json::to_string(&parsed).unwrap(), json);
        }
        assert_eq!(WalletType::new("ETH"), WalletType::ETH);
        assert_ne!(WalletType::new("eth"), WalletType::ETH);
    }

    #[test]
    fn knows_every_specified_wallet_type() {
        let specified = "ETH HARMONY ICON FLOW TEZOS ZILLIQA POLKADOT SOLANA AVAX ALGOD COSMOS \
            CELO BITCOIN NEAR HELIUM CONFLUX TERRA TAQUITO ED HEDERA NONE ANY SUI APTOS KADENA";
        let mut specified: Vec<_> = specified.split_whitespace().collect();
        let mut known: Vec<_> = WalletType::KNOWN.iter().map(WalletType::as_str).collect();
        specified.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, specified);
    }
}
