use std::{error::Error, sync::Arc};

use magic_admin::{ApiError, AuthorizationError, StoreError, VerifyError};

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Authorization(AuthorizationError),
    Token(Arc<VerifyError>),
    IssuerMismatch,
    Service(Arc<ApiError>),
    Store(StoreError),
}

impl Failure {
    /// The error behind it, when there is one.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Authorization(error) => Some(error),
            Self::Token(error) => Some(error.as_ref()),
            Self::IssuerMismatch => None,
            Self::Service(error) => Some(error.as_ref()),
            Self::Store(error) => Some(error),
        }
    }
}

impl From<AuthorizationError> for Failure {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorization(error)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::Token(Arc::new(error))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Service(Arc::new(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
