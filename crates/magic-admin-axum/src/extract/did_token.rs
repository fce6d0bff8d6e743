use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use headers::authorization::Credentials;
use http::{HeaderValue, request::Parts};
use magic_admin::parse_authorization_header_value;

use crate::{
    admission::NotAdmitted,
    authenticator::{Authenticator, HasAuthenticator},
    rejection::{AuthRejection, RejectionStyle},
};

/// Extractor: the request's DID token, parsed and **not verified**.
///
/// It comes from the `Authorization` header, or from what
/// [`Authenticator::token_sources`](crate::Authenticator::token_sources) adds.
///
/// For handlers that verify it themselves, with an attachment for example; most need
/// [`Authenticated`](crate::Authenticated). The client chooses what is in here: pass it to
/// [`Magic::verify`](magic_admin::Magic::verify) before trusting any of it.
///
/// Needs an [`Authenticator`](crate::Authenticator) in the router's state. Without a token, with
/// another scheme, and with a malformed header or more than one token the response is a 400.
/// `Option<DidToken>` is `None` in the first two cases.
///
/// It also works as [`headers`] credentials, `TypedHeader<Authorization<DidToken>>` with
/// axum-extra; that looks at the first of several headers only.
///
/// # Examples
///
/// ```
/// use axum::{Json, Router, extract::State, routing::post};
/// use magic_admin::Magic;
/// use magic_admin_axum::{AuthRejection, DidToken};
///
/// async fn login(State(magic): State<Magic>, token: DidToken) -> Result<String, AuthRejection> {
///     let user = magic.verify_with_attachment(&token, "order 1001").await?;
///     Ok(format!("ordered by {}", user.issuer()))
/// }
///
/// let app: Router<Magic> = Router::new().route("/order", post(login));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidToken(magic_admin::DidToken);

impl DidToken {
    /// The core's type.
    #[must_use]
    pub fn into_inner(self) -> magic_admin::DidToken {
        self.0
    }
}

impl Deref for DidToken {
    type Target = magic_admin::DidToken;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl AsRef<str> for DidToken {
    fn as_ref(&self) -> &str {
        self.0.as_str()
    }
}

impl From<DidToken> for magic_admin::DidToken {
    fn from(token: DidToken) -> Self {
        token.0
    }
}

impl<S> FromRequestParts<S> for DidToken
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let outcome = parse(parts, &state.authenticator());
        outcome.map_err(|failed| failed.reject(parts, RejectionStyle::BadRequest))
    }
}

impl<S> OptionalFromRequestParts<S> for DidToken
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, AuthRejection> {
        match parse(parts, &state.authenticator()) {
            Ok(token) => Ok(Some(token)),
            Err(failed) if failed.is_absence() => Ok(None),
            Err(failed) => Err(failed.reject(parts, RejectionStyle::BadRequest)),
        }
    }
}

fn parse(parts: &mut Parts, auth: &Authenticator) -> Result<DidToken, NotAdmitted> {
    let chosen = auth.for_request(parts).map_err(NotAdmitted::Unserved)?;
    chosen.sources().mark_sensitive(&mut parts.headers);
    match chosen.sources().token(parts) {
        Ok(token) => Ok(DidToken(magic_admin::DidToken::new(token))),
        Err(reason) => Err(NotAdmitted::rejected(reason, chosen)),
    }
}

impl Credentials for DidToken {
    const SCHEME: &'static str = "Bearer";

    fn decode(value: &HeaderValue) -> Option<Self> {
        let token = parse_authorization_header_value(value).ok()?;
        Some(Self(magic_admin::DidToken::new(token)))
    }

    fn encode(&self) -> HeaderValue {
        // A token that was parsed is ASCII, so the fallback, which is no credential, is not taken.
        let mut value = HeaderValue::try_from(format!("{} {}", Self::SCHEME, self.as_str()))
            .unwrap_or(HeaderValue::from_static(Self::SCHEME));
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_round_trip_and_stay_out_of_debug() {
        let token = DidToken::decode(&HeaderValue::from_static("bearer  WyIweDEyIl0=")).unwrap();
        let encoded = token.encode();
        assert_eq!(encoded, "Bearer WyIweDEyIl0=");
        assert!(encoded.is_sensitive());
        assert!(!format!("{token:?} {encoded:?}").contains("WyIw"));
    }

    #[test]
    fn credentials_refuse_what_the_parser_refuses() {
        for value in ["Bearer null", "Bearer a b", "Basic abc"] {
            assert_eq!(DidToken::decode(&HeaderValue::from_static(value)), None, "{value}");
        }
    }
}
