use serde_json::Value;

/// A complete HTTP response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// Sends a request and reads the response.
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("the application answers");
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.expect("the body is text"),
        }
    }

    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// Returns the body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// Returns the code of an RFC 9457 problem, and checks its other members and headers.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let problem = self.json();
        let members: Vec<&str> =
            problem.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "detail", "status", "title", "type"], "{problem}");
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], "about:blank");
        problem["code"].as_str().expect("a text").to_owned()
    }
}
