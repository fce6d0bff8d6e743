use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{BoxError, body::Body as AxumBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A response body: the wrapped service's, or that of a rejection.
    ///
    /// The body of [`RequireToken`](crate::RequireToken) and
    /// [`RejectionService`](crate::RejectionService).
    pub struct RejectionBody<B> {
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
        Own {
            #[pin]
            body: AxumBody,
        },
    }
}

impl<B> RejectionBody<B> {
    pub(crate) const fn forward(body: B) -> Self {
        Self { inner: Inner::Forward { body } }
    }

    pub(crate) const fn own(body: AxumBody) -> Self {
        Self { inner: Inner::Own { body } }
    }
}

impl<B> Body for RejectionBody<B>
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
            InnerProjection::Own { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Forward { body } => body.is_end_stream(),
            Inner::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Forward { body } => body.size_hint(),
            Inner::Own { body } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for RejectionBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectionBody").finish_non_exhaustive()
    }
}
