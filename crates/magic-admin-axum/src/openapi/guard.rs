use std::convert::Infallible;

use axum::routing::MethodRouter;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        OpenApi, Paths, RefOr,
        path::{Operation, PathItem},
        schema::Schema,
        security::SecurityRequirement,
    },
};

use super::{
    components::{AuthProblem, SECURITY_SCHEME, add_components},
    responses,
};

/// Routes with their OpenAPI description, as returned by `utoipa_axum::routes!` and accepted by
/// `OpenApiRouter::routes`.
///
/// # Examples
///
/// ```
/// use magic_admin_axum::openapi::{DocumentedRoutes, guarded};
///
/// fn guard_all(routes: Vec<DocumentedRoutes>) -> Vec<DocumentedRoutes> {
///     routes.into_iter().map(guarded).collect()
/// }
/// ```
pub type DocumentedRoutes<S = (), E = Infallible> =
    (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<S, E>);

/// Documents that the routes of a handler require a token and respond with 400, 401, 403 or 503 if
/// it is not accepted.
///
/// Use it for routes behind a [`RequireTokenLayer`](crate::RequireTokenLayer), and for handlers
/// that take [`Authenticated`](crate::Authenticated) or [`SingleUse`](crate::SingleUse). It only
/// documents the routes; it does not guard them.
///
/// See the [`openapi`](crate::openapi) module for an example.
pub fn guarded<S, E>(routes: DocumentedRoutes<S, E>) -> DocumentedRoutes<S, E> {
    let (mut schemas, mut paths, router) = routes;
    guard_paths(&mut paths);
    schemas.push((AuthProblem::name().into_owned(), AuthProblem::schema()));
    (schemas, paths, router)
}

/// Documents that all routes of a document require a token, and adds the components they refer to.
///
/// Apply it to the document of the routes behind a layer, before merging it into the application's
/// document. With `utoipa-axum`, `OpenApiRouter::get_openapi_mut` returns that document.
pub fn guard(document: &mut OpenApi) {
    guard_paths(&mut document.paths);
    add_components(document);
}

fn guard_paths(paths: &mut Paths) {
    paths.paths.values_mut().flat_map(operations).for_each(guard_operation);
}

fn guard_operation(operation: &mut Operation) {
    let requirements = operation.security.get_or_insert_default();
    if requirements.is_empty() {
        requirements.push(SecurityRequirement::default());
    }
    // The requirements are alternatives, and the layer applies to each of them.
    for requirement in requirements {
        *requirement = std::mem::take(requirement).add(SECURITY_SCHEME, NO_SCOPES);
    }
    for (status, response) in responses::of_guarded_routes() {
        operation.responses.responses.entry(status).or_insert(response);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, query, .. } = item;
    [get, put, post, delete, options, head, patch, trace, query]
        .into_iter()
        .flatten()
        .chain(item.additional_operations.values_mut())
}

pub(super) const NO_SCOPES: [&str; 0] = [];
