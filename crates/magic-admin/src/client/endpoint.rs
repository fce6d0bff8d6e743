use http::Method;

use super::Generation;

/// What the Admin API can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Client,
    User,
    UserByEmail,
    Users,
    Logout,
    RemoveMfa,
}

/// Where to ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
}

impl Endpoint {
    /// The route in a generation, `None` when it has none.
    pub(super) const fn route(self, generation: Generation) -> Option<Route> {
        match generation {
            Generation::Current => Some(self.current()),
            Generation::Legacy => self.legacy(),
        }
    }

    /// The current generation has a route for everything.
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

    /// A logout is not repeated when the application has used up its calls, unless Magic says when
    /// it may be: the attempts would take their share of the next minute's calls.
    pub(super) const fn spares_limit(self) -> bool {
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
