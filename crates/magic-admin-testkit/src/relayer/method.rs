use super::sign_in::Via;

/// A JSON-RPC method of the browser SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    SignIn(Via),
    IdToken,
    IsLoggedIn,
    Info,
    Logout,
    Accounts,
    RequestAccounts,
    PersonalSign,
}

impl Method {
    /// Finds the method with this name. Returns it with the name, without the suffix of test mode.
    pub(super) fn named(name: &str) -> Option<(Self, &'static str)> {
        let name = name.strip_suffix("_testing_mode").unwrap_or(name);
        METHODS.iter().find(|(known, _)| *known == name).map(|(name, method)| (*method, *name))
    }
}

const METHODS: [(&str, Method); 13] = [
    ("magic_auth_login_with_email_otp", Method::SignIn(Via::EmailCode)),
    ("magic_auth_login_with_sms", Method::SignIn(Via::Sms)),
    ("magic_auth_login_with_magic_link", Method::SignIn(Via::Link)),
    // The name that the SDK uses in test mode.
    ("magic_login_with_magic_link", Method::SignIn(Via::Link)),
    ("magic_auth_get_id_token", Method::IdToken),
    ("magic_auth_generate_id_token", Method::IdToken),
    ("magic_is_logged_in", Method::IsLoggedIn),
    // The name that the SDK uses in test mode.
    ("magic_auth_is_logged_in", Method::IsLoggedIn),
    ("magic_get_info", Method::Info),
    ("magic_auth_logout", Method::Logout),
    ("eth_accounts", Method::Accounts),
    ("eth_requestAccounts", Method::RequestAccounts),
    ("personal_sign", Method::PersonalSign),
];
