use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::IntoResponse;
use http::{Request, Response, request::Parts};
use magic_admin::{StoreError, StoreErrorKind};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    admission::Waiting,
    rejection::{
        Appearance, AuthRejection, RejectionBody, RejectionFuture, RejectionStyle, Restyle,
    },
};

pin_project! {
    /// The response future of [`RequireToken`](crate::RequireToken).
    pub struct RequireTokenFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // Until the check says otherwise, the outcome is a rejection.
        checking: Option<Checking<S, B>>,
        #[pin]
        outcome: Outcome<S::Future>,
    }
}

/// A verification that waits for the client id, or for the store of used tokens; and what goes on
/// once the token is known to be valid.
pub(super) struct Checking<S, B> {
    pub(super) check: Waiting,
    pub(super) ready: S,
    pub(super) parts: Parts,
    pub(super) body: B,
    pub(super) appearance: Appearance,
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
        },
    }
}

impl<S, B> RequireTokenFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn rejected(rejection: AuthRejection) -> Self {
        Self { checking: None, outcome: Outcome::Rejected { rejection } }
    }

    pub(super) const fn forward(response: S::Future, restyle: Option<Restyle>) -> Self {
        let response = RejectionFuture::new(response, restyle);
        Self { checking: None, outcome: Outcome::Forward { response } }
    }

    pub(super) fn checking(checking: Checking<S, B>) -> Self {
        let undecided = StoreError::new(StoreErrorKind::Unreachable, "the check has not ended");
        let rejection = AuthRejection::from(undecided);
        Self { checking: Some(checking), outcome: Outcome::Rejected { rejection } }
    }
}

impl<S, ReqBody, ResBody> Future for RequireTokenFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<RejectionBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(mut checking) = this.checking.take() {
            match checking.check.as_mut().poll(cx) {
                Poll::Pending => {
                    *this.checking = Some(checking);
                    return Poll::Pending;
                }
                Poll::Ready(decided) => {
                    let Checking { mut ready, mut parts, body, appearance, .. } = checking;
                    let outcome = match decided {
                        Ok(waited) => {
                            let verified = waited.note(&mut parts.extensions);
                            parts.extensions.insert(verified);
                            let restyle = appearance.for_later(&parts);
                            let response = ready.call(Request::from_parts(parts, body));
                            Outcome::Forward { response: RejectionFuture::new(response, restyle) }
                        }
                        Err(error) => {
                            let rejection = AuthRejection::new(error, RejectionStyle::Rfc6750);
                            Outcome::Rejected { rejection: appearance.apply(rejection, &parts) }
                        }
                    };
                    this.outcome.set(outcome);
                }
            }
        }
        match this.outcome.project() {
            OutcomeProjection::Rejected { rejection } => {
                let response = rejection.clone().into_response();
                Poll::Ready(Ok(response.map(RejectionBody::own)))
            }
            OutcomeProjection::Forward { response } => response.poll(cx),
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
