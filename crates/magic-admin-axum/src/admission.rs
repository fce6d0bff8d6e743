//! The single path from a request to a verified token, shared by the layer and the extractors.

use axum::response::Response;
use http::{Extensions, request::Parts};
#[cfg(feature = "online")]
use magic_admin::{DidToken, Magic};
use magic_admin::{ReplayGuard, VerifiedToken, VerifyError};

use crate::{
    authenticator::{Authenticator, Chosen},
    rejection::{Appearance, AuthRejection, Reason, RejectionStyle},
    sources::TokenSources,
    verifying::Verifying,
};

/// Admits a request on behalf of an extractor, and waits where necessary. Also returns the
/// configuration that applies to the request.
pub(crate) async fn authenticate<'a>(
    parts: &mut Parts,
    auth: &'a Authenticator,
    guard: Option<&ReplayGuard>,
) -> Result<(VerifiedToken, Chosen<'a>), NotAdmitted> {
    let chosen = auth.for_request(parts).map_err(NotAdmitted::Unserved)?;
    match admit(parts, &chosen, guard).await {
        Ok(verified) => {
            // Save it for the request's next extractor. If another verifier has left a token there,
            // keep that one.
            parts.extensions.get_or_insert_with(|| verified.clone());
            Ok((verified, chosen))
        }
        Err(reason) => Err(NotAdmitted::rejected(reason, chosen)),
    }
}

async fn admit(
    parts: &mut Parts,
    chosen: &Chosen<'_>,
    guard: Option<&ReplayGuard>,
) -> Result<VerifiedToken, Reason> {
    chosen.sources().mark_sensitive(&mut parts.headers);
    let verified = verify(parts, &chosen.verifying, chosen.sources())?.complete().await?;
    if let Some(guard) = guard {
        consume(&mut parts.extensions, &chosen.verifying, guard, &verified).await?;
    }
    Ok(verified)
}

/// A request that was not admitted.
pub(crate) enum NotAdmitted {
    /// The application chose no authenticator for the request and responded to it itself.
    Unserved(Box<Response>),
    Rejected {
        reason: Reason,
        appearance: Appearance,
    },
}

impl NotAdmitted {
    pub(crate) fn rejected(reason: Reason, chosen: Chosen<'_>) -> Self {
        Self::Rejected { reason, appearance: chosen.appearance.into_owned() }
    }

    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Rejected { reason, .. } if reason.is_absence())
    }

    pub(crate) fn reject(self, parts: &Parts, style: RejectionStyle) -> AuthRejection {
        match self {
            Self::Unserved(response) => AuthRejection::unserved(*response),
            Self::Rejected { reason, appearance } => {
                appearance.apply(AuthRejection::new(reason, style), parts)
            }
        }
    }
}

/// Extracts the request's token and verifies it, unless this request has already been verified.
///
/// If verification has to wait for the client ID, returns [`Verification::Waiting`].
pub(crate) fn verify(
    parts: &Parts,
    verifying: &Verifying,
    sources: &TokenSources,
) -> Result<Verification, Reason> {
    let known = parts.extensions.get().filter(|verified| verifying.has_verified(verified));
    if let Some(verified) = known.cloned() {
        return Ok(Verification::Known(verified));
    }
    let token = sources.token(parts)?;
    match verifying.verifier() {
        Ok(verifier) => Ok(Verification::New(verifier.verify(&*token)?)),
        #[cfg(feature = "online")]
        Err(magic) => Ok(Verification::Waiting(magic.clone(), DidToken::new(token))),
    }
}

/// The outcome of [`verify`].
pub(crate) enum Verification {
    /// The token was already verified earlier in this request.
    Known(VerifiedToken),
    New(VerifiedToken),
    /// The client ID is not known yet and has to be awaited.
    #[cfg(feature = "online")]
    Waiting(Magic, DidToken),
}

impl Verification {
    pub(crate) const fn user(&self) -> Option<&VerifiedToken> {
        match self {
            Self::Known(verified) | Self::New(verified) => Some(verified),
            #[cfg(feature = "online")]
            Self::Waiting(..) => None,
        }
    }

    pub(crate) async fn complete(self) -> Result<VerifiedToken, VerifyError> {
        match self {
            Self::Known(verified) | Self::New(verified) => Ok(verified),
            #[cfg(feature = "online")]
            Self::Waiting(magic, token) => magic.verify(&token).await,
        }
    }
}

/// Consumes a token, unless the same guard has already consumed it for this request.
pub(crate) async fn consume(
    extensions: &mut Extensions,
    verifying: &Verifying,
    guard: &ReplayGuard,
    verified: &VerifiedToken,
) -> Result<(), VerifyError> {
    if Consumed::is_noted(extensions, verifying, guard, verified) {
        return Ok(());
    }
    guard.consume(verified).await?;
    let Consumed(mut noted) = extensions.remove().unwrap_or_default();
    noted.push((guard.clone(), verified.clone()));
    extensions.insert(Consumed(noted));
    Ok(())
}

/// Records in a request's extensions which guards have consumed which token, so that a layer and an
/// extractor do not consume it twice.
#[derive(Clone, Default)]
struct Consumed(Vec<(ReplayGuard, VerifiedToken)>);

impl Consumed {
    fn is_noted(
        extensions: &Extensions,
        verifying: &Verifying,
        guard: &ReplayGuard,
        verified: &VerifiedToken,
    ) -> bool {
        extensions.get().is_some_and(|Self(noted)| {
            noted.iter().any(|(noted_guard, token)| {
                noted_guard.shares_store_with(guard)
                    && verifying.has_verified(token)
                    && is_same(token, verified)
            })
        })
    }
}

fn is_same(one: &VerifiedToken, other: &VerifiedToken) -> bool {
    one.issuer() == other.issuer()
        && one.audience() == other.audience()
        && one.claims().token_id() == other.claims().token_id()
}
