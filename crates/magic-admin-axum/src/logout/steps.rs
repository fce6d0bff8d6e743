use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use magic_admin::{Issuer, Magic, VerifiedToken};

use super::{AfterLogout, LoadUser};
use crate::{
    AuthRejection, RejectionConfig,
    credentials::{bearer_token, mark_sensitive},
    failure::Failure,
    refusal::add_no_store,
    rejection::Dialect,
};

/// A logout: its order is the point, each step runs only when the one before held.
#[derive(Clone, Debug)]
pub(super) struct Logout<L, A> {
    pub(super) magic: Magic,
    pub(super) users: L,
    pub(super) after: A,
    pub(super) dialect: Dialect,
    pub(super) config: Option<RejectionConfig>,
}

impl<L, A> Logout<L, A> {
    pub(super) async fn run<S>(&self, parts: &mut Parts, state: &S) -> Response
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Sync,
    {
        match self.log_out(parts, state).await {
            Ok(()) => self.clean_up(parts, state).await,
            Err(Stop::Refused(failure)) => AuthRejection::new(failure, self.dialect)
                .with_config(RejectionConfig::in_force(self.config.as_ref(), &parts.extensions))
                .into_response(),
            Err(Stop::Answered(response)) => *response,
        }
    }

    async fn log_out<S>(&self, parts: &mut Parts, state: &S) -> Result<(), Stop>
    where
        L: LoadUser<S>,
        S: Sync,
    {
        let token = self.validate(parts).await?;
        let on_file = self.load_user(parts, state).await?;
        // No such user looks the same from outside as another user.
        if on_file != Some(token.issuer()) {
            return Err(Stop::Refused(Failure::IssuerMismatch));
        }
        self.magic.users().logout_by_token(&token).await.map_err(Stop::refused)?;
        match self.magic.revocations() {
            Some(list) => list.revoke_session(&token).await.map_err(Stop::refused),
            None => Ok(()),
        }
    }

    async fn validate(&self, parts: &mut Parts) -> Result<VerifiedToken, Stop> {
        mark_sensitive(&mut parts.headers);
        let token = bearer_token(&parts.headers).map_err(Stop::refused)?;
        // A logout whose answer got lost can be repeated, although it revoked the token.
        let verified = self.magic.dangerous_verify_protocol_only(token).await;
        verified.map_err(Stop::refused)
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
        let mut response = self.after.after_logout(extract).await.into_response();
        add_no_store(response.headers_mut());
        response
    }
}

/// Why a logout went no further.
enum Stop {
    Refused(Failure),
    /// The application answered. Boxed, because a response is large.
    Answered(Box<Response>),
}

impl Stop {
    fn refused(failure: impl Into<Failure>) -> Self {
        Self::Refused(failure.into())
    }

    fn answered(answer: impl IntoResponse) -> Self {
        Self::Answered(Box::new(answer.into_response()))
    }
}
