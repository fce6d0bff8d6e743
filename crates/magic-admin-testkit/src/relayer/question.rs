use serde_json::Value;

/// A request from the page.
#[derive(Debug)]
pub(crate) enum Question<'a> {
    /// A JSON-RPC request from the SDK.
    Call { key: &'a str, session: Option<&'a str>, method: &'a str, params: &'a [Value] },
    /// Submits the code of a sign-in.
    Enter { sign_in: &'a str, code: &'a str },
    /// Asks whether the magic link of this sign-in has been opened.
    Wait { sign_in: &'a str },
    /// Cancels a sign-in.
    Cancel { sign_in: &'a str },
}

impl<'a> Question<'a> {
    /// Parses a request body. Returns `None` if the page does not send such a request.
    pub(crate) fn read(body: &'a Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        Some(match text("op")? {
            "call" => Self::Call {
                key: text("key")?,
                session: text("session"),
                method: text("method")?,
                // An object is treated as a single parameter, as JSON-RPC allows.
                params: match body.get("params")? {
                    Value::Array(params) => params,
                    other => std::slice::from_ref(other),
                },
            },
            "enter" => Self::Enter { sign_in: text("sign_in")?, code: text("code")? },
            "wait" => Self::Wait { sign_in: text("sign_in")? },
            "cancel" => Self::Cancel { sign_in: text("sign_in")? },
            _ => return None,
        })
    }
}
