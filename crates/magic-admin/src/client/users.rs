use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    ApiError, Client, OAuthProvider, UserList, UserMetadata, WalletType, api::Call,
    endpoint::Endpoint,
};
use crate::types::{Address, Issuer};

/// The calls of the Admin API that concern users.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::{Magic, admin::WalletType};
///
/// # async fn support(magic: Magic) -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse()?;
/// match magic.users().metadata_by_issuer_with_wallet(issuer, &WalletType::SOLANA).await {
///     Ok(user) => println!("signs in as {:?}", user.email()),
///     Err(error) if error.is_unknown_user() => println!("no such user"),
///     Err(error) => return Err(error.into()),
/// }
/// magic.users().logout_by_issuer(issuer).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Every call returns an [`ApiError`] if it fails. If Magic does not know the user,
/// [`ApiError::is_unknown_user`] returns `true`.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    client: &'a Client,
}

impl Client {
    /// Returns the calls that concern the users of this application.
    #[must_use]
    pub const fn users(&self) -> Users<'_> {
        Users { client: self }
    }
}

impl Users<'_> {
    /// Returns what Magic knows about the user of an issuer, without wallets.
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_issuer(&self, issuer: Issuer) -> Result<UserMetadata, ApiError> {
        self.metadata(issuer, &WalletType::NONE).await
    }

    /// Returns what Magic knows about the user of an issuer, with the wallets of one type, or of
    /// [any](WalletType::ANY).
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_issuer_with_wallet(
        &self,
        issuer: Issuer,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata(issuer, wallet_type).await
    }

    /// Returns what Magic knows about the user of an address, without wallets.
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_public_address(
        &self,
        address: Address,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata(address.into(), &WalletType::NONE).await
    }

    /// Returns what Magic knows about the user of an address, with the wallets of one type, or of
    /// [any](WalletType::ANY).
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_public_address_with_wallet(
        &self,
        address: Address,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        self.metadata(address.into(), wallet_type).await
    }

    /// Returns the users with an e-mail address: all of them, or those of one OAuth provider.
    ///
    /// The legacy generation has no such call.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use magic_admin::{Magic, admin::OAuthProvider};
    ///
    /// # async fn find(magic: Magic) -> Result<(), magic_admin::ApiError> {
    /// let google = Some(&OAuthProvider::GOOGLE);
    /// let list = magic.users().metadata_by_email("alice@example.com", google).await?;
    /// println!("{} users", list.users().len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_email(
        &self,
        email: &str,
        provider: Option<&OAuthProvider>,
    ) -> Result<UserList, ApiError> {
        let mut query = vec![("type", "email".to_owned()), ("value", email.to_owned())];
        query.extend(provider.map(|provider| ("provider", provider.to_string())));
        let call = Call { query, email: Some(email), ..Call::to(Endpoint::UserByEmail) };
        self.list(&call).await
    }

    /// Returns what Magic knows about the users of several addresses, requested in the given order.
    ///
    /// The legacy generation has no such call.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use magic_admin::{Address, Magic};
    ///
    /// # async fn find(magic: Magic, members: Vec<Address>) -> Result<(), magic_admin::ApiError> {
    /// for user in magic.users().metadata_by_public_addresses(&members).await?.users() {
    ///     println!("{:?}: {:?}", user.public_address(), user.email());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn metadata_by_public_addresses(
        &self,
        addresses: &[Address],
    ) -> Result<UserList, ApiError> {
        let issuers: Vec<_> = addresses.iter().copied().map(Issuer::from).collect();
        let body = Some(json!({ "issuers": issuers }));
        self.list(&Call { body, ..Call::to(Endpoint::Users) }).await
    }

    /// Ends every session that the user of an issuer has with Magic.
    ///
    /// DID tokens that have already been issued remain valid until they expire. A
    /// [`RevocationList`](crate::RevocationList) invalidates them in your application.
    ///
    /// Unlike other calls, a logout is not retried after a 429 without `Retry-After`, because every
    /// attempt counts against the rate limit.
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn logout_by_issuer(&self, issuer: Issuer) -> Result<(), ApiError> {
        let _notice = self.client.logouts().notice(issuer);
        self.act(Endpoint::Logout, issuer).await
    }

    /// Ends every session that the user of an address has with Magic; see
    /// [`logout_by_issuer`](Self::logout_by_issuer).
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn logout_by_public_address(&self, address: Address) -> Result<(), ApiError> {
        self.logout_by_issuer(address.into()).await
    }

    /// Removes the second factor of the user of an issuer, who can then sign in without it.
    ///
    /// The legacy generation has no such call.
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn remove_mfa_by_issuer(&self, issuer: Issuer) -> Result<(), ApiError> {
        self.act(Endpoint::RemoveMfa, issuer).await
    }

    /// Removes the second factor of the user of an address; see
    /// [`remove_mfa_by_issuer`](Self::remove_mfa_by_issuer).
    ///
    /// # Errors
    ///
    /// See [`Users`].
    pub async fn remove_mfa_by_public_address(&self, address: Address) -> Result<(), ApiError> {
        self.act(Endpoint::RemoveMfa, address.into()).await
    }

    /// Like [`metadata_by_issuer_with_wallet`](Self::metadata_by_issuer_with_wallet), but gives up
    /// after this time.
    pub(crate) async fn metadata_within(
        &self,
        patience: Duration,
        issuer: Issuer,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        match timeout(patience, self.metadata(issuer, wallet_type)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let route = Endpoint::User.route(self.client.generation());
                Err(ApiError::timed_out(route.unwrap_or(Endpoint::User.current())))
            }
        }
    }

    async fn metadata(
        &self,
        issuer: Issuer,
        wallet_type: &WalletType,
    ) -> Result<UserMetadata, ApiError> {
        let query = vec![("issuer", issuer.to_string()), ("wallet_type", wallet_type.to_string())];
        let call = Call { query, ..Call::to(Endpoint::User) };
        self.client
            .call(&call, |response, reader| {
                UserMetadata::new(reader.object(response)?)
                    .map_err(|fault| reader.unreadable(response, fault))
            })
            .await
    }

    async fn list(&self, call: &Call<'_>) -> Result<UserList, ApiError> {
        self.client
            .call(call, |response, reader| match reader.data(response)? {
                Value::Null => Err(reader.unreadable(response, "the answer holds no data")),
                data => Ok(UserList::new(data)),
            })
            .await
    }

    async fn act(&self, endpoint: Endpoint, issuer: Issuer) -> Result<(), ApiError> {
        let call = Call { body: Some(json!({ "issuer": issuer })), ..Call::to(endpoint) };
        self.client.call(&call, |response, reader| reader.done(response)).await
    }
}
