use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use magic_admin::{DidToken, Magic, ReplayGuard, VerifiedToken};
use tower_service::Service;

use super::{
    RequireToken, RequireTokenBody, RequireTokenFuture,
    future::{Checked, PendingCheck},
};
use crate::{
    AuthRejection, RejectionConfig,
    credentials::{bearer_token, mark_sensitive},
    failure::Failure,
    rejection::Dialect,
    single_use::Consumed,
};

/// The [`Service`] of [`RequireToken`].
#[derive(Clone, Debug)]
pub struct RequireTokenService<S> {
    inner: S,
    settings: RequireToken,
}

impl<S> RequireTokenService<S> {
    pub(super) const fn new(inner: S, settings: RequireToken) -> Self {
        Self { inner, settings }
    }

    /// Verifies the request's token as far as that needs no waiting.
    fn check<B>(&self, request: &mut Request<B>) -> Result<Check, Failure> {
        mark_sensitive(request.headers_mut());
        let magic = &self.settings.magic;
        let extensions = request.extensions();
        let guard = self.settings.guard.as_ref().filter(|_| !Consumed::is_in(extensions, magic));
        let known = extensions.get::<VerifiedToken>();
        let verified = match known.filter(|verified| magic.has_verified(verified)) {
            Some(_) if guard.is_none() => return Ok(Check::Done),
            Some(verified) => verified.clone(),
            None => {
                let token = bearer_token(request.headers())?;
                let Some(verifier) = magic.verifier() else {
                    return Ok(Check::Pending(verify(magic, token, guard)));
                };
                verifier.verify(token)?
            }
        };
        if let Some(guard) = guard {
            return Ok(Check::Pending(consume(guard, verified)));
        }
        request.extensions_mut().insert(verified);
        Ok(Check::Done)
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireTokenService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<RequireTokenBody<ResBody>>;
    type Error = S::Error;
    type Future = RequireTokenFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.check(&mut request) {
            Ok(Check::Done) => RequireTokenFuture::forward(self.inner.call(request)),
            Ok(Check::Pending(check)) => {
                let config = self.settings.config.clone();
                RequireTokenFuture::checking(check, self.take_ready(), request, config)
            }
            Err(failure) => {
                // Gives back what the service reserved when it was polled ready, a place under a
                // concurrency limit say: requests that are refused must not use it up.
                drop(self.take_ready());
                RequireTokenFuture::rejected(reject(
                    failure,
                    self.settings.config.as_ref(),
                    &request,
                ))
            }
        }
    }
}

impl<S: Clone> RequireTokenService<S> {
    /// Takes the service that was polled ready, and leaves a clone, which has to be polled first:
    /// <https://docs.rs/tower/0.5/tower/trait.Service.html#be-careful-when-cloning-inner-services>.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}

enum Check {
    /// The token is valid and in the request's extensions.
    Done,
    /// The client id has to be awaited, or the store of used tokens.
    Pending(PendingCheck),
}

/// Verifies a token when the client id is known, and consumes it when there is a guard.
fn verify(magic: &Magic, token: &str, guard: Option<&ReplayGuard>) -> PendingCheck {
    let (magic, token, guard) = (magic.clone(), DidToken::new(token), guard.cloned());
    Box::pin(async move {
        let verified = magic.verify(&token).await?;
        match guard {
            Some(guard) => consume(&guard, verified).await,
            None => Ok(Checked { verified, is_consumed: false }),
        }
    })
}

fn consume(guard: &ReplayGuard, verified: VerifiedToken) -> PendingCheck {
    let guard = guard.clone();
    Box::pin(async move {
        guard.consume(&verified).await?;
        Ok(Checked { verified, is_consumed: true })
    })
}

pub(super) fn reject<B>(
    failure: Failure,
    config: Option<&RejectionConfig>,
    request: &Request<B>,
) -> AuthRejection {
    AuthRejection::new(failure, Dialect::Rfc6750)
        .with_config(RejectionConfig::in_force(config, request.extensions()))
}
