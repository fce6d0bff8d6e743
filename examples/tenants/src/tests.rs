use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use hyper::client::conn::http2;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use magic_admin_testkit::{FakeMagic, TestUser};
use serde_json::Value;
use tokio::net::TcpStream;

use super::*;

/// Two tenants, each with its own Magic application, on a free port.
struct Served {
    shop: FakeMagic,
    blog: FakeMagic,
    alice: TestUser,
    address: String,
    way: Way,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Host,
    Path,
    Header,
}

fn by_path(request: &Parts) -> Option<&str> {
    request.uri.path().split('/').nth(1)
}

fn by_header(request: &Parts) -> Option<&str> {
    request.headers.get("x-tenant")?.to_str().ok()
}

impl Served {
    async fn new(way: Way) -> Self {
        let alice = TestUser::from_seed(1);
        let start = || FakeMagic::builder();
        let shop = start().client_id("the shop's client id").start().await.unwrap();
        let blog = start().client_id("the blog's client id").start().await.unwrap();
        let mut tenants = HashMap::new();
        for (name, fake) in [("shop.example", &shop), ("blog.example", &blog)] {
            let key = SecretKey::new(fake.secret_key()).unwrap();
            let magic = Magic::builder(key).base_url(fake.base_url()).build().unwrap();
            let users = HashMap::from([("alice".to_owned(), alice.issuer())]);
            tenants.insert(name.to_owned(), Tenant::new(name, magic, users).unwrap());
        }
        let (prefix, choose): (_, Choose) = match way {
            Way::Host => ("", by_host),
            Way::Path => ("/{tenant}", by_path),
            Way::Header => ("", by_header),
        };
        let app = app(Arc::new(tenants), prefix, choose);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { shop, blog, alice, address, way }
    }

    /// Status and body of the answer.
    async fn ask(&self, tenant: &str, door: &str, token: &str) -> (u16, String) {
        let prefix = if let Way::Path = self.way { format!("/{tenant}") } else { String::new() };
        let url = format!("http://{}{prefix}/{door}", self.address);
        let method = if door == "me" { "GET" } else { "POST" };
        let request = Request::builder().method(method).uri(url);
        let request =
            request.header("authorization", format!("Bearer {token}")).header("x-user", "alice");
        let request = match self.way {
            Way::Host => request.header("host", tenant),
            Way::Path => request,
            Way::Header => request.header("x-tenant", tenant),
        };
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

const DOORS: [&str; 3] = ["me", "login", "logout"];

fn code(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_works_at_its_own_tenant_only() {
    for way in [Way::Host, Way::Path, Way::Header] {
        let served = Served::new(way).await;
        let token = |fake: &FakeMagic| fake.mint().token(&served.alice);
        for door in DOORS {
            for (own, fake, other) in [
                ("shop.example", &served.shop, "blog.example"),
                ("blog.example", &served.blog, "shop.example"),
            ] {
                let (status, body) = served.ask(other, door, &token(fake)).await;
                assert_eq!(status, if door == "logout" { 400 } else { 401 }, "{way:?} {door}");
                assert_eq!(code(&body), "ERROR_AUDIENCE_MISMATCH");
                let (status, body) = served.ask(own, door, &token(fake)).await;
                assert_eq!(status, 200, "{way:?} {own} {door}: {body}");
            }
        }
        // Each logout went to the tenant's own Magic application.
        assert_eq!((served.shop.logout_calls().len(), served.blog.logout_calls().len()), (1, 1));
    }
}

#[tokio::test]
async fn each_token_signs_in_once_at_its_tenant() {
    let served = Served::new(Way::Host).await;
    let token = served.shop.mint().token(&served.alice);
    assert_eq!(served.ask("shop.example", "login", &token).await.0, 200);
    let (status, body) = served.ask("shop.example", "login", &token).await;
    assert_eq!((status, code(&body)), (401, "ERROR_DIDT_REPLAYED".to_owned()));
}

#[tokio::test]
async fn an_unknown_tenant_is_answered_by_the_application() {
    for way in [Way::Host, Way::Path, Way::Header] {
        let served = Served::new(way).await;
        let token = served.shop.mint().token(&served.alice);
        for door in DOORS {
            let answer = served.ask("else.example", door, &token).await;
            assert_eq!(answer, (404, "no such tenant".to_owned()), "{way:?} {door}");
        }
    }
}

/// Asks over HTTP/2, where `host` is a header that clients usually omit.
async fn ask_http2(served: &Served, authority: &str, host: Option<&str>) -> (u16, String) {
    let stream = TcpStream::connect(&served.address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let token = served.shop.mint().token(&served.alice);
    let mut request = Request::builder()
        .uri(format!("http://{authority}/me"))
        .header("authorization", format!("Bearer {token}"));
    if let Some(host) = host {
        request = request.header(HOST, host);
    }
    let response = sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn http2_names_the_tenant_in_the_uri() {
    let served = Served::new(Way::Host).await;
    let alice = (200, served.alice.issuer().to_string());
    for (authority, host) in [
        ("shop.example", None),
        ("shop.example:8080", None),
        ("shop.example", Some("shop.example")),
        ("shop.example", Some("shop.example:80")),
    ] {
        assert_eq!(ask_http2(&served, authority, host).await, alice, "{authority} {host:?}");
    }
    let (status, body) = ask_http2(&served, "blog.example", None).await;
    assert_eq!((status, code(&body)), (401, "ERROR_AUDIENCE_MISMATCH".to_owned()));
}

#[tokio::test]
async fn a_host_that_contradicts_the_uri_is_rejected() {
    let served = Served::new(Way::Host).await;
    let no_tenant = (404, "no such tenant".to_owned());
    for (authority, host) in [
        ("shop.example", Some("blog.example")),
        ("blog.example", Some("shop.example")),
        ("else.example", Some("shop.example")),
        ("shop.example", Some("else.example")),
        ("else.example", None),
    ] {
        assert_eq!(ask_http2(&served, authority, host).await, no_tenant, "{authority} {host:?}");
    }
}
