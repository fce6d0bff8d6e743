use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use magic_admin::{
    AuthorizationError, VerifiedToken,
    gating::{Gate, Ownership},
};
use tower_service::Service;

use super::future::RequireOwnershipFuture;
use crate::rejection::{AuthRejection, RejectionBody};

/// The [`Service`] of [`RequireOwnershipLayer`](crate::RequireOwnershipLayer).
#[derive(Clone, Debug)]
pub struct RequireOwnership<S> {
    inner: S,
    gate: Gate,
}

impl<S> RequireOwnership<S> {
    pub(super) const fn new(inner: S, gate: Gate) -> Self {
        Self { inner, gate }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireOwnership<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<RejectionBody<ResBody>>;
    type Error = S::Error;
    type Future = RequireOwnershipFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(user) = request.extensions().get::<VerifiedToken>() else {
            // Gives back what the service reserved when it was polled ready.
            drop(self.take_ready());
            let rejection = AuthRejection::from(AuthorizationError::missing());
            return RequireOwnershipFuture::rejected(rejection);
        };
        // Without an allocation, and without waiting.
        if self.gate.remembered(user) == Some(Ownership::Owns) {
            return RequireOwnershipFuture::forward(self.inner.call(request));
        }
        let (gate, user) = (self.gate.clone(), user.clone());
        let check = Box::pin(async move { gate.require(&user).await });
        RequireOwnershipFuture::checking(check, self.take_ready(), request)
    }
}

impl<S: Clone> RequireOwnership<S> {
    /// Takes the service that was polled ready, and leaves a clone, which has to be polled first.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}
