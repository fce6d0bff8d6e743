use magic_admin::{
    ApiErrorKind,
    admin::{Client, Generation, OAuthProvider, WalletType},
};
use serde_json::json;

use crate::support::{ADDRESS, Answer, KEY, Server, address, builder, client, issuer};

/// Returns both generations, each with both response formats, because the client detects the format
/// from the response.
fn variants() -> impl Iterator<Item = (Generation, fn(&str) -> String)> {
    let flat: fn(&str) -> String = str::to_owned;
    let wrapped: fn(&str) -> String =
        |data| format!(r#"{{"data": {data}, "error_code": "", "message": "", "status": "ok"}}"#);
    [Generation::Current, Generation::Legacy]
        .into_iter()
        .flat_map(move |generation| [(generation, flat), (generation, wrapped)])
}

async fn answering(generation: Generation, body: &str) -> (Server, Client) {
    let server = Server::answering([Answer::json(200, body)]).await;
    let client = builder(&server).generation(generation).build().unwrap();
    (server, client)
}

#[tokio::test]
async fn client_info() {
    for (generation, shape) in variants() {
        let body = shape(r#"{"client_id": "did:magic:1", "app_scope": "GLOBAL", "new": [1]}"#);
        let (server, client) = answering(generation, &body).await;
        let info = client.info().await.unwrap();
        assert_eq!((info.client_id(), info.app_scope()), ("did:magic:1", Some("GLOBAL")));
        assert_eq!(info.raw()["new"], json!([1]));
        let line = match generation {
            Generation::Current => "GET /v1/admin/client HTTP/1.1",
            _ => "GET /v1/admin/client/get HTTP/1.1",
        };
        assert_eq!(server.only().line, line);
    }
}

#[tokio::test]
async fn client_info_requires_a_client_id() {
    for data in ["{}", r#"{"client_id": ""}"#, r#"{"client_id": null}"#, r#"{"client_id": 1}"#] {
        for (generation, shape) in variants() {
            let (_server, client) = answering(generation, &shape(data)).await;
            let error = client.info().await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{data}");
        }
    }
}

#[tokio::test]
async fn metadata() {
    let data = format!(
        r#"{{"issuer": "did:ethr:{ADDRESS}", "public_address": "{ADDRESS}", "email": null,
            "oauth_provider": "newcomer", "phone_number": "+1", "username": "ann", "new": {{"a": 1}},
            "wallets": [{{"network": "MAINNET", "public_address": "T", "wallet_type": "NEWCHAIN"}}]}}"#
    );
    for (generation, shape) in variants() {
        let (server, client) = answering(generation, &shape(&data)).await;
        let user = client.users().metadata_by_issuer(issuer()).await.unwrap();
        assert_eq!(user.issuer(), Some(issuer()));
        assert_eq!(user.public_address(), Some(ADDRESS));
        assert_eq!(user.email(), None);
        assert_eq!(user.oauth_provider(), Some(OAuthProvider::from("newcomer")));
        assert_eq!((user.phone_number(), user.username()), (Some("+1"), Some("ann")));
        let wallet = &user.wallets().unwrap()[0];
        assert_eq!((wallet.network(), wallet.public_address()), (Some("MAINNET"), Some("T")));
        assert_eq!(wallet.wallet_type(), Some(WalletType::from("NEWCHAIN")));
        let sent: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(serde_json::to_value(&user).unwrap(), sent);

        let path = match generation {
            Generation::Current => "/v1/admin/user",
            _ => "/v1/admin/auth/user/get",
        };
        let query = format!("issuer=did%3Aethr%3A{ADDRESS}&wallet_type=NONE");
        assert_eq!(server.only().line, format!("GET {path}?{query} HTTP/1.1"));
    }
}

#[tokio::test]
async fn metadata_by_address_and_with_wallets() {
    let answer = r#"{"issuer": null}"#;
    let wanted = |wallet: &str| {
        format!("GET /v1/admin/user?issuer=did%3Aethr%3A{ADDRESS}&wallet_type={wallet} HTTP/1.1")
    };

    let (server, client) = answering(Generation::Current, answer).await;
    let user = client.users().metadata_by_public_address(address()).await.unwrap();
    assert_eq!((user.issuer(), user.wallets()), (None, None));
    assert_eq!(server.only().line, wanted("NONE"));

    let (server, client) = answering(Generation::Current, answer).await;
    let any = WalletType::ANY;
    client.users().metadata_by_issuer_with_wallet(issuer(), &any).await.unwrap();
    assert_eq!(server.only().line, wanted("ANY"));

    let (server, client) = answering(Generation::Current, answer).await;
    let strange = WalletType::from("A&b=c d/é");
    client.users().metadata_by_public_address_with_wallet(address(), &strange).await.unwrap();
    assert_eq!(server.only().line, wanted("A%26b%3Dc+d%2F%C3%A9"));
}

#[tokio::test]
async fn metadata_of_the_wrong_type_is_an_error() {
    for data in [
        "[]",
        "null",
        "7",
        r#""text""#,
        r#"{"email": 5}"#,
        r#"{"wallets": {}}"#,
        r#"{"wallets": [1]}"#,
    ] {
        for (generation, shape) in variants() {
            let (_server, client) = answering(generation, &shape(data)).await;
            let error = client.users().metadata_by_issuer(issuer()).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{data}");
        }
    }
}

#[tokio::test]
async fn metadata_by_email() {
    let (server, client) = answering(Generation::Current, r#"[{"email": "a+b@c.example"}]"#).await;
    let users = client.users();
    let found = users.metadata_by_email("a+b@c.example", None).await.unwrap();
    assert_eq!(found.users()[0].email(), Some("a+b@c.example"));
    assert_eq!(found.raw(), &json!([{"email": "a+b@c.example"}]));
    let google = Some(&OAuthProvider::GOOGLE);
    users.metadata_by_email("a+b@c.example", google).await.unwrap();

    let lines: Vec<_> = server.received().into_iter().map(|request| request.line).collect();
    let query = "type=email&value=a%2Bb%40c.example";
    assert_eq!(
        lines,
        [
            format!("GET /v2/admin/user?{query} HTTP/1.1"),
            format!("GET /v2/admin/user?{query}&provider=google HTTP/1.1"),
        ]
    );
}

#[tokio::test]
async fn metadata_of_many_keeps_the_order() {
    let other = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    let (server, client) = answering(Generation::Current, r#"{"users": [{"email": "a"}]}"#).await;
    let addresses = [other.parse().unwrap(), address()];
    let found = client.users().metadata_by_public_addresses(&addresses).await.unwrap();
    assert_eq!(found.users().len(), 1);

    let request = server.only();
    assert_eq!(request.line, "POST /v1/admin/users HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    let issuers = [format!("did:ethr:{other}"), format!("did:ethr:{ADDRESS}")];
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&request.body).unwrap(),
        json!({ "issuers": issuers })
    );
}

#[tokio::test]
async fn logout_and_removal_of_mfa() {
    for (generation, shape) in variants() {
        let (server, client) = answering(generation, &shape("{}")).await;
        client.users().logout_by_issuer(issuer()).await.unwrap();
        client.users().logout_by_public_address(address()).await.unwrap();
        let line = match generation {
            Generation::Current => "POST /v1/admin/user/logout HTTP/1.1",
            _ => "POST /v2/admin/auth/user/logout HTTP/1.1",
        };
        let received = server.received();
        assert_eq!(received.len(), 2);
        for request in received {
            assert_eq!(request.line, line);
            assert_eq!(request.headers["content-type"], "application/json");
            assert_eq!(request.body, format!(r#"{{"issuer":"did:ethr:{ADDRESS}"}}"#));
        }
    }

    let (server, client) = answering(Generation::Current, "{}").await;
    client.users().remove_mfa_by_issuer(issuer()).await.unwrap();
    client.users().remove_mfa_by_public_address(address()).await.unwrap();
    for request in server.received() {
        assert_eq!(request.line, "POST /v1/admin/user/remove_mfa HTTP/1.1");
        assert_eq!(request.body, format!(r#"{{"issuer":"did:ethr:{ADDRESS}"}}"#));
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn unsupported_legacy_calls_send_nothing() {
    let (server, client) = answering(Generation::Legacy, "{}").await;
    let users = client.users();
    for (error, route) in [
        (users.metadata_by_email("a@b.example", None).await.unwrap_err(), "GET /v2/admin/user"),
        (users.metadata_by_public_addresses(&[]).await.unwrap_err(), "POST /v1/admin/users"),
        (users.remove_mfa_by_issuer(issuer()).await.unwrap_err(), "POST /v1/admin/user/remove_mfa"),
        (
            users.remove_mfa_by_public_address(address()).await.unwrap_err(),
            "POST /v1/admin/user/remove_mfa",
        ),
    ] {
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::BadRequest, None));
        assert!(!error.is_retryable());
        assert_eq!(
            error.to_string(),
            format!(
                "BadRequest on {route}: nothing was sent: the legacy generation of the API has no such call; use `Generation::Current`"
            )
        );
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn requests_identify_only_the_client() {
    let (server, client) = answering(Generation::Current, "{}").await;
    client.users().logout_by_issuer(issuer()).await.unwrap();
    let mut headers = server.only().headers;
    assert_eq!(headers.remove("x-magic-secret-key").as_deref(), Some(KEY));
    assert_eq!(
        headers.remove("user-agent").as_deref(),
        Some(concat!("magic-admin-rust/", env!("CARGO_PKG_VERSION")))
    );
    let left: Vec<_> = headers.keys().map(String::as_str).collect();
    assert_eq!(left, ["accept", "content-length", "content-type", "host"]);
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = Server::answering([Answer::json(200, r#"{"client_id": "c"}"#)]).await;
    for prefix in ["/proxy/magic", "/proxy/magic/"] {
        let client = builder(&server).base_url(server.url() + prefix).build().unwrap();
        client.info().await.unwrap();
    }
    for request in server.received() {
        assert_eq!(request.line, "GET /proxy/magic/v1/admin/client HTTP/1.1");
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn no_content_must_be_expected() {
    let server =
        Server::answering([Answer::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())]).await;
    let client = client(&server);
    client.users().logout_by_issuer(issuer()).await.unwrap();
    let error = client.users().metadata_by_issuer(issuer()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(204)));
}

#[tokio::test]
async fn a_call_may_be_dropped() {
    let server = Server::answering([Answer::Hang(Vec::new()), Answer::json(200, "{}")]).await;
    let client = client(&server);
    let users = client.users();
    tokio::select! {
        _ = users.logout_by_issuer(issuer()) => panic!("the server does not respond"),
        () = async { while server.received().is_empty() { tokio::task::yield_now().await } } => {}
    }
    users.logout_by_issuer(issuer()).await.unwrap();
    assert_eq!(server.received().len(), 2);
}
