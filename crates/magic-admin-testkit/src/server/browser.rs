use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS,
    },
    request::Parts,
};
use serde_json::Value;

use super::{
    body::AnswerBody, fault::JSON, foreign_json, reply::Reply, response::response, state::State,
};
use crate::relayer::{ANSWER_PATH, CONFIRM_PATH, Page, Question};

/// Responds to requests for the browser relayer. Returns `None` for calls to the Admin API.
///
/// Faults do not apply to the relayer, and its requests are not recorded as calls.
pub(super) fn answer(head: &Parts, body: &[u8], state: &State) -> Option<Response<AnswerBody>> {
    let path = head.uri.path();
    Some(match (&head.method, path) {
        (&Method::GET, CONFIRM_PATH) => {
            let query = head.uri.query().unwrap_or_default();
            let sign_in = form_urlencoded::parse(query.as_bytes())
                .find_map(|(name, value)| (name == "sign_in").then_some(value));
            if sign_in.is_some_and(|sign_in| state.open_link(&sign_in)) {
                page(Page::CONFIRMED)
            } else {
                json(404, &Reply::detail(404, "Not Found").body)
            }
        }
        (&Method::GET, _) => page(Page::at(path)?),
        (&Method::POST, ANSWER_PATH) => match question(head, body) {
            Ok(body) => match Question::read(&body) {
                Some(question) => json(200, &state.answer_page(&question)),
                None => json(400, &Value::Null),
            },
            Err(status) => json(status, &Value::Null),
        },
        _ => return None,
    })
}

/// Accepts only requests from the page. Without a preflight, a page from another origin can send
/// forms but not JSON, and its `Origin` differs.
fn question(head: &Parts, body: &[u8]) -> Result<Value, u16> {
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_TYPE) != Some(JSON) {
        return Err(415);
    }
    let host = text(HOST).unwrap_or_default();
    if text(ORIGIN).is_some_and(|origin| origin.split_once("://").map(|(_, it)| it) != Some(host)) {
        return Err(403);
    }
    foreign_json::parse(body).ok_or(400)
}

fn page(page: Page) -> Response<AnswerBody> {
    let body = Bytes::from_static(page.body.as_bytes());
    let mut response = response(200, page.content_type, AnswerBody::complete(body));
    let headers = response.headers_mut();
    let policy = HeaderValue::from_static(Page::SECURITY_POLICY);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    never_stored(headers);
    response
}

fn json(status: u16, body: &Value) -> Response<AnswerBody> {
    let mut response = response(status, JSON, AnswerBody::complete(body.to_string().into()));
    never_stored(response.headers_mut());
    response
}

fn never_stored(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
