use std::{error::Error, fmt};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use http_body_util::Full;

use crate::{AuthRejection, problem::Problem};

/// A response to a refused request.
pub(crate) enum Refusal {
    Problem(http::Response<Full<Bytes>>),
    Replaced(Response),
}

impl AuthRejection {
    /// The response, its body not boxed unless the application wrote it.
    pub(crate) fn into_refusal(self) -> Refusal {
        self.trace();
        match self.config.respond(&self) {
            Some(mut response) => {
                if response.status().is_success() {
                    *response.status_mut() = self.status();
                }
                let same_status = response.status() == self.status();
                self.add_headers(response.headers_mut(), same_status);
                response.extensions_mut().insert(self);
                Refusal::Replaced(response)
            }
            None => {
                let status = self.status();
                let problem = Problem::new(status, self.code(), self.detail());
                let mut response = http::Response::new(Full::new(problem.to_bytes()));
                *response.status_mut() = status;
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static(Problem::CONTENT_TYPE));
                self.add_headers(response.headers_mut(), true);
                response.extensions_mut().insert(self);
                Refusal::Problem(response)
            }
        }
    }

    /// Adds the headers of the answer that are not there yet.
    fn add_headers(&self, headers: &mut HeaderMap, same_status: bool) {
        add_no_store(headers);
        if same_status {
            let retry_after = self.retry_after().map(|wait| HeaderValue::from(wait.as_secs()));
            for (name, value) in [(WWW_AUTHENTICATE, self.challenge()), (RETRY_AFTER, retry_after)]
            {
                if let Some(value) = value {
                    headers.entry(name).or_insert(value);
                }
            }
        }
    }

    /// The cause goes to the log, because the response must not tell it.
    fn trace(&self) {
        let (status, code) = (self.status().as_u16(), self.code());
        if status >= 500 {
            let cause = Causes(self.source());
            tracing::warn!(target: TARGET, status, code, %cause, "cannot authenticate a request");
        } else {
            tracing::debug!(target: TARGET, status, code, "refused a request");
        }
    }
}

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        match self.into_refusal() {
            Refusal::Problem(response) => response.into_response(),
            Refusal::Replaced(response) => response,
        }
    }
}

/// Forbids caches to keep a response, unless it says itself what they may do.
pub(crate) fn add_no_store(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// An error and what caused it, in one line.
struct Causes<'a>(Option<&'a (dyn Error + 'static)>);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for error in std::iter::successors(self.0, |error| (*error).source()) {
            write!(f, "{separator}{error}")?;
            separator = ": ";
        }
        Ok(())
    }
}

const TARGET: &str = "magic_admin_axum::rejection";
