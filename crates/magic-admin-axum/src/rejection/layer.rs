use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{appearance::Restyle, body::RejectionBody};

/// A [`Layer`] that applies the application's realm and response to rejections returned by
/// handlers.
///
/// Created by [`Authenticator::rejection_layer`](crate::Authenticator::rejection_layer).
///
/// # Examples
///
/// ```
/// use axum::Router;
/// use magic_admin_axum::Authenticator;
///
/// fn with_rejections(app: Router, auth: &Authenticator) -> Router {
///     app.layer(auth.rejection_layer())
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RejectionLayer {
    for_later: Arc<ForLater>,
}

type ForLater = dyn Fn(&Parts) -> Option<Restyle> + Send + Sync;

impl RejectionLayer {
    /// Creates a layer that calls `for_later` for each request.
    pub(crate) fn new<F>(for_later: F) -> Self
    where
        F: Fn(&Parts) -> Option<Restyle> + Send + Sync + 'static,
    {
        Self { for_later: Arc::new(for_later) }
    }
}

impl fmt::Debug for RejectionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectionLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RejectionLayer {
    type Service = RejectionService<S>;

    fn layer(&self, inner: S) -> RejectionService<S> {
        RejectionService { inner, layer: self.clone() }
    }
}

/// The [`Service`] of [`RejectionLayer`].
#[derive(Clone, Debug)]
pub struct RejectionService<S> {
    inner: S,
    layer: RejectionLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RejectionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<RejectionBody<ResBody>>;
    type Error = S::Error;
    type Future = RejectionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let restyle = (self.layer.for_later)(&parts);
        RejectionFuture::new(self.inner.call(Request::from_parts(parts, body)), restyle)
    }
}

pin_project! {
    /// The response future of [`RejectionService`].
    pub struct RejectionFuture<F> {
        #[pin]
        response: F,
        restyle: Option<Restyle>,
    }
}

impl<F> RejectionFuture<F> {
    pub(crate) const fn new(response: F, restyle: Option<Restyle>) -> Self {
        Self { response, restyle }
    }
}

impl<F, B, E> Future for RejectionFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<RejectionBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.response.poll(cx))?;
        Poll::Ready(Ok(match this.restyle.take() {
            None => response.map(RejectionBody::forward),
            Some(restyle) => restyle.finish(response),
        }))
    }
}

impl<F> fmt::Debug for RejectionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectionFuture").finish_non_exhaustive()
    }
}
