//! The roof: one handle that joins verification and the Admin API.

mod builder;
mod client_id;
mod users;

use core::fmt;
use std::sync::Arc;

pub use builder::MagicBuilder;

use self::client_id::LazyVerifier;
use crate::{
    client::{Client, Users},
    types::{ConfigError, SecretKey},
    verify::{Checks, RevocationList, Revocations, VerifiedToken, Verifier, VerifyError},
};

/// Everything an application needs of Magic: verifies DID tokens and calls the Admin API.
///
/// Cheap to clone; clones share the connections, the client id and everything else. Make one when
/// the application starts and hand out clones. It starts although Magic is down: a client id that
/// is not configured is fetched when the first good token asks for it.
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
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    checks: Checks,
    verifier: LazyVerifier,
}

impl Magic {
    /// Takes the settings from the environment: see [`MagicBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        MagicBuilder::from_env()?.build()
    }

    /// Takes the settings from code.
    pub fn builder(secret_key: SecretKey) -> MagicBuilder {
        MagicBuilder::new(secret_key)
    }

    /// Verifies a token, whatever its attachment: see [`Verifier`] for the checks.
    ///
    /// With the client id known this never waits. Otherwise a token that passes every other check
    /// waits for it, 5 s at most, together with all others.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`] with the kind of the first check that failed, or
    /// [`Unavailable`](crate::VerifyErrorKind::Unavailable) when the client id cannot be had now.
    pub async fn verify<T>(&self, token: &T) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), None, Revocations::Consulted).await
    }

    /// Verifies a token and that its issuer signed this attachment with it: see
    /// [`Verifier::verify_with_attachment`].
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify) and [`Verifier::verify_with_attachment`].
    pub async fn verify_with_attachment<T>(
        &self,
        token: &T,
        attachment: &str,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), Some(attachment), Revocations::Consulted).await
    }

    /// Verifies a token without asking the revocation list, for a logout that is repeated: **a
    /// token that was logged out passes**.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify) but for revocation.
    pub async fn dangerous_verify_ignoring_revocation<T>(
        &self,
        token: &T,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized + Sync,
    {
        self.check(token.as_ref(), None, Revocations::Ignored).await
    }

    /// The list of revoked tokens, when there is one.
    #[must_use]
    pub fn revocations(&self) -> Option<&RevocationList> {
        self.shared.checks.revocations.as_ref()
    }

    /// The verifier behind [`verify`](Self::verify), as soon as the client id is known: from the
    /// start when it is configured.
    #[must_use]
    pub fn verifier(&self) -> Option<&Verifier> {
        self.shared.verifier.get()
    }

    /// Whether it was this `Magic`, or a clone of it, that accepted the token.
    ///
    /// Two applications in one process have different audiences; take from one only what it
    /// accepted itself.
    #[must_use]
    pub fn has_verified(&self, token: &VerifiedToken) -> bool {
        self.verifier().is_some_and(|verifier| verifier.has_verified(token))
    }

    /// The users of the application, at Magic.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        self.shared.client.users()
    }

    /// The Admin API.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    async fn check(
        &self,
        token: &str,
        attachment: Option<&str>,
        revocations: Revocations,
    ) -> Result<VerifiedToken, VerifyError> {
        if let Some(verifier) = self.verifier() {
            return verifier.check(token, attachment, revocations);
        }
        // Only a token that passes every other check may cause a call to Magic.
        self.shared.checks.run(token, attachment)?;
        let verifier = self.shared.verifier.wait(&self.shared.client).await?;
        verifier.check(token, attachment, revocations)
    }
}

impl fmt::Debug for Magic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Magic")
            .field("client", &self.shared.client)
            .field("verifier", &self.verifier())
            .finish_non_exhaustive()
    }
}
