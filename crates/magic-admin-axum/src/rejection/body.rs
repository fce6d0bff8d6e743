use std::{
    fmt,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::{BoxError, Error, body::Body as AxumBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response, either of the wrapped service or of a rejection.
    ///
    /// [`RequireToken`](crate::RequireToken) and [`RejectionService`](crate::RejectionService)
    /// return it.
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
            // Use a lock, because some servers require bodies that are `Sync`, and this one is not.
            body: Mutex<AxumBody>,
        },
    }
}

impl<B> RejectionBody<B> {
    pub(crate) const fn forward(body: B) -> Self {
        Self { inner: Inner::Forward { body } }
    }

    pub(crate) const fn own(body: AxumBody) -> Self {
        Self { inner: Inner::Own { body: Mutex::new(body) } }
    }
}

impl<B> Body for RejectionBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.project().inner.project() {
            InnerProjection::Forward { body } => body.poll_frame(cx).map_err(Error::new),
            InnerProjection::Own { body } => {
                let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
                Pin::new(body).poll_frame(cx)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Forward { body } => body.is_end_stream(),
            Inner::Own { body } => lock(body).is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Forward { body } => body.size_hint(),
            Inner::Own { body } => lock(body).size_hint(),
        }
    }
}

fn lock(body: &Mutex<AxumBody>) -> MutexGuard<'_, AxumBody> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B> fmt::Debug for RejectionBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectionBody").finish_non_exhaustive()
    }
}
