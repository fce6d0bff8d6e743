use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::get,
};
use bench::{audience, magic};
use magic_admin::{Verifier, parse_authorization_header_value};
use magic_admin_axum::RequireTokenLayer;
use tower::util::MapRequestLayer;

/// Serves `GET /me` behind a check, and prints the port.
#[tokio::main]
pub(crate) async fn serve(check: &str) {
    let router = match check {
        "bare" => Router::new().route("/me", get(me)),
        "idle layer" => {
            let idle = MapRequestLayer::new(|request: Request| request);
            Router::new().route("/me", get(me)).route_layer(idle)
        }
        "layer" => {
            let magic = magic().build().expect("the settings are good");
            Router::new().route("/me", get(me)).route_layer(RequireTokenLayer::new(magic))
        }
        "hand" => {
            let verifier = Verifier::builder(audience()).cache_bytes(0).build();
            let by_hand = move |headers: HeaderMap| {
                let allowed = allows(&verifier, &headers);
                async move { if allowed { Ok(me().await) } else { Err(StatusCode::UNAUTHORIZED) } }
            };
            Router::new().route("/me", get(by_hand))
        }
        other => panic!("no such check: {other}"),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    println!("{}", listener.local_addr().expect("it is bound").port());
    axum::serve(listener, router).await.expect("it does not end");
}

async fn me() -> &'static str {
    "ok"
}

fn allows(verifier: &Verifier, headers: &HeaderMap) -> bool {
    let token = headers.get(AUTHORIZATION).map(parse_authorization_header_value);
    token.is_some_and(|token| token.is_ok_and(|token| verifier.verify(token).is_ok()))
}
