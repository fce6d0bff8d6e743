use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{BoxError, body::Body as AxumBody};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use crate::{AuthRejection, refusal::Refusal};

pin_project! {
    /// The response body of [`RequireToken`](super::RequireToken): the wrapped service's own, or
    /// that of a refusal.
    pub struct RequireTokenBody<B> {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<B> {
        Forward {
            #[pin]
            body: B,
        },
        Problem {
            #[pin]
            body: Full<Bytes>,
        },
        Replaced {
            #[pin]
            body: AxumBody,
        },
    }
}

impl<B> RequireTokenBody<B> {
    pub(super) const fn forward(body: B) -> Self {
        Self { inner: Inner::Forward { body } }
    }

    pub(super) fn refuse(rejection: AuthRejection) -> Response<Self> {
        match rejection.into_refusal() {
            Refusal::Problem(response) => {
                response.map(|body| Self { inner: Inner::Problem { body } })
            }
            Refusal::Replaced(response) => {
                response.map(|body| Self { inner: Inner::Replaced { body } })
            }
        }
    }
}

impl<B> Body for RequireTokenBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().inner.project() {
            InnerProjection::Forward { body } => body.poll_frame(cx).map_err(Into::into),
            InnerProjection::Problem { body } => body.poll_frame(cx).map_err(Into::into),
            InnerProjection::Replaced { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Forward { body } => body.is_end_stream(),
            Inner::Problem { body } => body.is_end_stream(),
            Inner::Replaced { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Forward { body } => body.size_hint(),
            Inner::Problem { body } => body.size_hint(),
            Inner::Replaced { body } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for RequireTokenBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireTokenBody").finish_non_exhaustive()
    }
}
