use std::ffi::OsString;

use super::{handle::Magic, profile_settings::ProfileSettings};
use crate::{
    client::{Client, ClientBuilder, variable},
    types::{Audience, ConfigError, ConfigErrorKind, SecretKey, SystemClock},
    verify::{LateAudience, VerifierBuilder},
};

impl Magic {
    /// Creates a `Magic` from environment variables; see [`MagicBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        MagicBuilder::from_env()?.build()
    }

    /// Returns a builder for configuring a `Magic` in code.
    pub fn builder(secret_key: SecretKey) -> MagicBuilder {
        MagicBuilder::new(secret_key)
    }
}

/// Builder for a [`Magic`].
///
/// Created by [`Magic::builder`] or [`MagicBuilder::from_env`].
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use magic_admin::{Magic, SecretKey};
///
/// # fn run(key: String) -> Result<Magic, magic_admin::ConfigError> {
/// Magic::builder(SecretKey::new(key)?)
///     .client_id("did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b")
///     .api(|client| client.timeout(Duration::from_secs(3)))
///     .build()
/// # }
/// ```
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct MagicBuilder {
    client: ClientBuilder,
    verifier: VerifierBuilder<LateAudience>,
    /// `None` if it is to be fetched.
    audience: Option<Vec<String>>,
    profiles: ProfileSettings,
}

impl MagicBuilder {
    fn new(secret_key: SecretKey) -> Self {
        Self::with_client(Client::builder(secret_key))
    }

    fn with_client(client: ClientBuilder) -> Self {
        let verifier = VerifierBuilder::with_audience(LateAudience, SystemClock);
        Self { client, verifier, audience: None, profiles: ProfileSettings::new() }
    }

    /// Reads the settings from environment variables. Further settings can be made on the builder.
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `MAGIC_API_SECRET_KEY` | the API secret key | required |
    /// | `MAGIC_CLIENT_ID` | the client ID; several are separated by commas | fetched |
    /// | `MAGIC_API_BASE_URL` | the base URL of the Admin API | that of the generation |
    /// | `MAGIC_API_GENERATION` | `current` or `legacy` | `current` |
    /// | `MAGIC_API_TIMEOUT` | the time limit for one attempt in seconds, decimals allowed | 10 |
    /// | `MAGIC_API_RETRIES` | the number of attempts after the first, 0 or more | 3 |
    /// | `MAGIC_API_BACKOFF` | the base delay between attempts in seconds, decimals allowed | 0.5 |
    ///
    /// An empty variable is treated as unset.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use magic_admin::{MagicBuilder, RevocationList};
    ///
    /// let magic = MagicBuilder::from_env()?
    ///     .verifier(|verifier| verifier.revocations(RevocationList::in_memory()))
    ///     .build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads the settings of [`from_env`](Self::from_env) from another source.
    ///
    /// `lookup` is called with the name of each variable and returns its value.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use magic_admin::MagicBuilder;
    ///
    /// let settings = HashMap::from([("MAGIC_API_SECRET_KEY", "sk_live_0123456789ABCDEF")]);
    /// let magic = MagicBuilder::from_lookup(|name| settings.get(name).map(Into::into))?.build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let lookup: &dyn Fn(&str) -> Option<OsString> = &lookup;
        let secret_key = variable(lookup, SECRET_KEY)?.ok_or_else(|| {
            let message = format!(
                "{SECRET_KEY} is not set: set it to the `sk_live_…` key from the Magic dashboard"
            );
            ConfigError::new(ConfigErrorKind::SecretKey, message)
        })?;
        let secret_key = SecretKey::new(secret_key)
            .map_err(|error| ConfigError::new(error.kind(), format!("{SECRET_KEY}: {error}")))?;
        let client_ids = variable(lookup, CLIENT_ID)?.unwrap_or_default();
        let builder = Self::with_client(ClientBuilder::from_lookup(secret_key, lookup)?);
        if client_ids.is_empty() {
            return Ok(builder);
        }
        Ok(builder.client_ids(client_ids.split(',').map(str::trim)))
    }

    /// Sets the client ID of the application. By default it is fetched from Magic once, when the
    /// first valid token arrives.
    pub fn client_id(self, client_id: impl Into<String>) -> Self {
        self.client_ids([client_id])
    }

    /// Sets several client IDs. Tokens issued for any of them are accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// // One service for a website and a mobile application.
    /// let magic = magic_admin::Magic::builder(key).client_ids(["web-app", "mobile-app"]).build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn client_ids<I>(mut self, client_ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.audience = Some(client_ids.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the URL of the Admin API. This is a shortcut for [`ClientBuilder::base_url`].
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.api(|client| client.base_url(base_url))
    }

    /// Configures how the Admin API is called: generation, time-outs and retries.
    ///
    /// # Examples
    ///
    /// ```
    /// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// let magic = magic_admin::Magic::builder(key).api(|client| client.retries(1)).build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn api(mut self, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.client = change(self.client);
        self
    }

    /// Configures how tokens are verified: policy, revocation list, clock and cache.
    ///
    /// # Examples
    ///
    /// ```
    /// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// use magic_admin::{Magic, RevocationList};
    ///
    /// let list = RevocationList::in_memory();
    /// let magic = Magic::builder(key).verifier(|verifier| verifier.revocations(list)).build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn verifier(
        mut self,
        change: impl FnOnce(VerifierBuilder<LateAudience>) -> VerifierBuilder<LateAudience>,
    ) -> Self {
        self.verifier = change(self.verifier);
        self
    }

    /// Configures how [`Magic::profile`] caches user profiles, and which wallets it fetches.
    ///
    /// # Examples
    ///
    /// ```
    /// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// use magic_admin::{Magic, admin::WalletType};
    ///
    /// let magic = Magic::builder(key).profiles(|profiles| profiles.wallets(WalletType::ANY)).build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn profiles(mut self, change: impl FnOnce(ProfileSettings) -> ProfileSettings) -> Self {
        self.profiles = change(self.profiles);
        self
    }

    /// Builds the `Magic`, without making any network calls.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if a client ID is empty, and the errors of
    /// [`ClientBuilder::build`].
    pub fn build(self) -> Result<Magic, ConfigError> {
        let audience = self.audience.map(Audience::any_of).transpose()?;
        let client = self.client.build()?;
        let verifier = self.verifier.build_without_audience();
        if let Some(audience) = audience {
            verifier.set_audience(audience);
        }
        Ok(Magic::new(client, verifier, self.profiles))
    }
}

const SECRET_KEY: &str = "MAGIC_API_SECRET_KEY";
const CLIENT_ID: &str = "MAGIC_CLIENT_ID";

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Magic, ConfigError> {
        MagicBuilder::from_lookup(|name| {
            let value = variables.iter().find(|variable| variable.0 == name)?.1;
            Some(value.into())
        })?
        .build()
    }

    const KEY: (&str, &str) = (SECRET_KEY, "sk_live_1");
    const HTTP: (&str, &str) = ("MAGIC_API_BASE_URL", "http://127.0.0.1:1");

    #[test]
    fn errors_name_the_missing_or_invalid_key() {
        for variables in [&[][..], &[(SECRET_KEY, "")], &[(SECRET_KEY, "pk_live_1")]] {
            let error = from(variables).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::SecretKey);
            assert!(error.to_string().starts_with(SECRET_KEY), "{error}");
            assert!(!error.to_string().contains("pk_live_1"), "{error}");
        }
    }

    #[test]
    fn parses_comma_separated_client_ids() {
        assert!(from(&[KEY, HTTP]).unwrap().verifier().is_none());
        assert!(from(&[KEY, HTTP, (CLIENT_ID, "")]).unwrap().verifier().is_none());
        assert!(from(&[KEY, HTTP, (CLIENT_ID, "a, b")]).unwrap().verifier().is_some());
        for ids in ["a,", ",", "a,,b", " "] {
            let error = from(&[KEY, HTTP, (CLIENT_ID, ids)]).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::ClientId, "{ids:?}");
        }
    }

    #[test]
    fn errors_name_the_invalid_setting() {
        for (name, value) in [("MAGIC_API_RETRIES", "-1"), ("MAGIC_API_TIMEOUT", "soon")] {
            let error = from(&[KEY, HTTP, (name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn debug_output_contains_no_key() {
        let builder = MagicBuilder::new(SecretKey::new(KEY.1).unwrap()).base_url(HTTP.1);
        assert!(!format!("{builder:?}").contains(KEY.1));
        assert!(!format!("{:?}", builder.build().unwrap()).contains(KEY.1));
    }
}
