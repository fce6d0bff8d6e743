#[cfg(feature = "online")]
use magic_admin::{Magic, RevocationList, VerifyError};
use magic_admin::{VerifiedToken, Verifier};

/// The verifier of a request's token.
#[derive(Clone, Debug)]
pub(crate) enum Verifying {
    #[cfg(feature = "online")]
    Magic(Magic),
    Verifier(Verifier),
}

impl Verifying {
    /// Returns the verifier or, while its client ID is unknown, the `Magic` that fetches it.
    #[cfg(feature = "online")]
    pub(crate) fn verifier(&self) -> Result<&Verifier, &Magic> {
        match self {
            Self::Magic(magic) => magic.verifier().ok_or(magic),
            Self::Verifier(verifier) => Ok(verifier),
        }
    }

    #[cfg(not(feature = "online"))]
    pub(crate) fn verifier(&self) -> Result<&Verifier, std::convert::Infallible> {
        let Self::Verifier(verifier) = self;
        Ok(verifier)
    }

    /// Verifies a token for a logout: only the protocol's checks and the audience.
    #[cfg(feature = "online")]
    pub(crate) async fn verify_protocol_only(
        &self,
        token: &str,
    ) -> Result<VerifiedToken, VerifyError> {
        match self {
            Self::Magic(magic) => magic.dangerous_verify_protocol_only(token).await,
            Self::Verifier(verifier) => verifier.dangerous_verify_protocol_only(token),
        }
    }

    #[cfg(feature = "online")]
    pub(crate) fn revocations(&self) -> Option<&RevocationList> {
        match self {
            Self::Magic(magic) => magic.revocations(),
            Self::Verifier(verifier) => verifier.revocations(),
        }
    }

    pub(crate) fn has_verified(&self, token: &VerifiedToken) -> bool {
        match self {
            #[cfg(feature = "online")]
            Self::Magic(magic) => magic.has_verified(token),
            Self::Verifier(verifier) => verifier.has_verified(token),
        }
    }
}
