use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of a response, either complete or cut short.
pub(super) struct AnswerBody {
    length: u64,
    data: Option<Bytes>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    /// Fails after hyper has had a chance to send the preceding data.
    Flush,
    Break,
    Stall,
}

impl AnswerBody {
    pub(super) fn complete(data: Bytes) -> Self {
        Self { length: data.len() as u64, data: Some(data), end: End::Complete }
    }

    /// Announces the whole body, sends half of it, and then fails the connection.
    pub(super) fn broken_off(data: Bytes) -> Self {
        Self { end: End::Flush, ..Self::half(data) }
    }

    /// Announces the whole body, sends half of it, and then stalls.
    pub(super) fn stalled(data: Bytes) -> Self {
        Self { end: End::Stall, ..Self::half(data) }
    }

    fn half(data: Bytes) -> Self {
        let length = data.len() as u64;
        Self { length, data: Some(data.slice(..data.len() / 2)), end: End::Complete }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take().filter(|data| !data.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.end {
            End::Complete => Poll::Ready(None),
            End::Flush => {
                self.end = End::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            End::Stall => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Complete && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    /// Returns the announced length, which hyper uses as the `Content-Length`, regardless of how
    /// much is sent.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
