use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        HttpMethod, ObjectBuilder, OpenApi, PathItem, Paths, PathsBuilder, Response, Type,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        security::SecurityRequirement,
    },
};

use super::{
    components::{AuthProblem, SECURITY_SCHEME, add_components},
    guard::{DocumentedRoutes, NO_SCOPES},
    responses::{Headers as _, Responses, entry, of_magic, problem},
};
use crate::{
    logout::{AfterLogout, LoadUser, LogoutRouter},
    rejection::RejectionStyle,
};

impl<L, A> LogoutRouter<L, A> {
    /// Creates the route with its description, for `OpenApiRouter::routes` of `utoipa-axum`.
    ///
    /// See the [`openapi`](crate::openapi) module for an example.
    pub fn into_documented_routes<S>(self) -> DocumentedRoutes<S>
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Clone + Send + Sync + 'static,
    {
        let schemas = vec![(AuthProblem::name().into_owned(), AuthProblem::schema())];
        (schemas, self.paths(), self.into_method_router())
    }

    /// Describes the route in a separate OpenAPI document.
    ///
    /// Merge or nest the document into the application's document in the same way as the route into
    /// the application's router.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::Router;
    /// use magic_admin::Magic;
    /// use magic_admin_axum::{LoadUser, logout_router};
    /// use utoipa::openapi::OpenApi;
    ///
    /// fn app(magic: Magic, users: impl LoadUser<()>, document: OpenApi) -> (Router, OpenApi) {
    ///     let logout = logout_router(magic, users);
    ///     let document = document.nest("/api", logout.openapi());
    ///     (Router::new().nest("/api", logout.into_router()), document)
    /// }
    /// ```
    #[must_use]
    pub fn openapi(&self) -> OpenApi {
        let mut document = OpenApi::default();
        document.paths = self.paths();
        add_components(&mut document);
        document
    }

    fn paths(&self) -> Paths {
        let item = PathItem::new(HttpMethod::Post, self.operation());
        PathsBuilder::new().path(self.described_path(), item).build()
    }

    fn operation(&self) -> Operation {
        let token = SecurityRequirement::new(SECURITY_SCHEME, NO_SCOPES);
        let nothing = self.accepts_no_token().then(SecurityRequirement::default);
        let parameters: Vec<_> = parameters(self.described_path()).collect();
        OperationBuilder::new()
            .operation_id(Some("magic_logout"))
            .summary(Some("Log out of the application and of all Magic sessions"))
            .description(Some(
                "The token must belong to the user that the request acts for. Repeat the request \
                 after a 502, 503 or 504.",
            ))
            .parameters((!parameters.is_empty()).then_some(parameters))
            .securities(Some(nothing.into_iter().chain([token])))
            .responses(self.responses().into_iter().collect::<utoipa::openapi::Responses>())
            .build()
    }

    fn responses(&self) -> Responses {
        let without_token = match self.rejection_style() {
            RejectionStyle::BadRequest => {
                vec![entry("400", problem("There is no token, or it was rejected."))]
            }
            RejectionStyle::Rfc6750 => vec![
                entry("400", problem("The `Authorization` header is malformed.").challenged()),
                entry("401", problem("There is no token, or it was rejected.").challenged()),
            ],
        };
        let mut responses: Responses = [
            ("200".to_owned(), Response::new("The user is logged out.").into()),
            entry("403", problem("The token belongs to another user. Nothing was changed.")),
            entry(
                "503",
                problem("The token or the logout cannot be processed at the moment.").retried(),
            ),
            ("default".to_owned(), Response::new("A response of the application itself.").into()),
        ]
        .into();
        responses.extend(without_token);
        responses.extend(of_magic());
        responses
    }
}

/// Describes each `{name}` parameter in a path.
fn parameters(path: &str) -> impl Iterator<Item = Parameter> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| {
        ParameterBuilder::new()
            .name(name.trim_start_matches('*'))
            .parameter_in(ParameterIn::Path)
            .required(utoipa::openapi::Required::True)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build()
    })
}
