use std::{error::Error, time::Duration};

use magic_admin::{ApiError, ApiErrorKind};

use crate::support::{Answer, Server, client, issuer};

async fn logout(answer: Answer) -> (ApiError, usize) {
    let server = Server::answering([answer]).await;
    let error = client(&server).users().logout_by_issuer(issuer()).await.unwrap_err();
    (error, server.received().len())
}

#[tokio::test]
async fn each_status_has_its_kind() {
    use ApiErrorKind::{Api, Authentication, BadRequest, Forbidden, RateLimiting};
    for (status, kind, attempts) in [
        (400, BadRequest, 1),
        (401, Authentication, 1),
        (403, Forbidden, 1),
        (404, Api, 1),
        (409, Api, 1),
        (418, Api, 1),
        (422, BadRequest, 1),
        (429, RateLimiting, 1),
        (500, Api, 1),
        (501, Api, 1),
        (502, Api, 4),
        (503, Api, 4),
        (504, Api, 4),
        (599, Api, 1),
    ] {
        // Only the status counts, not the body.
        for body in
            ["", "{}", r#"{"status": "ok", "data": {}}"#, "<html>", r#"{"error_code": "X"}"#]
        {
            let (error, seen) = logout(Answer::json(status, body)).await;
            assert_eq!((error.kind(), seen), (kind, attempts), "{status} {body}");
            assert_eq!(error.status(), Some(status));
            assert_eq!(error.is_retryable(), attempts > 1 || status == 429, "{status}");
            assert!(!error.is_timeout());
            assert!(error.source().is_none());
            assert_eq!((error.method(), error.path()), ("POST", "/v1/admin/user/logout"));
        }
    }
}

#[tokio::test]
async fn error_messages_fit_on_one_line() {
    let route = "on POST /v1/admin/user/logout";
    for (status, body, line) in [
        (
            400,
            r#"{"data": {}, "error_code": "MISSING_REQUIRED_FIELDS", "message": "No issuer.", "status": "failed"}"#,
            format!("BadRequest (HTTP 400, MISSING_REQUIRED_FIELDS) {route}: No issuer."),
        ),
        (
            404,
            r#"{"error_code": "USER_NOT_FOUND", "message": "No such\n user."}"#,
            format!("Api (HTTP 404, USER_NOT_FOUND) {route}: No such user."),
        ),
        (
            422,
            r#"{"detail": [{"type": "missing", "loc": ["body", "issuer"], "msg": "Field required", "input": {"x": "y"}}]}"#,
            format!("BadRequest (HTTP 422) {route}: body.issuer: Field required"),
        ),
        (
            403,
            r#"{"error": {"code": "NOPE", "message": "Not yours."}}"#,
            format!(
                "Forbidden (HTTP 403, NOPE) {route}: Not yours.; check what this API secret key and the plan of the application permit"
            ),
        ),
        (
            401,
            "{}",
            format!(
                "Authentication (HTTP 401) {route}: Magic gives no reason; check the API secret key: it must be the live secret key (`sk_live_…`) of this application in Magic's dashboard"
            ),
        ),
        (500, "", format!("Api (HTTP 500) {route}: the answer is empty")),
        (
            500,
            "upstream <b>down</b>",
            format!(
                "Api (HTTP 500) {route}: the answer (application/json) is not JSON; is a proxy in the way?"
            ),
        ),
    ] {
        let (error, _) = logout(Answer::json(status, body)).await;
        assert_eq!(error.to_string(), line);
    }
}

#[tokio::test]
async fn a_success_with_an_error_body_fails() {
    for (body, code) in [
        (r#"{"data": {}, "error_code": "X", "message": "y", "status": "failed"}"#, Some("X")),
        (r#"{"status": "failed"}"#, None),
        (r#"{"status": "OK", "data": {}}"#, None),
        (r#"{"status": null, "data": {}}"#, None),
        (r#"{"status": 200, "data": {}}"#, None),
        (r#"{"error_code": "X", "message": "y"}"#, Some("X")),
        (r#"{"error": {"code": "X", "message": "y"}}"#, Some("X")),
    ] {
        let (error, attempts) = logout(Answer::json(200, body)).await;
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{body}");
        assert_eq!(error.error_code(), code, "{body}");
        assert_eq!(attempts, 1);
    }
}

#[tokio::test]
async fn only_magic_can_report_unknown_users() {
    let own = r#"{"error_code": "USER_NOT_FOUND", "message": "No such user."}"#;
    let enveloped =
        r#"{"data": {}, "error_code": "USER_NOT_FOUND", "message": "", "status": "failed"}"#;
    for body in [own, enveloped] {
        assert!(logout(Answer::json(404, body)).await.0.is_unknown_user(), "{body}");
    }
    for (status, body) in [
        (404, r#"{"detail": "Not Found"}"#),
        (404, r#"{"error": {"code": 404, "message": "Not Found"}}"#),
        (404, r#"{"error": {"code": "ResourceNotFound", "message": "no such path"}}"#),
        (404, r#"{"code": "NOT_FOUND", "message": "no such path"}"#),
        (404, r#"{"error_code": "", "message": "?"}"#),
        (404, r#"{"error_code": 404}"#),
        (404, "<html>not here</html>"),
        (404, ""),
        (400, own),
        (403, own),
        (200, enveloped),
    ] {
        let (error, _) = logout(Answer::json(status, body)).await;
        assert!(!error.is_unknown_user(), "{status} {body}");
    }
}

/// Each attempt would use up one of the 500 calls per minute, which are already exhausted.
#[tokio::test]
async fn logouts_retry_a_429_only_if_asked_to() {
    let server = Server::answering([Answer::json(429, "{}"), Answer::json(200, "{}")]).await;
    let error = client(&server).users().logout_by_issuer(issuer()).await.unwrap_err();
    assert_eq!(error.kind(), ApiErrorKind::RateLimiting);
    assert_eq!(server.received().len(), 1);

    let asked = Answer::new(429, "Retry-After: 0\r\n", "{}");
    let server = Server::answering([asked, Answer::json(200, "{}")]).await;
    client(&server).users().logout_by_issuer(issuer()).await.unwrap();
    assert_eq!(server.received().len(), 2);

    let server = Server::answering([Answer::json(429, "{}")]).await;
    client(&server).users().remove_mfa_by_issuer(issuer()).await.unwrap_err();
    assert_eq!(server.received().len(), 4, "other calls are retried");
}

#[tokio::test]
async fn reports_both_forms_of_retry_after() {
    let dated =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
    for (headers, seconds) in
        [("Retry-After: 60\r\n", Some(60)), (dated, Some(60)), ("Retry-After: soon\r\n", None)]
    {
        let (error, attempts) = logout(Answer::new(429, headers, r#"{"message": "slower"}"#)).await;
        assert_eq!(error.kind(), ApiErrorKind::RateLimiting);
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs));
        // A minute exceeds the deadline of 30 s, and without a requested delay a logout is not
        // retried. In both cases the call ends immediately.
        assert_eq!(attempts, 1);
        assert_eq!(error.to_string().ends_with("slower; retry after 60 s"), seconds.is_some());
    }
}
