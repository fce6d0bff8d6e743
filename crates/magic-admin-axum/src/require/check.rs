use std::{fmt, pin::Pin, sync::Arc};

use http::request::Parts;
use magic_admin::VerifiedToken;
#[cfg(feature = "gating")]
use magic_admin::gating::{Gate, Ownership};

use super::Permission;
use crate::rejection::AuthRejection;

/// A check of the user and the request, which runs once the token is verified.
#[derive(Clone)]
pub(super) enum Check {
    Sync(Arc<SyncFn>),
    Async(Arc<AsyncFn>),
    #[cfg(feature = "gating")]
    Owns(Gate),
}

type Checked = Result<(), AuthRejection>;
type SyncFn = dyn Fn(&VerifiedToken, &Parts) -> Checked + Send + Sync;
type AsyncFn =
    dyn Fn(&VerifiedToken, &Parts) -> Pin<Box<dyn Future<Output = Checked> + Send>> + Send + Sync;

impl Check {
    pub(super) fn new<F, P>(check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> P + Send + Sync + 'static,
        P: Permission,
    {
        Self::Sync(Arc::new(move |user, request| check(user, request).into_result()))
    }

    pub(super) fn new_async<F, Fut>(check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Permission> + Send + 'static,
    {
        Self::Async(Arc::new(move |user, request| {
            let permission = check(user, request);
            Box::pin(async move { permission.await.into_result() })
        }))
    }

    /// Runs the check without waiting and without allocating, or returns `None` if that is not
    /// possible.
    pub(super) fn now(&self, user: &VerifiedToken, request: &Parts) -> Option<Checked> {
        match self {
            Self::Sync(check) => Some(check(user, request)),
            Self::Async(_) => None,
            #[cfg(feature = "gating")]
            Self::Owns(gate) => match gate.remembered(user)? {
                Ownership::Owns => Some(Ok(())),
                Ownership::DoesNotOwn => None,
            },
        }
    }

    pub(super) async fn run(&self, user: &VerifiedToken, request: &Parts) -> Checked {
        match self {
            Self::Sync(check) => check(user, request),
            Self::Async(check) => check(user, request).await,
            #[cfg(feature = "gating")]
            Self::Owns(gate) => Ok(gate.require(user).await?),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sync(_) | Self::Async(_) => f.write_str("<fn>"),
            #[cfg(feature = "gating")]
            Self::Owns(gate) => gate.fmt(f),
        }
    }
}
