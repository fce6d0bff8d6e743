use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use magic_admin::{VerifiedToken, VerifyError};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{RequireTokenBody, service::reject};
use crate::{AuthRejection, RejectionConfig, single_use::Consumed};

pin_project! {
    /// The response future of [`RequireToken`](super::RequireToken).
    pub struct RequireTokenFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
    }
}

/// A verification that waits for the client id, or for the store of used tokens.
pub(super) type PendingCheck = Pin<Box<dyn Future<Output = Result<Checked, VerifyError>> + Send>>;

/// A token that is valid.
pub(super) struct Checked {
    pub(super) verified: VerifiedToken,
    /// Whether it was consumed, by a layer that takes each token once.
    pub(super) is_consumed: bool,
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Rejected {
            rejection: AuthRejection,
        },
        Forward {
            #[pin]
            response: S::Future,
        },
        // The only state with a box: once the client id is known, only single use needs it.
        Checking {
            check: PendingCheck,
            waiting: Option<Waiting<S, B>>,
        },
    }
}

/// What goes on once the token is known to be valid.
struct Waiting<S, B> {
    ready: S,
    request: Request<B>,
    config: Option<RejectionConfig>,
}

impl<S, B> RequireTokenFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn rejected(rejection: AuthRejection) -> Self {
        Self { state: State::Rejected { rejection } }
    }

    pub(super) const fn forward(response: S::Future) -> Self {
        Self { state: State::Forward { response } }
    }

    pub(super) const fn checking(
        check: PendingCheck,
        ready: S,
        request: Request<B>,
        config: Option<RejectionConfig>,
    ) -> Self {
        Self { state: State::Checking { check, waiting: Some(Waiting { ready, request, config }) } }
    }
}

impl<S, ReqBody, ResBody> Future for RequireTokenFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<RequireTokenBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Rejected { rejection } => {
                    return Poll::Ready(Ok(RequireTokenBody::refuse(rejection.clone())));
                }
                StateProjection::Forward { response } => {
                    let response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(response.map(RequireTokenBody::forward)));
                }
                StateProjection::Checking { check, waiting } => {
                    let outcome = ready!(check.as_mut().poll(cx));
                    let Some(Waiting { mut ready, mut request, config }) = waiting.take() else {
                        // Not reached: this state is left in the poll that takes the value.
                        return Poll::Pending;
                    };
                    match outcome {
                        Ok(Checked { verified, is_consumed }) => {
                            if is_consumed {
                                request.extensions_mut().insert(Consumed(verified.clone()));
                            }
                            request.extensions_mut().insert(verified);
                            State::Forward { response: ready.call(request) }
                        }
                        Err(error) => State::Rejected {
                            rejection: reject(error.into(), config.as_ref(), &request),
                        },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, B> fmt::Debug for RequireTokenFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireTokenFuture").finish_non_exhaustive()
    }
}
