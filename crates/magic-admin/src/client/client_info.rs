use serde::Serialize;
use serde_json::{Map, Value};

/// Magic's description of the application to which a secret key belongs.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::admin::Client;
///
/// # async fn check(client: &Client) -> Result<(), magic_admin::ApiError> {
/// let info = client.info().await?;
/// println!("{} ({})", info.client_id(), info.app_scope().unwrap_or("no scope"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Map<String, Value>")]
pub struct ClientInfo {
    client_id: String,
    raw: Map<String, Value>,
}

impl ClientInfo {
    /// Returns the client ID of the application, which is the audience of its users' DID tokens. It
    /// is never empty.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the scope of the application, such as `GLOBAL`.
    #[must_use]
    pub fn app_scope(&self) -> Option<&str> {
        self.raw.get("app_scope").and_then(Value::as_str)
    }

    /// Returns the JSON object that Magic sent.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    pub(super) fn new(raw: Map<String, Value>) -> Result<Self, &'static str> {
        match raw.get("client_id").and_then(Value::as_str) {
            Some(client_id) if !client_id.is_empty() => {
                Ok(Self { client_id: client_id.to_owned(), raw })
            }
            _ => Err("the answer holds no client id"),
        }
    }
}

impl From<ClientInfo> for Map<String, Value> {
    fn from(info: ClientInfo) -> Self {
        info.raw
    }
}
