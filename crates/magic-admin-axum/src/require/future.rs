use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::response::IntoResponse;
use http::{Request, Response};
use magic_admin::{StoreError, StoreErrorKind};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::rules::{After, Waiting};
use crate::{
    rejection::{AuthRejection, RejectionBody, RejectionFuture},
    sources::Echo,
};

pin_project! {
    /// The response future of [`RequireToken`](crate::RequireToken).
    pub struct RequireTokenFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // While this is pending, the outcome is a rejection.
        waiting: Option<(Waiting, S, B)>,
        #[pin]
        outcome: Outcome<S::Future>,
    }
}

pin_project! {
    #[project = OutcomeProjection]
    enum Outcome<F> {
        Rejected {
            rejection: AuthRejection,
        },
        Forward {
            #[pin]
            response: RejectionFuture<F>,
            echo: Option<Echo>,
        },
    }
}

impl<S, B> RequireTokenFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn rejected(rejection: AuthRejection) -> Self {
        Self { waiting: None, outcome: Outcome::Rejected { rejection } }
    }

    pub(super) fn forward(response: S::Future, after: After) -> Self {
        Self { waiting: None, outcome: Outcome::forward(response, after) }
    }

    /// `ready` is the service to call if the request is let through.
    pub(super) fn waiting(decision: Waiting, ready: S, body: B) -> Self {
        let undecided = StoreError::new(StoreErrorKind::Unreachable, "the check has not ended");
        let rejection = AuthRejection::from(undecided);
        Self { waiting: Some((decision, ready, body)), outcome: Outcome::Rejected { rejection } }
    }
}

impl<F> Outcome<F> {
    fn forward(response: F, After { restyle, echo }: After) -> Self {
        Self::Forward { response: RejectionFuture::new(response, restyle), echo }
    }
}

impl<S, ReqBody, ResBody> Future for RequireTokenFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<RejectionBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some((mut decision, mut ready, body)) = this.waiting.take() {
            let outcome = match decision.as_mut().poll(cx) {
                Poll::Pending => {
                    *this.waiting = Some((decision, ready, body));
                    return Poll::Pending;
                }
                Poll::Ready(Ok((parts, after))) => {
                    Outcome::forward(ready.call(Request::from_parts(parts, body)), after)
                }
                Poll::Ready(Err(rejection)) => Outcome::Rejected { rejection },
            };
            this.outcome.set(outcome);
        }
        match this.outcome.project() {
            OutcomeProjection::Rejected { rejection } => {
                let response = rejection.clone().into_response();
                Poll::Ready(Ok(response.map(RejectionBody::own)))
            }
            OutcomeProjection::Forward { response, echo } => {
                let mut response = ready!(response.poll(cx))?;
                if let Some(echo) = echo {
                    echo.add_to(&mut response);
                }
                Poll::Ready(Ok(response))
            }
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
