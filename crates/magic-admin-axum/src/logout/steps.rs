use std::{panic::resume_unwind, sync::Arc};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use magic_admin::{Issuer, RevocationList, VerifiedToken};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use super::{AfterLogout, LoadUser, RunningLogouts, issuer};
use crate::{
    authenticator::{Authenticator, Chosen},
    metrics,
    rejection::{Appearance, AuthRejection, Reason, RejectionStyle, add_no_store},
    verifying::Verifying,
};

/// The steps of a logout, in order.
#[derive(Clone, Debug)]
pub(super) struct Logout<L, A> {
    pub(super) auth: Authenticator,
    pub(super) users: L,
    pub(super) after: A,
    pub(super) style: RejectionStyle,
    pub(super) accepts_no_token: bool,
    pub(super) running: RunningLogouts,
}

impl<L, A> Logout<L, A> {
    pub(super) async fn run<S>(self: Arc<Self>, mut parts: Parts, state: S) -> Response
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Send + Sync + 'static,
    {
        // Start counting here, so that a shutdown does not miss a logout that is about to start.
        let running = self.running.begin();
        let chosen = match self.auth.for_request(&parts) {
            Ok(chosen) => chosen,
            Err(answer) => return AuthRejection::unserved(*answer).into_response(),
        };
        let identified = self.identify(&mut parts, &state, &chosen).await;
        let (verifying, appearance) = chosen.into_owned();
        let whom = match identified {
            Ok(whom) => whom,
            Err(Stop::Rejected(reason)) => return self.reject(reason, &appearance, &parts),
            Err(Stop::Answered(response)) => {
                metrics::logout("application");
                return appearance.restyle(*response, &parts);
            }
        };
        // From here on, the logout runs to completion even if the client disconnects.
        to_the_end(async move {
            let _running = running;
            match log_out(&whom, &verifying).await {
                Ok(()) => {
                    metrics::logout("ok");
                    let mut response = self.clean_up(&mut parts, &state).await;
                    add_no_store(response.headers_mut());
                    appearance.restyle(response, &parts)
                }
                Err(reason) => self.reject(reason, &appearance, &parts),
            }
        })
        .await
    }

    /// Runs steps 1 to 4: reads the token, verifies it, loads the user on record, and compares the
    /// issuers.
    async fn identify<S>(
        &self,
        parts: &mut Parts,
        state: &S,
        chosen: &Chosen<'_>,
    ) -> Result<Whom, Stop>
    where
        L: LoadUser<S>,
        S: Sync,
    {
        chosen.sources().mark_sensitive(&mut parts.headers);
        let verified = self.verify(parts, chosen).await.map_err(Stop::Rejected)?;
        issuer::note(&mut parts.extensions, verified.as_ref(), self.style);
        let on_record = self.load_user(parts, state).await?;
        match (verified, on_record) {
            (None, Some(issuer)) => Ok(Whom::Issuer(issuer)),
            (Some(token), Some(issuer)) if token.issuer() == issuer => Ok(Whom::Token(token)),
            (Some(token), None) if is_revoked(&token, &chosen.verifying) => {
                Ok(Whom::LoggedOutBefore)
            }
            // From the outside, an unknown user and another user look the same.
            (Some(_), _) | (None, None) => Err(Stop::Rejected(Reason::IssuerMismatch)),
        }
    }

    /// Verifies the token. Returns `None` if there is none and the route accepts that.
    async fn verify(
        &self,
        parts: &Parts,
        chosen: &Chosen<'_>,
    ) -> Result<Option<VerifiedToken>, Reason> {
        match chosen.sources().token(parts) {
            Ok(token) => Ok(Some(chosen.verifying.verify_protocol_only(&token).await?)),
            Err(reason) if self.accepts_no_token && reason.is_missing() => {
                if chosen.sources().is_same_origin(parts) {
                    Ok(None)
                } else {
                    Err(Reason::CrossSite)
                }
            }
            Err(reason) => Err(reason),
        }
    }

    async fn load_user<S>(&self, parts: &mut Parts, state: &S) -> Result<Option<Issuer>, Stop>
    where
        L: LoadUser<S>,
        S: Sync,
    {
        let extract = L::Extract::from_request_parts(parts, state).await.map_err(Stop::answered)?;
        self.users.load_user(extract).await.map_err(Stop::answered)
    }

    async fn clean_up<S>(&self, parts: &mut Parts, state: &S) -> Response
    where
        A: AfterLogout<S>,
        S: Sync,
    {
        let extract = match A::Extract::from_request_parts(parts, state).await {
            Ok(extract) => extract,
            Err(rejection) => return rejection.into_response(),
        };
        self.after.after_logout(extract).await.into_response()
    }

    fn reject(&self, reason: Reason, appearance: &Appearance, parts: &Parts) -> Response {
        let rejection = AuthRejection::new(reason, self.style);
        metrics::logout(rejection.code());
        appearance.apply(rejection, parts).into_response()
    }
}

/// The user to log out.
enum Whom {
    /// The issuer of this token.
    Token(VerifiedToken),
    /// The user on record, if the request has no token.
    Issuer(Issuer),
    /// A repeated logout, which logs nobody out.
    LoggedOutBefore,
}

/// The reason why a logout stops before it has started.
enum Stop {
    Rejected(Reason),
    /// The application responded itself. Boxed, because a response is large.
    Answered(Box<Response>),
}

impl Stop {
    fn answered(answer: impl IntoResponse) -> Self {
        Self::Answered(Box::new(answer.into_response()))
    }
}

/// Runs steps 5 and 6: revoke locally, then log out at Magic.
///
/// The local list comes first, so that a logout takes effect here while Magic is down. Both are
/// tried, and the error is that of the first failure.
async fn log_out(whom: &Whom, verifying: &Verifying) -> Result<(), Reason> {
    let issuer = match whom {
        Whom::Token(token) => token.issuer(),
        Whom::Issuer(issuer) => *issuer,
        Whom::LoggedOutBefore => return Ok(()),
    };
    let revoked = match (verifying.revocations(), whom) {
        (None, _) => Ok(()),
        (Some(list), Whom::Token(token)) => list.revoke_session(token).await,
        (Some(list), _) => list.revoke_now(issuer).await,
    };
    let logged_out = log_out_at_magic(issuer, verifying).await;
    revoked?;
    logged_out
}

async fn log_out_at_magic(issuer: Issuer, verifying: &Verifying) -> Result<(), Reason> {
    let Verifying::Magic(magic) = verifying else {
        tracing::error!(
            "the logout router has no Admin API: create its `Authenticator` from a `Magic`"
        );
        return Err(Reason::NoService);
    };
    match magic.users().logout_by_issuer(issuer).await {
        // Magic has no sessions left to end.
        Err(error) if error.is_unknown_user() => Ok(()),
        outcome => outcome.map_err(Reason::from),
    }
}

fn is_revoked(token: &VerifiedToken, verifying: &Verifying) -> bool {
    verifying.revocations().is_some_and(|list: &RevocationList| list.revokes(token))
}

/// Runs a future to completion even if the caller stops waiting for it.
async fn to_the_end<F>(future: F) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    // Without a runtime, no client can disconnect.
    let Ok(runtime) = Handle::try_current() else { return future.await };
    match runtime.spawn(future.in_current_span()).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => AuthRejection::from(magic_admin::StoreError::new(
                magic_admin::StoreErrorKind::Unreachable,
                "the server is shutting down",
            ))
            .into_response(),
        },
    }
}
