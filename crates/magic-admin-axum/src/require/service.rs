use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use magic_admin::ReplayGuard;
use tower_service::Service;

use super::future::{Checking, RequireTokenFuture};
use crate::{
    Authenticator,
    admission::{Admission, admit},
    authenticator::Chosen,
    rejection::{AuthRejection, RejectionBody, RejectionStyle},
};

/// The [`Service`] of [`RequireTokenLayer`](crate::RequireTokenLayer).
#[derive(Clone, Debug)]
pub struct RequireToken<S> {
    inner: S,
    auth: Authenticator,
    guard: Option<ReplayGuard>,
}

impl<S> RequireToken<S> {
    pub(super) const fn new(inner: S, auth: Authenticator, guard: Option<ReplayGuard>) -> Self {
        Self { inner, auth, guard }
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
        let Chosen { verifying, appearance } = match self.auth.for_request(&parts) {
            Ok(chosen) => chosen,
            Err(answer) => return self.reject(AuthRejection::unserved(*answer)),
        };
        match admit(&mut parts, &verifying, self.guard.as_ref()) {
            Ok(Admission::Admitted(verified)) => {
                parts.extensions.insert(verified);
                let restyle = appearance.for_later(&parts);
                let response = self.inner.call(Request::from_parts(parts, body));
                RequireTokenFuture::forward(response, restyle)
            }
            Ok(Admission::Waiting(check)) => {
                let appearance = appearance.into_owned();
                let ready = self.take_ready();
                RequireTokenFuture::checking(Checking { check, ready, parts, body, appearance })
            }
            Err(reason) => {
                let rejection = AuthRejection::new(reason, RejectionStyle::Rfc6750);
                let rejection = appearance.apply(rejection, &parts);
                self.reject(rejection)
            }
        }
    }
}

impl<S: Clone> RequireToken<S> {
    fn reject<B>(&mut self, rejection: AuthRejection) -> RequireTokenFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // Gives back what the service reserved when it was polled ready, such as a slot under a
        // concurrency limit: rejected requests must not use it up.
        drop(self.take_ready());
        RequireTokenFuture::rejected(rejection)
    }

    /// Takes the service that was polled ready, and leaves a clone, which has to be polled first:
    /// <https://docs.rs/tower/0.5/tower/trait.Service.html#be-careful-when-cloning-inner-services>.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}
