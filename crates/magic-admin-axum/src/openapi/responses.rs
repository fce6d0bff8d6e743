//! The responses of this crate, matching `rejection::table`.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Content, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
    },
};

use super::components::AuthProblem;
use crate::rejection::AuthRejection;

pub(super) type Responses = BTreeMap<String, RefOr<Response>>;

/// Describes every response that an [`AuthRejection`] can produce, for handlers that return one.
///
/// # Examples
///
/// ```
/// use magic_admin_axum::{AuthRejection, Authenticated};
///
/// #[utoipa::path(get, path = "/profile", responses((status = 200, description = "The profile."), AuthRejection))]
/// async fn profile(user: Authenticated) -> Result<String, AuthRejection> {
/// #   let _ = user;
///     Err(AuthRejection::forbidden())
/// }
/// ```
impl IntoResponses for AuthRejection {
    fn responses() -> Responses {
        let mut responses = of_guarded_routes();
        responses.extend(of_magic());
        responses
    }
}

/// Returns the responses of a route that requires a token.
pub(super) fn of_guarded_routes() -> Responses {
    [
        entry("400", problem("The `Authorization` header is malformed.").challenged()),
        entry("401", problem("There is no token, or it was rejected.").challenged()),
        entry("403", problem("The user is not allowed to do this.")),
        entry("503", problem("The token cannot be verified at the moment.").retried()),
    ]
    .into()
}

/// Returns the responses of a route that calls Magic.
pub(super) fn of_magic() -> Responses {
    [
        entry("502", problem("The request to Magic failed.")),
        entry("504", problem("Magic did not answer in time.")),
    ]
    .into()
}

pub(super) fn entry(status: &str, response: ResponseBuilder) -> (String, RefOr<Response>) {
    (status.to_owned(), response.build().into())
}

/// Returns a response with the problem as its body.
pub(super) fn problem(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/problem+json",
            Content::new(Some(Ref::from_schema_name(AuthProblem::name()))),
        )
        .header("Cache-Control", header("Always `no-store`.").build())
}

/// Headers that only some responses have.
pub(super) trait Headers {
    fn challenged(self) -> Self;
    fn retried(self) -> Self;
}

impl Headers for ResponseBuilder {
    fn challenged(self) -> Self {
        self.header("WWW-Authenticate", header("The challenge of RFC 6750.").build())
    }

    fn retried(self) -> Self {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let retry_after = header("Seconds to wait before the next attempt.").schema(Some(seconds));
        self.header("Retry-After", retry_after.build())
    }
}

fn header(description: &str) -> HeaderBuilder {
    Header::builder()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
}
