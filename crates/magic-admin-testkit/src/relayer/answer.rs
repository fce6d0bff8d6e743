use serde_json::{Value, json};

/// A JSON-RPC error with a code from the SDK's `RPCErrorCode` and a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RpcError {
    pub(super) code: i64,
    message: String,
}

impl RpcError {
    pub(super) const METHOD_NOT_FOUND: i64 = -32601;

    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn invalid_request(message: &str) -> Self {
        Self::new(-32600, message)
    }

    pub(super) fn method_not_found() -> Self {
        Self::new(Self::METHOD_NOT_FOUND, "The emulator of Magic does not support this method.")
    }

    pub(super) fn invalid_params(message: &str) -> Self {
        Self::new(-32602, message)
    }

    /// The SDK recognises exactly this message as meaning that no user is signed in.
    pub(super) fn not_signed_in() -> Self {
        Self::new(-32603, "User denied account access.")
    }

    pub(super) fn internal(message: &str) -> Self {
        Self::new(-32603, message)
    }

    pub(super) fn cancelled() -> Self {
        Self::new(-10014, "The user cancelled the sign-in.")
    }
}

/// Returns the response to a request of the page, as JSON.
pub(super) fn result(result: impl Into<Value>) -> Value {
    json!({"result": result.into()})
}

/// Returns a response that signs the user in or out. The page stores or deletes the session
/// accordingly.
pub(super) fn with_session(value: impl Into<Value>, session: Option<&str>) -> Value {
    json!({"result": value.into(), "session": session})
}

pub(super) fn error(error: &RpcError) -> Value {
    json!({"error": {"code": error.code, "message": error.message}})
}
