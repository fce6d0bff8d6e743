use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    future::RequireTokenFuture,
    rules::{Decision, Rules},
};
use crate::rejection::RejectionBody;

/// The [`Service`] of [`RequireTokenLayer`](crate::RequireTokenLayer) and of
/// `RequireOwnershipLayer`.
#[derive(Clone, Debug)]
pub struct RequireToken<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> RequireToken<S> {
    pub(super) const fn new(inner: S, rules: Arc<Rules>) -> Self {
        Self { inner, rules }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireToken<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<RejectionBody<ResBody>>;
    type Error = S::Error;
    type Future = RequireTokenFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        match self.rules.decide(&mut parts) {
            Ok(Decision::Forward(after)) => {
                let response = self.inner.call(Request::from_parts(parts, body));
                RequireTokenFuture::forward(response, after)
            }
            Ok(Decision::Undecided(undecided)) => {
                RequireTokenFuture::waiting(undecided.wait(parts), self.take_ready(), body)
            }
            Err(rejection) => {
                // Drop the ready service to return what it reserved in `poll_ready`, such as a slot
                // under a concurrency limit. Rejected requests must not hold on to it.
                drop(self.take_ready());
                RequireTokenFuture::rejected(rejection)
            }
        }
    }
}

impl<S: Clone> RequireToken<S> {
    /// Takes the service that was polled ready and leaves a clone, which has to be polled before
    /// use:
    /// <https://docs.rs/tower/0.5/tower/trait.Service.html#be-careful-when-cloning-inner-services>.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}
