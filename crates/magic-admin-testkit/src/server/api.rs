use magic_admin::Issuer;
use serde_json::{Value, json};

use super::{
    FakeUser,
    call::Call,
    endpoint::{Endpoint, Generation, Route},
    reply::Reply,
};

/// The settings and users of the fake Admin API.
pub(super) struct Api {
    pub(super) secret_key: String,
    pub(super) client_id: String,
    pub(super) users: Vec<FakeUser>,
    /// Treats every issuer as a known user.
    pub(super) any_user: bool,
    /// Rejects POST requests without `Content-Type: application/json`.
    pub(super) strict_content_type: bool,
}

impl Api {
    /// Returns the response to a call if no fault applies.
    pub(super) fn answer(&self, call: &Call) -> Reply {
        let Some(route) = call.route() else {
            return Reply::detail(404, "Not Found");
        };
        if !call.has_method_of(route) {
            return Reply::detail(405, "Method Not Allowed");
        }
        if !call.key_accepted() {
            return Reply::error(
                route.generation,
                401,
                "UNAUTHORIZED",
                "The X-Magic-Secret-Key header is missing or does not match the key of the fake Admin API.",
            );
        }
        self.dispatch(call, route).unwrap_or_else(|refusal| refusal)
    }

    fn dispatch(&self, call: &Call, route: Route) -> Result<Reply, Reply> {
        let generation = route.generation;
        let data = match route.endpoint {
            Endpoint::Client => json!({"client_id": self.client_id, "app_scope": "GLOBAL"}),
            Endpoint::User => {
                let issuer = required_query(call, "issuer")?;
                let wallet_type = call.query("wallet_type").unwrap_or_else(|| "NONE".to_owned());
                self.user(generation, &issuer)?.to_json(&wallet_type)
            }
            Endpoint::UserByEmail => self.user_by_email(call, generation)?,
            Endpoint::Users => {
                let issuers = issuers(self.body(call)?)?;
                let known = issuers.iter().filter_map(|issuer| self.find(issuer));
                json!({"users": known.map(|user| user.to_json("NONE")).collect::<Vec<_>>()})
            }
            Endpoint::Logout | Endpoint::RemoveMfa => {
                let body = self.body(call)?;
                let issuer = text(required(body, "issuer")?, &["body", "issuer"])?;
                self.user(generation, issuer)?;
                json!({})
            }
        };
        Ok(Reply::ok(generation, data))
    }

    fn user_by_email(&self, call: &Call, generation: Generation) -> Result<Value, Reply> {
        let kind = required_query(call, "type")?;
        let email = required_query(call, "value")?;
        if kind != "email" {
            let place = ["query", "type"];
            let message = "Input should be 'email'";
            return Err(Reply::unprocessable("literal_error", &place, message, &kind.into()));
        }
        let provider = call.query("provider");
        let user = self.users.iter().find(|user| user.has_email(&email, provider.as_deref()));
        user.map(|user| user.to_json("NONE")).ok_or_else(|| unknown_user(generation))
    }

    fn user(&self, generation: Generation, issuer: &str) -> Result<FakeUser, Reply> {
        self.find(issuer).ok_or_else(|| unknown_user(generation))
    }

    /// Compares parsed issuers, ignoring case, because the official SDKs send them as given.
    fn find(&self, issuer: &str) -> Option<FakeUser> {
        let issuer: Issuer = issuer.parse().ok()?;
        let known = self.users.iter().find(|user| user.issuer() == issuer).cloned();
        known.or_else(|| self.any_user.then(|| FakeUser::new(issuer)))
    }

    /// Returns the JSON body. The content type is checked only in strict mode, because the
    /// JavaScript SDK sends `text/plain`.
    fn body<'call>(&self, call: &'call Call) -> Result<&'call Value, Reply> {
        let is_json = call
            .header("content-type")
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json"));
        if self.strict_content_type && !is_json {
            let message = "Input should be a valid dictionary";
            return Err(Reply::unprocessable("dict_type", &["body"], message, &Value::Null));
        }
        call.body().ok_or_else(|| {
            Reply::unprocessable("json_invalid", &["body"], "JSON decode error", &json!({}))
        })
    }
}

fn issuers(body: &Value) -> Result<Vec<&str>, Reply> {
    let place = ["body", "issuers"];
    let list = required(body, "issuers")?;
    let Some(items) = list.as_array() else {
        return Err(Reply::unprocessable(
            "list_type",
            &place,
            "Input should be a valid list",
            list,
        ));
    };
    items.iter().map(|item| text(item, &place)).collect()
}

fn text<'value>(value: &'value Value, place: &[&str]) -> Result<&'value str, Reply> {
    let message = "Input should be a valid string";
    value.as_str().ok_or_else(|| Reply::unprocessable("string_type", place, message, value))
}

fn required<'body>(body: &'body Value, name: &str) -> Result<&'body Value, Reply> {
    if !body.is_object() {
        let message = "Input should be a valid dictionary";
        return Err(Reply::unprocessable("dict_type", &["body"], message, body));
    }
    body.get(name).filter(|value| !value.is_null()).ok_or_else(|| missing(name))
}

fn required_query(call: &Call, name: &str) -> Result<String, Reply> {
    call.query(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

/// Looks the same in both generations, because it is the only error whose complete shape is known.
fn missing(name: &str) -> Reply {
    let message = format!("Missing required fields: {name}");
    Reply::error(Generation::Legacy, 400, "MISSING_REQUIRED_FIELDS", &message)
}

fn unknown_user(generation: Generation) -> Reply {
    Reply::error(generation, 404, "USER_NOT_FOUND", "The fake Admin API does not know this user.")
}
