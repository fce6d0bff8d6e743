use http::Method;

/// An endpoint of the Admin API, in either generation.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::{Endpoint, FakeMagic, Fault};
///
/// /// Makes the next logout fail.
/// fn break_logout(fake: &FakeMagic) {
///     fake.fail_next(Fault::status(503).at(Endpoint::Logout));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Fetches the application's client ID: `GET /v1/admin/client`, legacy `GET
    /// /v1/admin/client/get`.
    Client,
    /// Looks up a user by issuer: `GET /v1/admin/user`, legacy `GET /v1/admin/auth/user/get`.
    User,
    /// Looks up a user by e-mail address: `GET /v2/admin/user`.
    UserByEmail,
    /// Looks up several users by issuer: `POST /v1/admin/users`.
    Users,
    /// Logs a user out: `POST /v1/admin/user/logout`, legacy `POST /v2/admin/auth/user/logout`.
    Logout,
    /// Removes a user's second factor: `POST /v1/admin/user/remove_mfa`.
    RemoveMfa,
}

/// A generation of the API. Each has its own response format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Flat objects.
    Current,
    /// `{"data", "error_code", "message", "status"}`.
    Legacy,
}

/// A row of the endpoint table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: &'static Method,
    path: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) generation: Generation,
}

impl Route {
    /// Finds the route with this path, regardless of the method.
    pub(super) fn of(path: &str) -> Option<Self> {
        ROUTES.iter().find(|route| route.path == path).copied()
    }

    const fn new(
        method: &'static Method,
        path: &'static str,
        endpoint: Endpoint,
        generation: Generation,
    ) -> Self {
        Self { method, path, endpoint, generation }
    }
}

const ROUTES: [Route; 9] = {
    use Generation::{Current, Legacy};
    const GET: &Method = &Method::GET;
    const POST: &Method = &Method::POST;
    [
        Route::new(GET, "/v1/admin/client", Endpoint::Client, Current),
        Route::new(GET, "/v1/admin/user", Endpoint::User, Current),
        Route::new(GET, "/v2/admin/user", Endpoint::UserByEmail, Current),
        Route::new(POST, "/v1/admin/users", Endpoint::Users, Current),
        Route::new(POST, "/v1/admin/user/logout", Endpoint::Logout, Current),
        Route::new(POST, "/v1/admin/user/remove_mfa", Endpoint::RemoveMfa, Current),
        Route::new(GET, "/v1/admin/client/get", Endpoint::Client, Legacy),
        Route::new(GET, "/v1/admin/auth/user/get", Endpoint::User, Legacy),
        Route::new(POST, "/v2/admin/auth/user/logout", Endpoint::Logout, Legacy),
    ]
};
