use std::error::Error;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use magic_admin::ApiError;
use magic_admin_axum::AuthRejection;
use tower_sessions::session;

/// What a handler answers when it cannot do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// Magic did not answer as it should: 502, 503 or 504, as `magic-admin-axum` has it.
    #[error("Magic failed")]
    Magic(#[source] AuthRejection),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the session store failed")]
    Session(#[from] session::Error),
}

impl From<ApiError> for AppError {
    fn from(error: ApiError) -> Self {
        Self::Magic(error.into())
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Magic(rejection) => rejection.into_response(),
            Self::Database(_) | Self::Session(_) => {
                // The cause is for the log, not for whoever asks.
                tracing::error!(error = %self, cause = self.source(), "a request failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
