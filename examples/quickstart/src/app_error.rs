use std::{error::Error, time::Duration};

use axum::{
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use magic_admin::{ApiError, StoreError, VerifyError};
use magic_admin_axum::AuthRejection;
use tower_sessions::session;

/// The error of a handler that cannot do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// The user cannot be authenticated, or Magic failed (502, 503 or 504).
    #[error("cannot authenticate the user")]
    Rejected(#[from] AuthRejection),
    #[error("the store of challenges failed")]
    Challenges(#[source] StoreError),
    #[error("too many requests from one client")]
    TooMany(Duration),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the session store failed")]
    Session(#[from] session::Error),
}

impl From<ApiError> for AppError {
    fn from(error: ApiError) -> Self {
        Self::Rejected(error.into())
    }
}

impl From<VerifyError> for AppError {
    fn from(error: VerifyError) -> Self {
        Self::Rejected(error.into())
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => rejection.into_response(),
            Self::Challenges(_) => {
                tracing::error!(error = %self, cause = self.source(), "a request failed");
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response()
            }
            Self::TooMany(wait) => {
                let seconds = wait.as_secs().saturating_add(1).to_string();
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)]).into_response()
            }
            Self::Database(_) | Self::Session(_) => {
                // The cause is for the log, not for the client.
                tracing::error!(error = %self, cause = self.source(), "a request failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
