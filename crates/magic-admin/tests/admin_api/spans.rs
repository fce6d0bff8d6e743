use crate::support::{Answer, Log, Server, builder, client, issuer};

/// Returns the fields of the call's only span when it closes.
fn fields(log: &Log) -> String {
    let closed = log.closed("admin_api");
    assert_eq!(closed.len(), 1, "{}", log.text());
    let (_, fields) = closed[0].split_once("admin_api{").unwrap();
    fields.split_once('}').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_call_is_a_client_span() {
    let log = Log::capture();
    let server = Server::answering([Answer::json(200, r#"{"client_id": "c"}"#)]).await;
    client(&server).info().await.unwrap();
    assert_eq!(
        fields(&log),
        "otel.kind=\"client\" http.request.method=GET url.template=\"/v1/admin/client\" \
         http.response.status_code=200"
    );
}

#[tokio::test]
async fn a_span_covers_all_attempts() {
    let log = Log::capture();
    let bad = Answer::json(503, "{}");
    let server = Server::answering([bad, Answer::json(200, r#"{"issuer": "i"}"#)]).await;
    client(&server).users().metadata_by_issuer(issuer()).await.unwrap();
    assert_eq!(log.attempts(), 2);
    let fields = fields(&log);
    assert!(fields.contains("status_code=200") && !fields.contains("error.type"), "{fields}");
    // The URL template, without the user.
    assert!(fields.contains("url.template=\"/v1/admin/user\""), "{fields}");
    assert!(!fields.contains("0x"), "{fields}");
}

#[tokio::test]
async fn a_failed_call_has_an_error_type() {
    for (answer, status, error) in [
        (Answer::json(401, "{}"), Some(401), "401"),
        (Answer::json(302, "{}"), Some(302), "\"Api\""),
        (Answer::json(200, r#"{"status": "failed"}"#), Some(200), "\"Api\""),
        (Answer::json(200, "<html>"), Some(200), "\"Api\""),
        (Answer::Reset(Vec::new()), None, "\"ApiConnection\""),
        (Answer::Hang(Vec::new()), None, "\"timeout\""),
    ] {
        let log = Log::capture();
        let server = Server::answering([answer]).await;
        let timeout = std::time::Duration::from_millis(200);
        let client = builder(&server).retries(0).timeout(timeout).build().unwrap();
        client.users().logout_by_issuer(issuer()).await.unwrap_err();
        let fields = fields(&log);
        assert!(fields.ends_with(&format!("error.type={error}")), "{fields}");
        let status = status.map(|status| format!("http.response.status_code={status} "));
        assert!(fields.contains(status.as_deref().unwrap_or("logout\" error")), "{fields}");
    }
}
