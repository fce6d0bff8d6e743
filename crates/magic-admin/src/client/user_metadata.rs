use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{OAuthProvider, Wallet};
use crate::types::Issuer;

/// What Magic knows about a user.
///
/// Every field can be missing or null, which are both `None`. Fields this version does not know
/// are in [`raw`](Self::raw). It serializes as the JSON object that Magic sent.
///
/// # Security
///
/// `Debug` shows neither e-mail address, phone number, user name, nor fields this version does not
/// know.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Map<String, Value>")]
pub struct UserMetadata {
    wallets: Option<Vec<Wallet>>,
    raw: Map<String, Value>,
}

impl UserMetadata {
    /// The user's issuer. `None` as well when it is not `did:ethr:`; its text is in
    /// [`raw`](Self::raw) then.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        self.text("issuer")?.parse().ok()
    }

    /// The address of the user's own wallet, in the form of its chain.
    #[must_use]
    pub fn public_address(&self) -> Option<&str> {
        self.text("public_address")
    }

    /// The e-mail address that the user signs in with.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// The OAuth provider that the user signs in with.
    #[must_use]
    pub fn oauth_provider(&self) -> Option<OAuthProvider> {
        self.text("oauth_provider").map(OAuthProvider::from)
    }

    /// The phone number that the user signs in with.
    #[must_use]
    pub fn phone_number(&self) -> Option<&str> {
        self.text("phone_number")
    }

    /// The user name.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.text("username")
    }

    /// The wallets, when they were asked for.
    #[must_use]
    pub fn wallets(&self) -> Option<&[Wallet]> {
        self.wallets.as_deref()
    }

    /// The JSON object that Magic sent.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// Refuses known fields of another type than theirs: a guess could be a wrong user's data.
    pub(super) fn new(raw: Map<String, Value>) -> Result<Self, &'static str> {
        let is_text = |name: &&str| raw.get(*name).is_none_or(|v| v.is_null() || v.is_string());
        if !TEXT_FIELDS.iter().all(is_text) {
            return Err("a field of the user is not a text");
        }
        let wallets = match raw.get("wallets") {
            None | Some(Value::Null) => None,
            Some(Value::Array(wallets)) => Some(
                wallets
                    .iter()
                    .map(|wallet| {
                        Wallet::read(wallet).ok_or("a wallet of the user is not an object")
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Some(_) => return Err("the wallets of the user are not a list"),
        };
        Ok(Self { wallets, raw })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.raw.get(name).and_then(Value::as_str)
    }
}

impl From<UserMetadata> for Map<String, Value> {
    fn from(user: UserMetadata) -> Self {
        user.raw
    }
}

impl fmt::Debug for UserMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserMetadata")
            .field("issuer", &self.issuer())
            .field("public_address", &self.public_address())
            .field("oauth_provider", &self.oauth_provider())
            .field("wallets", &self.wallets)
            .finish_non_exhaustive()
    }
}

/// Known fields that are a text or null.
pub(super) const TEXT_FIELDS: [&str; 6] =
    ["issuer", "public_address", "email", "oauth_provider", "phone_number", "username"];
