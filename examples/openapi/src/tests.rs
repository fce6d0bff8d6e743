use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use magic_admin::{RevocationList, SecretKey};
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};
use serde_json::Value;

use super::*;

const LIST: &str = "/api/orders";
const LOGOUT: &str = "/api/v1/user/logout";

/// The application on a port of its own, and its document as it serves it.
struct Served {
    fake: FakeMagic,
    url: String,
    document: Value,
}

impl Served {
    async fn start() -> Self {
        // reqwest has none of its own here; who comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let fake = FakeMagic::start().await.unwrap();
        let key = SecretKey::new(fake.secret_key()).unwrap();
        let magic = Magic::builder(key)
            .base_url(fake.base_url())
            .api(|client| client.retries(0))
            .verifier(|verifier| verifier.revocations(RevocationList::in_memory()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = app(magic.build().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let document = reqwest::get(format!("{url}/openapi.json")).await.unwrap();
        Self { fake, url, document: document.json().await.unwrap() }
    }

    fn bearer(&self, seed: u64) -> String {
        format!("Bearer {}", self.fake.mint().token(&TestUser::from_seed(seed)))
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path}: {:#}", self.document["paths"]);
        operation
    }

    /// Sends a request, and checks that the document describes the response; returns its status.
    async fn send(&self, method: &str, described: &str, path: &str, bearer: Option<&str>) -> u16 {
        let method_name = method.to_uppercase().parse().unwrap();
        let mut request =
            reqwest::Client::new().request(method_name, format!("{}{path}", self.url));
        if let Some(bearer) = bearer {
            request = request.header("authorization", bearer);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let described = &self.operation(method, described)["responses"][status.to_string()];
        assert!(described.is_object(), "{method} {path} answers {status}");

        let headers = described["headers"].as_object().cloned().unwrap_or_default();
        for name in headers.keys() {
            assert!(response.headers().contains_key(name), "{path} {status}: {name}");
        }
        for name in ["www-authenticate", "retry-after"] {
            let is_described = headers.keys().any(|header| header.eq_ignore_ascii_case(name));
            assert_eq!(
                response.headers().contains_key(name),
                is_described,
                "{path} {status} {name}"
            );
        }
        if status >= 400 {
            let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
            assert_eq!(content_type, "application/problem+json");
            let schema = &described["content"][&content_type]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/AuthProblem");
            self.check_problem(&response.json().await.unwrap());
        }
        status
    }

    /// Holds a problem against its schema.
    fn check_problem(&self, problem: &Value) {
        let schema = &self.document["components"]["schemas"]["AuthProblem"];
        let problem = problem.as_object().unwrap();
        let required = schema["required"].as_array().unwrap();
        assert_eq!(required.len(), problem.len(), "{problem:?}");
        for name in required {
            let name = name.as_str().unwrap();
            let expected = &schema["properties"][name]["type"];
            let found = if problem[name].is_string() { "string" } else { "integer" };
            assert_eq!(expected, found, "{name}");
        }
    }
}

#[tokio::test]
async fn every_answer_is_one_of_the_document() {
    let app = Served::start().await;
    let (alice, expired) = (app.bearer(1), app.fake.mint().builder(&TestUser::from_seed(1)));
    let expired = format!("Bearer {}", expired.expired().build());
    assert_eq!(app.send("get", "/health", "/health", None).await, 204);

    for path in [LIST, "/api/me"] {
        assert_eq!(app.send("get", path, path, Some(&alice)).await, 200);
        assert_eq!(app.send("get", path, path, None).await, 401);
        assert_eq!(app.send("get", path, path, Some(&expired)).await, 401);
        assert_eq!(app.send("get", path, path, Some("Bearer a b")).await, 400);
    }
    let show = "/api/orders/{number}";
    assert_eq!(app.send("get", show, "/api/orders/1", Some(&alice)).await, 200);
    assert_eq!(app.send("get", show, "/api/orders/2", Some(&alice)).await, 403);
    assert_eq!(app.send("get", show, "/api/orders/2", None).await, 401);

    for bearer in [None, Some(expired.as_str()), Some("Bearer a b")] {
        assert_eq!(app.send("post", LOGOUT, LOGOUT, bearer).await, 400);
    }
    app.fake.fail_next(Fault::status(500).at(Endpoint::Logout));
    assert_eq!(app.send("post", LOGOUT, LOGOUT, Some(&alice)).await, 502);
    // The token is revoked now, and the logout can be repeated.
    assert_eq!(app.send("get", LIST, LIST, Some(&alice)).await, 401);
    app.fake.fail_next(Fault::status(429).at(Endpoint::Logout));
    assert_eq!(app.send("post", LOGOUT, LOGOUT, Some(&alice)).await, 503);
    assert_eq!(app.send("post", LOGOUT, LOGOUT, Some(&alice)).await, 200);
}

#[tokio::test]
async fn so_are_those_while_magic_is_down() {
    let app = Served::start().await;
    app.fake.fail(Fault::status(500).at(Endpoint::Client));
    let alice = app.bearer(1);
    assert_eq!(app.send("get", LIST, LIST, Some(&alice)).await, 503);
    assert_eq!(app.send("post", LOGOUT, LOGOUT, Some(&alice)).await, 503);
}

#[tokio::test]
async fn paths_are_those_of_the_router() {
    let app = Served::start().await;
    let paths: Vec<_> = app.document["paths"].as_object().unwrap().keys().collect();
    let expected =
        ["/api/me", "/api/orders", "/api/orders/{number}", "/api/v1/user/logout", "/health"];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn guarded_routes_name_the_scheme() {
    let app = Served::start().await;
    let scheme = &app.document["components"]["securitySchemes"][openapi::SECURITY_SCHEME];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&"http".into(), &"bearer".into()));
    for (method, path) in [
        ("get", "/api/orders"),
        ("get", "/api/orders/{number}"),
        ("get", "/api/me"),
        ("post", "/api/v1/user/logout"),
    ] {
        let expected = serde_json::json!([{ openapi::SECURITY_SCHEME: [] }]);
        assert_eq!(app.operation(method, path)["security"], expected, "{path}");
    }
    assert!(app.operation("get", "/health")["security"].is_null());
    // What the handler says of itself is kept.
    let described = &app.operation("get", "/api/orders/{number}")["responses"]["403"];
    assert_eq!(described["description"], "The order belongs to another user.");
}

#[tokio::test]
async fn a_validator_accepts_the_document() {
    let app = Served::start().await;
    let Some(validator) = Validator::installed() else { return };
    validator.check(&app.document).unwrap();

    // It would notice.
    let mut broken = app.document.clone();
    broken["paths"]["/api/orders/{number}"]["get"]["parameters"].take();
    validator.check(&broken).unwrap_err();
    let mut broken = app.document.clone();
    broken["components"]["schemas"]["AuthProblem"].take();
    validator.check(&broken).unwrap_err();
}

/// `openapi-spec-validator`, as `tests/openapi/setup.sh` installs it.
struct Validator;

impl Validator {
    /// `None`, with a line that says why, where it cannot be installed; with `CI` set that fails.
    fn installed() -> Option<Self> {
        let setup = Command::new(folder().join("setup.sh")).stdout(Stdio::null()).output();
        let why = match setup {
            Ok(setup) if setup.status.success() => return Some(Self),
            Ok(setup) => String::from_utf8_lossy(&setup.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        assert!(env::var_os("CI").is_none(), "{why}");
        eprintln!("skipped: tests/openapi/setup.sh failed: {why}");
        None
    }

    fn check(&self, document: &Value) -> Result<(), String> {
        let file = env::temp_dir().join(format!("openapi-{}.json", std::process::id()));
        fs::write(&file, document.to_string()).unwrap();
        let python = folder().join(".venv/bin/python");
        let output = Command::new(python)
            .args(["-m", "openapi_spec_validator"])
            .arg(&file)
            .output()
            .unwrap();
        fs::remove_file(file).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(said) }
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/openapi")
}
