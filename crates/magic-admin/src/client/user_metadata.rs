use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::{OAuthProvider, Wallet};
use crate::types::Issuer;

/// Everything that Magic knows about a user.
///
/// Every field can be missing or null; both become `None`. Fields unknown to this version are in
/// [`raw`](Self::raw). The type serializes as the JSON object that Magic sent, and deserializes
/// from it. It is cheap to clone.
///
/// ```
/// use magic_admin::admin::UserMetadata;
///
/// let alice: UserMetadata = serde_json::from_str(r#"{"email": "alice@example.com"}"#)?;
/// assert_eq!(alice.email(), Some("alice@example.com"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Examples
///
/// ```
/// use magic_admin::admin::UserMetadata;
///
/// fn greeting(user: &UserMetadata) -> String {
///     let name = user.username().or(user.email()).unwrap_or("friend");
///     format!("Hello, {name}!")
/// }
///
/// /// Reads a field that is unknown to this version of the crate.
/// fn language(user: &UserMetadata) -> Option<&str> {
///     user.raw().get("language")?.as_str()
/// }
/// ```
///
/// # Security
///
/// `Debug` does not show the e-mail address, the phone number, the user name, or fields unknown to
/// this version.
#[derive(Clone, PartialEq, Eq)]
pub struct UserMetadata(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    wallets: Option<Vec<Wallet>>,
    raw: Map<String, Value>,
}

impl UserMetadata {
    /// Returns the user's issuer, or `None` if it is missing or is not a valid [`Issuer`]. In the
    /// latter case, [`raw`](Self::raw) has it as text.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        self.text("issuer")?.parse().ok()
    }

    /// Returns the address of the user's own wallet, in the format of its chain.
    #[must_use]
    pub fn public_address(&self) -> Option<&str> {
        self.text("public_address")
    }

    /// Returns the e-mail address that the user signs in with.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Returns the OAuth provider that the user signs in with.
    #[must_use]
    pub fn oauth_provider(&self) -> Option<OAuthProvider> {
        self.text("oauth_provider").map(OAuthProvider::from)
    }

    /// Returns the phone number that the user signs in with.
    #[must_use]
    pub fn phone_number(&self) -> Option<&str> {
        self.text("phone_number")
    }

    /// Returns the user name.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.text("username")
    }

    /// Returns the wallets, if they were requested.
    #[must_use]
    pub fn wallets(&self) -> Option<&[Wallet]> {
        self.0.wallets.as_deref()
    }

    /// Returns the JSON object that Magic sent.
    #[must_use]
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0.raw
    }

    /// Rejects known fields with the wrong type, because a guess could yield another user's data.
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
        Ok(Self(Arc::new(Inner { wallets, raw })))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.raw.get(name).and_then(Value::as_str)
    }
}

impl Serialize for UserMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UserMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl From<UserMetadata> for Map<String, Value> {
    fn from(user: UserMetadata) -> Self {
        Arc::unwrap_or_clone(user.0).raw
    }
}

impl fmt::Debug for UserMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserMetadata")
            .field("issuer", &self.issuer())
            .field("public_address", &self.public_address())
            .field("oauth_provider", &self.oauth_provider())
            .field("wallets", &self.0.wallets)
            .finish_non_exhaustive()
    }
}

/// The known fields that are a string or null.
pub(super) const TEXT_FIELDS: [&str; 6] =
    ["issuer", "public_address", "email", "oauth_provider", "phone_number", "username"];
