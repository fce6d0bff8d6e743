use std::{fmt, sync::Arc};

use super::{client_id::ClientIdFetch, profile_settings::ProfileSettings, profiles::Profiles};
#[cfg(feature = "challenges")]
use crate::single_use::RedeemedChallenge;
use crate::{
    client::{Client, Users},
    metrics,
    revocation::RevocationList,
    types::VerifyError,
    verified::VerifiedToken,
    verify::{Extent, Verifier},
};

/// The entry point of this crate: verifies DID tokens and calls the Admin API.
///
/// A `Magic` is cheap to clone, and clones share all state, including the connections and the
/// client ID. Create one at start-up and pass clones around. Building one makes no network calls,
/// so your application starts even if Magic is down. If no client ID is configured, it is fetched
/// when the first valid token arrives.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::{DidToken, Magic};
///
/// # async fn run(header: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
/// let magic = Magic::from_env()?;
///
/// let token = DidToken::from_authorization_header(header)?;
/// let user = magic.verify(&token).await?;
/// println!("{} is signed in for {:?}", user.issuer(), user.time_left());
///
/// magic.users().logout_by_token(&user).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Magic {
    verifier: Verifier,
    online: Arc<Online>,
}

struct Online {
    client: Client,
    client_id: ClientIdFetch,
    profiles: Arc<Profiles>,
}

impl Magic {
    pub(super) fn new(client: Client, verifier: Verifier, profiles: ProfileSettings) -> Self {
        let profiles = Arc::new(Profiles::new(profiles));
        let observer = Arc::clone(&profiles);
        client.observe_logouts(move |issuer| observer.forget(issuer));
        let client_id = ClientIdFetch::default();
        Self { verifier, online: Arc::new(Online { client, client_id, profiles }) }
    }

    /// Verifies a token, ignoring its attachment, if any. For the list of checks, see [`Verifier`].
    ///
    /// If the client ID is known, this never waits. Otherwise the token first undergoes every check
    /// that does not need the client ID: decoding, signature, attachment, expiry and `nbf`. If it
    /// passes, the call waits up to 5 s for the client ID, which is fetched once for all waiting
    /// requests, and then runs every check.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{DidToken, Magic, VerifyErrorKind};
    ///
    /// async fn status(magic: &Magic, token: &DidToken) -> u16 {
    ///     match magic.verify(token).await {
    ///         Ok(_) => 200,
    ///         Err(error) if error.kind() == VerifyErrorKind::Unavailable => 503,
    ///         Err(_) => 401,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`VerifyError`] with the kind of the first check that failed, or
    /// [`Unavailable`](crate::VerifyErrorKind::Unavailable) if the client ID cannot be fetched at
    /// the moment.
    pub async fn verify<T>(&self, token: &T) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), None, Extent::Everything).await
    }

    /// Verifies a token and checks that its issuer signed `attachment` with it.
    ///
    /// See [`Verifier::verify_with_attachment`].
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{DidToken, Magic, VerifiedToken, VerifyError};
    ///
    /// /// The client signed the new e-mail address.
    /// async fn change_email(
    ///     magic: &Magic,
    ///     token: &DidToken,
    ///     email: &str,
    /// ) -> Result<VerifiedToken, VerifyError> {
    ///     magic.verify_with_attachment(token, email).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify`](Self::verify) and [`Verifier::verify_with_attachment`].
    pub async fn verify_with_attachment<T>(
        &self,
        token: &T,
        attachment: &str,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), Some(attachment), Extent::Everything).await
    }

    /// Verifies a token whose attachment is the nonce of a redeemed challenge.
    ///
    /// See [`Verifier::verify_with_challenge`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify`](Self::verify) and [`Verifier::verify_with_challenge`].
    #[cfg(feature = "challenges")]
    pub async fn verify_with_challenge<T>(
        &self,
        token: &T,
        challenge: &RedeemedChallenge,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        let extent = Extent::Challenged(challenge.issued_at());
        self.check(token.as_ref(), Some(challenge.nonce()), extent).await
    }

    /// Verifies a token against the protocol and its audience only, without consulting the
    /// revocation list and the policy: **a token of a user who has logged out is accepted**.
    ///
    /// See [`Verifier::dangerous_verify_protocol_only`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify`](Self::verify), except for those of the revocation list and
    /// the policy.
    pub async fn dangerous_verify_protocol_only<T>(
        &self,
        token: &T,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), None, Extent::ProtocolOnly).await
    }

    /// Returns the revocation list, if one is set.
    #[must_use]
    pub fn revocations(&self) -> Option<&RevocationList> {
        self.verifier.revocations()
    }

    /// Returns the verifier behind [`verify`](Self::verify), or `None` while the client ID is not
    /// yet known.
    ///
    /// If the client ID is configured, the verifier is available from the start.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Magic, SecretKey};
    ///
    /// let magic = Magic::builder(SecretKey::new("sk_live_0123456789ABCDEF")?).client_id("client-id").build()?;
    /// let verifier = magic.verifier().ok_or("the client id is not known yet")?;
    /// assert!(verifier.verify("not a token").is_err()); // without `await`
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn verifier(&self) -> Option<&Verifier> {
        self.verifier.knows_audience().then_some(&self.verifier)
    }

    /// Returns `true` if this `Magic`, or a clone of it, accepted the token.
    ///
    /// Two applications in one process have different audiences. Only trust tokens that were
    /// accepted by the `Magic` in use.
    #[must_use]
    pub fn has_verified(&self, token: &VerifiedToken) -> bool {
        self.verifier.has_verified(token)
    }

    /// Returns a handle for looking up and logging out the application's users.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        self.client().users()
    }

    /// Returns the client of the Admin API.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn check(magic: magic_admin::Magic) -> Result<(), magic_admin::ApiError> {
    /// // Check at start-up that Magic accepts the secret key.
    /// println!("serving {}", magic.client().info().await?.client_id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.online.client
    }

    pub(super) fn profiles(&self) -> &Profiles {
        &self.online.profiles
    }

    async fn check(
        &self,
        token: &str,
        attachment: Option<&str>,
        extent: Extent,
    ) -> Result<VerifiedToken, VerifyError> {
        if !self.verifier.knows_audience() {
            // Only a token that passes steps 1 to 6 may cause a call to Magic.
            self.verifier.check_but_audience(token, attachment)?;
            let known = self.online.client_id.wait(self.client(), &self.verifier).await;
            known.inspect_err(|error| metrics::not_verified(error.code()))?;
        }
        self.verifier.check(token, attachment, extent)
    }
}

impl fmt::Debug for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Magic")
            .field("client", self.client())
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
