use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{UserMetadata, user_metadata::TEXT_FIELDS};

/// A list of users.
///
/// Magic does not document the format of this response, so it is parsed leniently.
/// [`raw`](Self::raw) returns it as Magic sent it, and the list serializes in the same form.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::Magic;
///
/// # async fn accounts(magic: Magic) -> Result<(), magic_admin::ApiError> {
/// let list = magic.users().metadata_by_email("alice@example.com", None).await?;
/// for user in list.users() {
///     println!("{:?} signs in with {:?}", user.issuer(), user.oauth_provider());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Value")]
pub struct UserList {
    users: Vec<UserMetadata>,
    raw: Value,
}

impl UserList {
    /// Returns the users that were recognised in the response, in the order of the response.
    #[must_use]
    pub fn users(&self) -> &[UserMetadata] {
        &self.users
    }

    /// Returns the JSON value that Magic sent, without the envelope of the legacy host.
    #[must_use]
    pub const fn raw(&self) -> &Value {
        &self.raw
    }

    /// Recognises a user, a list of users, an object with such a list under any name, and an object
    /// with a user under each name. In anything else, it finds no users.
    pub(super) fn new(raw: Value) -> Self {
        let users = match &raw {
            Value::Array(list) => users(list),
            Value::Object(object) if is_user(object) => users([&raw]),
            Value::Object(object) => object
                .values()
                .find_map(Value::as_array)
                .map_or_else(|| users(object.values()), users),
            _ => Vec::new(),
        };
        Self { users, raw }
    }
}

impl From<UserList> for Value {
    fn from(list: UserList) -> Self {
        list.raw
    }
}

impl fmt::Debug for UserList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserList").field("users", &self.users).finish_non_exhaustive()
    }
}

fn users<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<UserMetadata> {
    let objects = values.into_iter().filter_map(Value::as_object).filter(|object| is_user(object));
    objects.filter_map(|object| UserMetadata::new(object.clone()).ok()).collect()
}

fn is_user(object: &Map<String, Value>) -> bool {
    TEXT_FIELDS.iter().any(|name| object.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parses_users_in_any_likely_shape() {
        let (ann, bob) =
            (json!({"issuer": null, "email": "ann"}), json!({"email": "bob", "new": 1}));
        for (raw, emails) in [
            (json!([ann, bob]), vec!["ann", "bob"]),
            (json!([ann, null, 3, {"other": 1}, {"email": 5}, bob]), vec!["ann", "bob"]),
            (ann.clone(), vec!["ann"]),
            (json!({"count": 2, "users": [ann, bob]}), vec!["ann", "bob"]),
            (json!({"did:ethr:0x1": ann, "did:ethr:0x2": bob, "x": null}), vec!["ann", "bob"]),
            (json!([]), vec![]),
            (json!({}), vec![]),
            (json!(null), vec![]),
        ] {
            let list = UserList::new(raw.clone());
            let found: Vec<_> = list.users().iter().filter_map(UserMetadata::email).collect();
            assert_eq!(found, emails, "{raw}");
            assert_eq!(list.raw(), &raw);
            assert_eq!(serde_json::to_value(&list).unwrap(), raw);
        }
    }
}
