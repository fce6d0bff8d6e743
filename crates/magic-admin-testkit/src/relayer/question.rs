use serde_json::Value;

/// A question of the page.
#[derive(Debug)]
pub(crate) enum Question<'a> {
    /// A JSON-RPC request of the SDK.
    Call { key: &'a str, session: Option<&'a str>, method: &'a str, params: &'a [Value] },
    /// The code of a sign-in.
    Enter { sign_in: &'a str, code: &'a str },
    /// Asks if the magic link of this sign-in has been opened.
    Wait { sign_in: &'a str },
    /// Cancels a sign-in.
    Cancel { sign_in: &'a str },
}

impl<'a> Question<'a> {
    /// Reads a request body. Returns `None` if it is not one that the page sends.
    pub(crate) fn read(body: &'a Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        Some(match text("op")? {
            "call" => Self::Call {
                key: text("key")?,
                session: text("session"),
                method: text("method")?,
                // An object is one parameter, as JSON-RPC allows.
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
