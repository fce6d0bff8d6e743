//! The OpenAPI descriptions, for each setting of the logout route and each kind of route.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

use std::{collections::BTreeSet, convert::Infallible};

use axum::{Router, body::Body, http::Request};
use magic_admin::{Issuer, Magic, SecretKey};
use magic_admin_axum::{
    AuthRejection, LoadUser, LogoutRouter, RejectionStyle, load_user_fn, logout_router, openapi,
};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::{
    IntoResponses,
    openapi::{
        HttpMethod, OpenApi, PathItem,
        path::{OperationBuilder, PathsBuilder},
        security::SecurityRequirement,
    },
};
use utoipa_axum::router::OpenApiRouter;

fn logout() -> LogoutRouter<impl LoadUser<()> + Clone> {
    let magic = Magic::builder(SecretKey::new("sk_live_1").unwrap()).client_id("c").build();
    logout_router(magic.unwrap(), load_user_fn(|| async { Ok::<Option<Issuer>, Infallible>(None) }))
}

fn json(document: &OpenApi) -> Value {
    serde_json::to_value(document).unwrap()
}

/// Returns the path and the content of the only operation in a document.
fn only(document: &OpenApi) -> (String, Value) {
    let paths = json(document)["paths"].take();
    let paths = paths.as_object().unwrap();
    assert_eq!(paths.len(), 1, "{paths:?}");
    let (path, item) = paths.iter().next().unwrap();
    (path.clone(), item["post"].clone())
}

fn statuses(operation: &Value) -> BTreeSet<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn each_logout_style_has_its_responses() {
    let (path, operation) = only(&logout().openapi());
    assert_eq!(path, "/v1/user/logout");
    let expected = ["200", "400", "403", "502", "503", "504", "default"];
    assert_eq!(statuses(&operation), BTreeSet::from(expected));
    assert!(operation["responses"]["400"]["headers"]["WWW-Authenticate"].is_null());
    assert_eq!(operation["security"], json!([{"DidToken": []}]));

    let (_, operation) = only(&logout().style(RejectionStyle::Rfc6750).openapi());
    let expected = ["200", "400", "401", "403", "502", "503", "504", "default"];
    assert_eq!(statuses(&operation), BTreeSet::from(expected));
    for status in ["400", "401"] {
        assert!(operation["responses"][status]["headers"]["WWW-Authenticate"].is_object());
    }
    assert!(operation["responses"]["503"]["headers"]["Retry-After"].is_object());
    assert!(operation["responses"]["502"]["headers"]["Retry-After"].is_null());
}

#[test]
fn a_logout_without_token_needs_none() {
    let (_, operation) = only(&logout().accept_without_token().openapi());
    assert_eq!(operation["security"], json!([{}, {"DidToken": []}]));
}

#[tokio::test]
async fn the_path_is_that_of_the_route() {
    let logout = || logout().path("/{tenant}/users/{user}/logout");
    let (_, operation) = only(&logout().openapi());
    let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 2);
    for (parameter, name) in names.into_iter().zip(["tenant", "user"]) {
        let (place, required) = (&parameter["in"], &parameter["required"]);
        assert_eq!(
            (&parameter["name"], place, required),
            (&json!(name), &json!("path"), &json!(true))
        );
    }

    let nested = OpenApi::default().nest("/api", logout().openapi());
    let (router, document) = OpenApiRouter::<()>::new()
        .nest("/api", OpenApiRouter::new().routes(logout().into_documented_routes()))
        .split_for_parts();
    let by_hand = Router::new().nest("/api", logout().into_router());
    for (router, document) in [(router, document), (by_hand, nested)] {
        assert_eq!(only(&document).0, "/api/{tenant}/users/{user}/logout");
        let request = Request::post("/api/a/users/b/logout").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        // The 400 for a missing token shows that the route was found.
        assert_eq!(response.status(), 400);
    }
}

#[test]
fn guarding_keeps_existing_descriptions() {
    let operation = |requirements: Option<Vec<SecurityRequirement>>| {
        OperationBuilder::new()
            .securities(requirements)
            .response("401", utoipa::openapi::Response::new("mine"))
            .build()
    };
    let key = || SecurityRequirement::new("ApiKey", [""; 0]);
    let mut item = PathItem::new(HttpMethod::Get, operation(None));
    item.put = Some(operation(Some(vec![key()])));
    item.patch = Some(operation(Some(vec![SecurityRequirement::default(), key()])));
    item.additional_operations.insert("COPY".to_owned(), operation(None));
    let mut document = OpenApi::default();
    document.paths = PathsBuilder::new().path("/", item).build();
    openapi::guard(&mut document);
    openapi::guard(&mut document);

    let found = json(&document);
    let item = &found["paths"]["/"];
    let (token, both) = (json!({"DidToken": []}), json!({"ApiKey": [], "DidToken": []}));
    assert_eq!(item["get"]["security"], json!([token]));
    assert_eq!(item["put"]["security"], json!([both]));
    assert_eq!(item["patch"]["security"], json!([token, both]));
    for method in ["get", "put", "patch"] {
        let expected = BTreeSet::from(["400", "401", "403", "503"]);
        assert_eq!(statuses(&item[method]), expected);
        assert_eq!(item[method]["responses"]["401"]["description"], "mine");
    }
    let copy = &document.paths.paths["/"].additional_operations["COPY"];
    assert_eq!(copy.responses.responses.len(), 4);
    assert!(found["components"]["schemas"]["AuthProblem"].is_object());
    assert!(found["components"]["securitySchemes"]["DidToken"].is_object());
}

#[test]
fn own_components_are_kept() {
    let own: OpenApi = serde_json::from_value(json!({
        "openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {},
        "components": {
            "schemas": {"AuthProblem": {"type": "object", "description": "mine"}},
            "securitySchemes": {"DidToken": {"type": "apiKey", "in": "cookie", "name": "did"}},
        },
    }))
    .unwrap();
    let mut document = own.clone();
    openapi::add_components(&mut document);
    assert_eq!(json(&document), json(&own));
}

#[test]
fn a_rejection_describes_itself() {
    let statuses: Vec<_> = AuthRejection::responses().into_keys().collect();
    assert_eq!(statuses, ["400", "401", "403", "502", "503", "504"]);
}
