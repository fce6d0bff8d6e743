use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::response::IntoResponse;
use http::{Request, Response};
use magic_admin::gating::GatingError;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::rejection::{AuthRejection, RejectionBody};

pin_project! {
    /// The response future of [`RequireOwnership`](crate::RequireOwnership).
    pub struct RequireOwnershipFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // What goes on once the user is known to be an owner.
        waiting: Option<(S, Request<B>)>,
        #[pin]
        step: Step<S::Future>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Rejected {
            rejection: Option<AuthRejection>,
        },
        Checking {
            check: Check,
        },
        Forward {
            #[pin]
            response: F,
        },
    }
}

pub(super) type Check = Pin<Box<dyn Future<Output = Result<(), GatingError>> + Send>>;

impl<S, B> RequireOwnershipFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn rejected(rejection: AuthRejection) -> Self {
        Self { waiting: None, step: Step::Rejected { rejection: Some(rejection) } }
    }

    pub(super) const fn forward(response: S::Future) -> Self {
        Self { waiting: None, step: Step::Forward { response } }
    }

    pub(super) const fn checking(check: Check, ready: S, request: Request<B>) -> Self {
        Self { waiting: Some((ready, request)), step: Step::Checking { check } }
    }
}

impl<S, ReqBody, ResBody> Future for RequireOwnershipFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<RejectionBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.step.as_mut().project() {
                StepProjection::Forward { response } => {
                    let response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(response.map(RejectionBody::forward)));
                }
                StepProjection::Rejected { rejection } => match rejection.take() {
                    Some(rejection) => {
                        let response = rejection.into_response();
                        return Poll::Ready(Ok(response.map(RejectionBody::own)));
                    }
                    // Polled after it ended, which is up to whoever polls.
                    None => return Poll::Pending,
                },
                StepProjection::Checking { check } => {
                    let owned = ready!(check.as_mut().poll(cx));
                    // Dropping the service gives back what it reserved, such as a slot under a
                    // concurrency limit.
                    match (owned, this.waiting.take()) {
                        (Ok(()), Some((mut ready, request))) => {
                            Step::Forward { response: ready.call(request) }
                        }
                        (Ok(()), None) => return Poll::Pending,
                        (Err(error), _) => {
                            Step::Rejected { rejection: Some(AuthRejection::from(error)) }
                        }
                    }
                }
            };
            this.step.set(next);
        }
    }
}

impl<S, B> fmt::Debug for RequireOwnershipFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireOwnershipFuture").finish_non_exhaustive()
    }
}
