use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, ObjectBuilder, OpenApi, RefOr, Type,
        schema::Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The name of the security scheme in an OpenAPI document.
pub const SECURITY_SCHEME: &str = "DidToken";

/// The schema of a rejection's response body: an [RFC 9457] problem with a stable `code`.
///
/// Use it to describe the rejections of your own operations:
///
/// ```
/// use magic_admin_axum::openapi::AuthProblem;
///
/// #[utoipa::path(
///     get,
///     path = "/admin",
///     responses((
///         status = 403,
///         description = "Only admins may do this.",
///         body = AuthProblem,
///         content_type = "application/problem+json",
///     )),
/// )]
/// async fn admin() {}
/// ```
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Debug)]
#[non_exhaustive]
pub struct AuthProblem;

impl PartialSchema for AuthProblem {
    fn schema() -> RefOr<Schema> {
        let text = |description, example: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(description))
                .examples([example])
        };
        let status = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("The HTTP status."))
            .minimum(Some(400))
            .maximum(Some(599))
            .examples([401]);
        let object = ObjectBuilder::new()
            .description(Some("The reason why a request was rejected (RFC 9457)."))
            .property("type", text("Always `about:blank`.", "about:blank"))
            .property("title", text("The phrase of the HTTP status.", "Unauthorized"))
            .property("status", status)
            .property(
                "detail",
                text("A sentence that is fixed for each code.", "The DID token has expired."),
            )
            .property("code", text("A stable code to match on.", "ERROR_DIDT_EXPIRED"));
        let members = ["type", "title", "status", "detail", "code"];
        members.into_iter().fold(object, ObjectBuilder::required).into()
    }
}

impl ToSchema for AuthProblem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AuthProblem")
    }
}

/// Adds the security scheme and the problem schema that the operations refer to.
///
/// If the document already contains a scheme or schema of the same name, it is kept, so you can
/// describe either one yourself.
pub fn add_components(document: &mut OpenApi) {
    let own = ComponentsBuilder::new()
        .schema(AuthProblem::name(), AuthProblem::schema())
        .security_scheme(SECURITY_SCHEME, security_scheme())
        .build();
    let components = document.components.get_or_insert_default();
    for (name, schema) in own.schemas {
        components.schemas.entry(name).or_insert(schema);
    }
    for (name, scheme) in own.security_schemes {
        components.security_schemes.entry(name).or_insert(scheme);
    }
}

fn security_scheme() -> SecurityScheme {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("DID token")
        .description(Some("A DID token of Magic, from `magic.user.getIdToken()` in the browser."));
    SecurityScheme::Http(scheme.build())
}
