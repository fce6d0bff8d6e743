use std::{error::Error, sync::Arc};

use http::StatusCode;
#[cfg(feature = "online")]
use magic_admin::ApiError;
#[cfg(feature = "gating")]
use magic_admin::gating::GatingError;
use magic_admin::{AuthorizationError, AuthorizationErrorKind, StoreError, VerifyError};

/// Why a request is rejected, with the cause.
#[derive(Clone)]
pub(crate) enum Reason {
    Authorization(AuthorizationError),
    Token(Arc<VerifyError>),
    Forbidden,
    /// A credential that a browser adds by itself came with a request of another site.
    CrossSite,
    #[cfg(feature = "online")]
    IssuerMismatch,
    #[cfg(feature = "online")]
    UnknownUser(Arc<ApiError>),
    #[cfg(feature = "online")]
    Service(Arc<ApiError>),
    /// There is no Admin API to call.
    #[cfg(feature = "online")]
    NoService,
    Store(StoreError),
    #[cfg(feature = "gating")]
    Ownership(GatingError),
    /// The application serves no such request, and has answered it with this status.
    Unserved(StatusCode),
}

impl Reason {
    /// Returns `true` if there were no credentials, or credentials of another scheme.
    pub(crate) fn is_absence(&self) -> bool {
        use AuthorizationErrorKind::{Missing, OtherScheme};

        matches!(self, Self::Authorization(error) if matches!(error.kind(), Missing | OtherScheme))
    }

    /// Returns `true` if there were no credentials at all.
    #[cfg(feature = "online")]
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Authorization(error) if error.kind() == AuthorizationErrorKind::Missing)
    }

    pub(super) fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Authorization(error) => Some(error),
            Self::Token(error) => Some(error.as_ref()),
            #[cfg(feature = "online")]
            Self::UnknownUser(error) | Self::Service(error) => Some(error.as_ref()),
            #[cfg(feature = "online")]
            Self::IssuerMismatch | Self::NoService => None,
            Self::Store(error) => Some(error),
            #[cfg(feature = "gating")]
            Self::Ownership(error) => Some(error),
            Self::Forbidden | Self::CrossSite | Self::Unserved(_) => None,
        }
    }
}

impl From<AuthorizationError> for Reason {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorization(error)
    }
}

impl From<VerifyError> for Reason {
    fn from(error: VerifyError) -> Self {
        Self::Token(Arc::new(error))
    }
}

#[cfg(feature = "online")]
impl From<ApiError> for Reason {
    fn from(error: ApiError) -> Self {
        if error.is_unknown_user() {
            Self::UnknownUser(Arc::new(error))
        } else {
            Self::Service(Arc::new(error))
        }
    }
}

#[cfg(feature = "gating")]
impl From<GatingError> for Reason {
    fn from(error: GatingError) -> Self {
        Self::Ownership(error)
    }
}

impl From<StoreError> for Reason {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
