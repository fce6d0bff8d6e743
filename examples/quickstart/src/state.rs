use axum::extract::FromRef;
use magic_admin::{Magic, ReplayGuard, RevocationList};
use magic_admin_axum::Authenticator;

use crate::{Page, Users, limits::Limits};

/// The state shared by the handlers and used by the extractors of `magic-admin-axum`.
#[derive(Clone, Debug, FromRef)]
pub(crate) struct AppState {
    pub(crate) auth: Authenticator,
    pub(crate) magic: Magic,
    pub(crate) guard: ReplayGuard,
    pub(crate) revocations: RevocationList,
    pub(crate) users: Users,
    pub(crate) limits: Limits,
    pub(crate) page: Page,
}
