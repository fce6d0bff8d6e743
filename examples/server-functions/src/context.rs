use std::fmt::Debug;

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    response::Response,
};
use magic_admin_axum::Authenticator;
use server_fn::{ServerFnError, axum::handle_server_fn};
use tokio::task_local;

task_local! {
    /// The current request of a server function, and the application's authenticator.
    static CONTEXT: (Parts, Authenticator);
}

/// Runs the server function for a request, like `leptos_axum::handle_server_fns_with_context`.
pub(crate) async fn call(State(auth): State<Authenticator>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    CONTEXT.scope((parts, auth), handle_server_fn(request)).await
}

/// Runs an extractor in a server function, like `leptos_axum::extract_with_state`.
pub(crate) async fn extract<T>() -> Result<T, ServerFnError>
where
    T: FromRequestParts<Authenticator>,
    T::Rejection: Debug,
{
    let (mut parts, auth) = CONTEXT
        .try_with(Clone::clone)
        .map_err(|_| ServerFnError::new("no request: call server functions through `call`"))?;
    let extracted = T::from_request_parts(&mut parts, &auth).await;
    extracted.map_err(|rejection| ServerFnError::new(format!("{rejection:?}")))
}
