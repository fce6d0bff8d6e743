//! The one path from a request to a verified token: layer and extractors take it.

use std::pin::Pin;

use axum::response::Response;
use http::{Extensions, request::Parts};
#[cfg(feature = "online")]
use magic_admin::{DidToken, Magic};
use magic_admin::{ReplayGuard, VerifiedToken, VerifyError};

use crate::{
    authenticator::{Authenticator, Chosen},
    rejection::{Appearance, AuthRejection, Reason, RejectionStyle},
    sources::{bearer_token, mark_sensitive},
    verifying::Verifying,
};

/// Admits a request on behalf of an extractor; waits where it has to.
pub(crate) async fn authenticate(
    parts: &mut Parts,
    auth: &Authenticator,
    guard: Option<&ReplayGuard>,
) -> Result<VerifiedToken, NotAdmitted> {
    let Chosen { verifying, appearance } =
        auth.for_request(parts).map_err(NotAdmitted::Unserved)?;
    let failed = |reason| NotAdmitted::Rejected { reason, appearance: appearance.into_owned() };
    let verified = match admit(parts, &verifying, guard) {
        Ok(Admission::Admitted(verified)) => verified,
        Ok(Admission::Waiting(check)) => match check.await {
            Ok(waited) => waited.note(&mut parts.extensions),
            Err(error) => return Err(failed(error.into())),
        },
        Err(reason) => return Err(failed(reason)),
    };
    // For the next extractor of this request. What another verifier left there stays its own.
    parts.extensions.get_or_insert_with(|| verified.clone());
    Ok(verified)
}

/// A request that was not admitted.
pub(crate) enum NotAdmitted {
    /// The application chose nobody to serve it, and answered it.
    Unserved(Box<Response>),
    Rejected {
        reason: Reason,
        appearance: Appearance,
    },
}

impl NotAdmitted {
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Rejected { reason, .. } if reason.is_absence())
    }

    pub(crate) fn reject(self, parts: &Parts) -> AuthRejection {
        match self {
            Self::Unserved(response) => AuthRejection::unserved(*response),
            Self::Rejected { reason, appearance } => {
                appearance.apply(AuthRejection::new(reason, RejectionStyle::Rfc6750), parts)
            }
        }
    }
}

/// Takes the request's token, verifies it unless that was done before, and consumes it when there
/// is a guard; as far as that needs no waiting.
pub(crate) fn admit(
    parts: &mut Parts,
    verifying: &Verifying,
    guard: Option<&ReplayGuard>,
) -> Result<Admission, Reason> {
    mark_sensitive(&mut parts.headers);
    let guard = guard.filter(|guard| !Consumed::is_noted(&parts.extensions, verifying, guard));
    let known = parts.extensions.get().filter(|verified| verifying.has_verified(verified));
    let verified = match known.cloned() {
        Some(verified) => verified,
        None => {
            let token = bearer_token(&parts.headers)?;
            match verifying.verifier() {
                Ok(verifier) => verifier.verify(token)?,
                #[cfg(feature = "online")]
                Err(magic) => {
                    return Ok(Admission::Waiting(verify(magic.clone(), token, guard.cloned())));
                }
            }
        }
    };
    Ok(match guard {
        None => Admission::Admitted(verified),
        Some(guard) => Admission::Waiting(Box::pin(consume(guard.clone(), verified))),
    })
}

/// The outcome of [`admit`].
pub(crate) enum Admission {
    Admitted(VerifiedToken),
    /// The client id has to be awaited, or the store of used tokens.
    Waiting(Waiting),
}

pub(crate) type Waiting = Pin<Box<dyn Future<Output = Result<Waited, VerifyError>> + Send>>;

/// The outcome of waiting.
pub(crate) struct Waited {
    verified: VerifiedToken,
    consumed_by: Option<ReplayGuard>,
}

impl Waited {
    /// Notes in the request's extensions that the token was consumed; returns it.
    pub(crate) fn note(self, extensions: &mut Extensions) -> VerifiedToken {
        let Self { verified, consumed_by } = self;
        if let Some(guard) = consumed_by {
            let Consumed(mut noted) = extensions.remove().unwrap_or_default();
            noted.push((guard, verified.clone()));
            extensions.insert(Consumed(noted));
        }
        verified
    }
}

/// Verifies a token once the client id is known, and consumes it when there is a guard.
#[cfg(feature = "online")]
fn verify(magic: Magic, token: &str, guard: Option<ReplayGuard>) -> Waiting {
    let token = DidToken::new(token);
    Box::pin(async move {
        let verified = magic.verify(&token).await?;
        match guard {
            Some(guard) => consume(guard, verified).await,
            None => Ok(Waited { verified, consumed_by: None }),
        }
    })
}

async fn consume(guard: ReplayGuard, verified: VerifiedToken) -> Result<Waited, VerifyError> {
    guard.consume(&verified).await?;
    Ok(Waited { verified, consumed_by: Some(guard) })
}

/// Notes in a request's extensions which guards have consumed which token, so that layer and
/// extractor do not consume it twice.
#[derive(Clone, Default)]
struct Consumed(Vec<(ReplayGuard, VerifiedToken)>);

impl Consumed {
    fn is_noted(extensions: &Extensions, verifying: &Verifying, guard: &ReplayGuard) -> bool {
        extensions.get().is_some_and(|Self(noted)| {
            noted.iter().any(|(noted_guard, verified)| {
                noted_guard.shares_store_with(guard) && verifying.has_verified(verified)
            })
        })
    }
}
