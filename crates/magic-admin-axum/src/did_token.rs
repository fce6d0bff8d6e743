use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use headers::authorization::Credentials;
use http::{HeaderValue, request::Parts};
use magic_admin::parse_authorization_header_value;

use crate::{
    AuthRejection, RejectionConfig,
    credentials::{bearer_token, mark_sensitive},
    rejection::{Dialect, none_without_credentials},
};

/// Extractor: the DID token of the `Authorization` header, parsed and **not verified**.
///
/// For handlers that verify it themselves, with an attachment say; most want
/// [`Authenticated`](crate::Authenticated). Whoever sends a request writes what is in here:
/// hand it to [`Magic::verify`](magic_admin::Magic::verify) before believing any of it.
///
/// Without a token, with another scheme and with a malformed header (two `Authorization` headers
/// are one) the answer is 400. As `Option<DidToken>` the first two are `None`.
///
/// It also works as [`headers`] credentials, `TypedHeader<Authorization<DidToken>>` with
/// axum-extra; that looks at the first of several headers only.
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

impl<S: Sync> FromRequestParts<S> for DidToken {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, AuthRejection> {
        mark_sensitive(&mut parts.headers);
        match bearer_token(&parts.headers) {
            Ok(token) => Ok(Self(magic_admin::DidToken::new(token))),
            Err(error) => Err(AuthRejection::new(error, Dialect::Plain)
                .with_config(RejectionConfig::in_force(None, &parts.extensions))),
        }
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for DidToken {
    type Rejection = AuthRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, AuthRejection> {
        let outcome = <Self as FromRequestParts<S>>::from_request_parts(parts, state).await;
        none_without_credentials(outcome)
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
