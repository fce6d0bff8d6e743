use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use magic_admin::VerifiedToken;
use tower_service::Service;

use super::{RequireToken, RequireTokenBody, RequireTokenFuture};
use crate::{
    AuthRejection, RejectionConfig,
    credentials::{bearer_token, mark_sensitive},
    failure::Failure,
    rejection::Dialect,
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
        let known = request.extensions().get::<VerifiedToken>();
        if known.is_some_and(|verified| magic.has_verified(verified)) {
            return Ok(Check::Done);
        }
        let token = bearer_token(request.headers())?;
        let Some(verifier) = magic.verifier() else {
            let (magic, token) = (magic.clone(), magic_admin::DidToken::new(token));
            return Ok(Check::Pending(Box::pin(async move { magic.verify(&token).await })));
        };
        let verified = verifier.verify(token)?;
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
    /// The client id has to be awaited.
    Pending(super::future::PendingCheck),
}

pub(super) fn reject<B>(
    failure: Failure,
    config: Option<&RejectionConfig>,
    request: &Request<B>,
) -> AuthRejection {
    AuthRejection::new(failure, Dialect::Rfc6750)
        .with_config(RejectionConfig::in_force(config, request.extensions()))
}
