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

/// Routes with their description: what the macro `utoipa_axum::routes!` returns, and what
/// `OpenApiRouter::routes` takes.
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

/// Marks the routes of a handler as guarded: they need a token, and are answered 400, 401, 403 or 503
/// if it is not accepted.
///
/// For routes behind a [`RequireTokenLayer`](crate::RequireTokenLayer), and for handlers that take
/// [`Authenticated`](crate::Authenticated) or [`SingleUse`](crate::SingleUse). It describes them, it
/// does not guard them.
///
/// See the module [`openapi`](crate::openapi) for an example.
pub fn guarded<S, E>(routes: DocumentedRoutes<S, E>) -> DocumentedRoutes<S, E> {
    let (mut schemas, mut paths, router) = routes;
    guard_paths(&mut paths);
    schemas.push((AuthProblem::name().into_owned(), AuthProblem::schema()));
    (schemas, paths, router)
}

/// Marks all routes of a document as guarded, as [`guarded`] does, and adds what that refers to.
///
/// For the document of the routes behind a layer, before it is merged with the document of the
/// application. With `utoipa-axum`, that is `OpenApiRouter::get_openapi_mut`.
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
    // Each is an alternative; the layer stands in front of all of them.
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
