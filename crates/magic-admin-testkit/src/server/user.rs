use std::fmt;

use magic_admin::{Address, Issuer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::TestUser;

/// A user of the fake Admin API.
///
/// Fields that are not set are `null`, as in Magic's responses. A user serialises to the object
/// that the Admin API returns, including all wallets. To deserialise a user, specify `issuer`,
/// `public_address` or `key_seed` (see [`TestUser::from_seed`]). All other fields are optional:
///
/// ```
/// use magic_admin_testkit::{FakeUser, TestUser};
///
/// let alice = FakeUser::from(&TestUser::from_seed(1)).email("alice@example.com");
///
/// let users: Vec<FakeUser> = serde_json::from_str(r#"[
///     {"key_seed": 1, "email": "alice@example.com"},
///     {"public_address": "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF", "phone_number": "+15550100",
///      "wallets": [{"network": "mainnet", "public_address": "9xQe…", "wallet_type": "SOLANA"}]}
/// ]"#)?;
/// assert_eq!(users[0].issuer(), alice.issuer());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Described", into = "Map<String, Value>")]
pub struct FakeUser {
    issuer: Issuer,
    test_user: Option<TestUser>,
    fields: Map<String, Value>,
    wallets: Vec<Value>,
}

impl FakeUser {
    /// Creates a user with this issuer. The user's key does not have to be known.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        Self { issuer, test_user: None, fields: Map::new(), wallets: Vec::new() }
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn email(self, email: impl Into<String>) -> Self {
        self.field(EMAIL, email.into())
    }

    /// Sets the phone number.
    #[must_use]
    pub fn phone_number(self, number: impl Into<String>) -> Self {
        self.field("phone_number", number.into())
    }

    /// Sets the user name.
    #[must_use]
    pub fn username(self, name: impl Into<String>) -> Self {
        self.field("username", name.into())
    }

    /// Sets the OAuth provider through which the user signed up, for example `google`.
    #[must_use]
    pub fn oauth_provider(self, provider: impl Into<String>) -> Self {
        self.field(OAUTH_PROVIDER, provider.into())
    }

    /// Adds a wallet with its network (`mainnet`), address and type (`SOLANA`).
    #[must_use]
    pub fn wallet(mut self, network: &str, public_address: &str, wallet_type: &str) -> Self {
        self.wallets.push(json!({
            "network": network,
            "public_address": public_address,
            WALLET_TYPE: wallet_type,
        }));
        self
    }

    /// Sets a field of the response, whether known or not, to any JSON value, including `null`.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Returns the user's issuer.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.issuer
    }

    /// Returns the user with their key, if it was created from a [`TestUser`] or a `key_seed`.
    #[must_use]
    pub fn test_user(&self) -> Option<&TestUser> {
        self.test_user.as_ref()
    }

    /// Returns a field if it is a string.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    pub(super) fn has_email(&self, email: &str, provider: Option<&str>) -> bool {
        let is = |name: &str, value: &str| self.text(name) == Some(value);
        is(EMAIL, email) && provider.is_none_or(|provider| is(OAUTH_PROVIDER, provider))
    }

    /// Returns the flat object of the API. `wallet_type` comes from the query and is `NONE`, `ANY`
    /// or a wallet type.
    pub(super) fn to_json(&self, wallet_type: &str) -> Value {
        let mut object = Map::new();
        object.insert("issuer".to_owned(), self.issuer.to_string().into());
        object.insert("public_address".to_owned(), self.issuer.address().to_string().into());
        for name in [EMAIL, OAUTH_PROVIDER, "phone_number", "username"] {
            object.insert(name.to_owned(), Value::Null);
        }
        let of_type = |wallet: &&Value| {
            wallet_type == "ANY" || wallet.get(WALLET_TYPE) == Some(&wallet_type.into())
        };
        let wallets = match wallet_type {
            "NONE" => Value::Null,
            _ => self.wallets.iter().filter(of_type).cloned().collect(),
        };
        object.insert("wallets".to_owned(), wallets);
        object.extend(self.fields.clone());
        object.into()
    }
}

impl From<&TestUser> for FakeUser {
    fn from(user: &TestUser) -> Self {
        Self { test_user: Some(user.clone()), ..Self::new(user.issuer()) }
    }
}

impl From<TestUser> for FakeUser {
    fn from(user: TestUser) -> Self {
        Self::from(&user)
    }
}

/// Shows only the issuer.
impl fmt::Debug for FakeUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeUser").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A user as described in a JSON file.
#[derive(Deserialize)]
struct Described {
    key_seed: Option<u64>,
    issuer: Option<Issuer>,
    public_address: Option<Address>,
    wallets: Option<Vec<Value>>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl TryFrom<Described> for FakeUser {
    type Error = &'static str;

    fn try_from(described: Described) -> Result<Self, &'static str> {
        let test_user = described.key_seed.map(TestUser::from_seed);
        let named = [
            described.issuer,
            described.public_address.map(Issuer::from),
            test_user.as_ref().map(TestUser::issuer),
        ];
        let mut named = named.into_iter().flatten();
        let issuer = named
            .next()
            .ok_or("a user requires an `issuer`, a `public_address` or a `key_seed`")?;
        if named.any(|other| other != issuer) {
            return Err("`issuer`, `public_address` and `key_seed` name different users");
        }
        let wallets = described.wallets.unwrap_or_default();
        Ok(Self { issuer, test_user, fields: described.fields, wallets })
    }
}

impl From<FakeUser> for Map<String, Value> {
    fn from(user: FakeUser) -> Self {
        match user.to_json("ANY") {
            Value::Object(object) => object,
            _ => Self::new(),
        }
    }
}

const EMAIL: &str = "email";
const OAUTH_PROVIDER: &str = "oauth_provider";
const WALLET_TYPE: &str = "wallet_type";

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> FakeUser {
        FakeUser::from(TestUser::from_seed(1))
            .email("alice@example.com")
            .wallet("mainnet", "0xa", "ETH")
            .wallet("mainnet", "9x", "SOLANA")
    }

    #[test]
    fn answers_every_field_of_the_api() {
        assert_eq!(
            user().field("kyc", true).to_json("SOLANA"),
            json!({
                "issuer": "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
                "public_address": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
                "email": "alice@example.com",
                "oauth_provider": null,
                "phone_number": null,
                "username": null,
                "wallets": [{"network": "mainnet", "public_address": "9x", "wallet_type": "SOLANA"}],
                "kyc": true,
            })
        );
        assert_eq!(user().to_json("NONE")["wallets"], Value::Null);
        assert_eq!(user().to_json("ANY")["wallets"].as_array().unwrap().len(), 2);
        assert_eq!(user().to_json("SUI")["wallets"], json!([]));
    }

    #[test]
    fn is_found_by_email_and_provider() {
        let google = user().oauth_provider("google");
        assert!(google.has_email("alice@example.com", None));
        assert!(google.has_email("alice@example.com", Some("google")));
        assert!(!google.has_email("alice@example.com", Some("apple")));
        assert!(!user().has_email("alice@example.com", Some("google")));
        assert!(!user().has_email("bob@example.com", None));
    }

    #[test]
    fn serialisation_round_trips() {
        let written = serde_json::to_string(&user()).unwrap();
        let read: FakeUser = serde_json::from_str(&written).unwrap();
        assert_eq!(read.to_json("ANY"), user().to_json("ANY"));
    }

    #[test]
    fn descriptions_must_name_one_user() {
        let read = serde_json::from_str::<FakeUser>;
        let error = read(r#"{"email": "a@example.com"}"#).unwrap_err().to_string();
        assert!(error.contains("key_seed") && !error.contains("a@example.com"), "{error}");
        let two =
            r#"{"key_seed": 1, "issuer": "did:ethr:0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"}"#;
        assert!(read(two).unwrap_err().to_string().contains("different users"));
    }
}
