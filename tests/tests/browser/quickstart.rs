use std::path::Path;

use quickstart::{CookieSecurity, Database, Demo, Page, SpentTokens};
use tokio::net::TcpListener;

use crate::script;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_signs_users_in_and_out() {
    let Some(folder) = script::set_up() else { return };
    let page = serve(Some(&folder.join("node_modules/magic-sdk/dist/magic.js"))).await;
    let screenshots = std::env::var("SCREENSHOTS").unwrap_or_default();
    let variables = [("PAGE", page.as_str()), ("SCREENSHOTS", &screenshots)];
    script::run("quickstart.mjs", &variables);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_works_without_the_sdk() {
    let Some(_) = script::set_up() else { return };
    let page = serve(None).await;
    script::run("without-sdk.mjs", &[("PAGE", &page)]);
}

/// Serves the quickstart in demo mode, with the SDK from this file, and returns its URL.
async fn serve(sdk: Option<&Path>) -> String {
    let demo = Demo::start().await.unwrap();
    let spent = SpentTokens::in_memory();
    let magic = demo.magic().unwrap();
    let magic = magic.verifier(|verifier| verifier.revocations(spent.revocations()));
    let page = demo.page(Page::new(spent.challenges()));
    let page = match sdk {
        Some(file) => page.sdk_file(file).unwrap(),
        None => page,
    };
    let database = Database::open("sqlite::memory:").await.unwrap();
    let app = quickstart::app(
        magic.build().unwrap(),
        spent.guard(),
        spent.revocations(),
        &database,
        CookieSecurity::Loopback,
        page,
        &magic_admin_axum::RunningLogouts::new(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = quickstart::url(listener.local_addr().unwrap());
    tokio::spawn(async move {
        let _demo = demo;
        axum::serve(listener, app).await.unwrap();
    });
    url
}
