use axum::{Router, http::HeaderValue, response::Html, routing::get};
use magic_admin::{Magic, SecretKey};
use magic_admin_axum::Authenticator;
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};
use tokio::net::TcpListener;

use crate::script;

#[path = "../cors/app.rs"]
mod app;

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_client_works_cross_origin() {
    let Some(folder) = script::set_up() else { return };
    let fake = FakeMagic::builder().one_time_code("246813").start().await.unwrap();
    let sdk = std::fs::read(folder.join("node_modules/magic-sdk/dist/magic.js")).unwrap();
    let page = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/magic.js", get(([("content-type", "text/javascript")], sdk)));
    let page = serve(page).await;

    // The first valid token makes it fetch the client ID, which fails once.
    let key = SecretKey::new(fake.secret_key()).unwrap();
    let magic = Magic::builder(key).base_url(fake.base_url()).api(|client| client.retries(0));
    fake.fail_next(Fault::status(500).at(Endpoint::Client));
    let auth = Authenticator::new(magic.build().unwrap());
    let api = serve(app::app(auth, HeaderValue::from_str(&page).unwrap())).await;
    let variables = [
        ("PAGE", page),
        ("API", api),
        ("ENDPOINT", fake.base_url()),
        ("CODE", "246813".to_owned()),
        ("EXPIRED", fake.mint().builder(&TestUser::from_seed(1)).expired().build()),
        ("SECRET_KEY", fake.secret_key().to_owned()),
    ];
    script::run("spa.mjs", &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

const PAGE: &str = r#"<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,"><script src="/magic.js"></script>"#;
