use http::Method;

use super::Generation;

/// An endpoint of the Admin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Client,
    User,
    UserByEmail,
    Users,
    Logout,
    RemoveMfa,
}

/// The method and path of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
}

impl Endpoint {
    /// Returns the route in a generation, or `None` if the generation does not offer the call.
    pub(super) const fn route(self, generation: Generation) -> Option<Route> {
        match generation {
            Generation::Current => Some(self.current()),
            Generation::Legacy => self.legacy(),
        }
    }

    /// Returns the route in the current generation, which has one for every call.
    pub(super) const fn current(self) -> Route {
        match self {
            Self::Client => get("/v1/admin/client"),
            Self::User => get("/v1/admin/user"),
            Self::UserByEmail => get("/v2/admin/user"),
            Self::Users => post("/v1/admin/users"),
            Self::Logout => post("/v1/admin/user/logout"),
            Self::RemoveMfa => post("/v1/admin/user/remove_mfa"),
        }
    }

    /// Returns the name used in the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::UserByEmail => "user_by_email",
            Self::Users => "users",
            Self::Logout => "logout",
            Self::RemoveMfa => "remove_mfa",
        }
    }

    /// Returns `true` if the call is not retried after a 429 without `Retry-After`. Retrying a
    /// logout would use up calls that other users need for their logouts.
    pub(super) const fn spares_limit(self) -> bool {
        matches!(self, Self::Logout)
    }

    /// Returns `true` if the local call budget never holds the call back.
    pub(super) const fn has_precedence(self) -> bool {
        matches!(self, Self::Logout)
    }

    const fn legacy(self) -> Option<Route> {
        match self {
            Self::Client => Some(get("/v1/admin/client/get")),
            Self::User => Some(get("/v1/admin/auth/user/get")),
            Self::Logout => Some(post("/v2/admin/auth/user/logout")),
            Self::UserByEmail | Self::Users | Self::RemoveMfa => None,
        }
    }
}

const fn get(path: &'static str) -> Route {
    Route { method: Method::GET, path }
}

const fn post(path: &'static str) -> Route {
    Route { method: Method::POST, path }
}
