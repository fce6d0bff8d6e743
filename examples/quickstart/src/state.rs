use axum::extract::FromRef;
use magic_admin::{Magic, ReplayGuard};

use crate::Users;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) magic: Magic,
    pub(crate) guard: ReplayGuard,
    pub(crate) users: Users,
}

/// Where the extractors of `magic-admin-axum` find it.
impl FromRef<AppState> for Magic {
    fn from_ref(state: &AppState) -> Self {
        state.magic.clone()
    }
}

impl FromRef<AppState> for ReplayGuard {
    fn from_ref(state: &AppState) -> Self {
        state.guard.clone()
    }
}

impl FromRef<AppState> for Users {
    fn from_ref(state: &AppState) -> Self {
        state.users.clone()
    }
}
