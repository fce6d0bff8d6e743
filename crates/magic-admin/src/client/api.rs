use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tracing::{
    Instrument as _,
    field::{Empty, display},
};

use super::{
    ApiError, ApiErrorKind, ClientInfo, Generation,
    answer::Reader,
    budget::CallBudget,
    endpoint::{Endpoint, Route},
    logouts::LogoutObserver,
    scrub::Scrubber,
};
use crate::{
    metrics,
    transport::{Request, Response, Transport},
    types::{ConfigError, ConfigErrorKind, Issuer, SecretKey},
};

/// A client for Magic's Admin API.
///
/// It is cheap to clone; clones share their connections. Every call is cancel-safe: its future can
/// be dropped at any time.
///
/// # Examples
///
/// ```no_run
/// use magic_admin::{admin::Client, SecretKey};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder(SecretKey::new("sk_live_0123456789ABCDEF")?).build()?;
/// let issuer = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse()?;
/// let user = client.users().metadata_by_issuer(issuer).await?;
/// println!("{:?}", user.email());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    generation: Generation,
    budget: CallBudget,
    logouts: LogoutObserver,
    secret_key: SecretKey,
    /// The header value, which shares the memory of `secret_key`.
    credential: HeaderValue,
}

impl Client {
    /// Returns the generation of the API that this client calls.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.inner.generation
    }

    /// Returns what Magic knows about this application, including its client ID.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`] if the call fails. A response without a client ID is an error of the
    /// kind [`ApiErrorKind::Api`].
    pub async fn info(&self) -> Result<ClientInfo, ApiError> {
        self.call(&Call::to(Endpoint::Client), |response, reader| {
            ClientInfo::new(reader.object(response)?)
                .map_err(|fault| reader.unreadable(response, fault))
        })
        .await
    }

    /// Notifies `observer` of every logout, before it is sent and when its outcome is known.
    pub(crate) fn observe_logouts(&self, observer: impl Fn(Issuer) + Send + Sync + 'static) {
        self.inner.logouts.set(observer);
    }

    pub(super) fn logouts(&self) -> &LogoutObserver {
        &self.inner.logouts
    }

    pub(super) fn new(
        transport: Transport,
        generation: Generation,
        calls_per_minute: usize,
        secret_key: SecretKey,
    ) -> Result<Self, ConfigError> {
        let mut credential =
            HeaderValue::from_maybe_shared(Bytes::from_owner(Exposed(secret_key.clone())))
                .map_err(|_| {
                    let message = "the API secret key has characters that no header can carry";
                    ConfigError::new(ConfigErrorKind::SecretKey, message)
                })?;
        credential.set_sensitive(true);
        let budget = CallBudget::new(calls_per_minute);
        let logouts = LogoutObserver::default();
        let inner = Inner { transport, generation, budget, logouts, secret_key, credential };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a call, including retries, and reads the response.
    ///
    /// The span contains no user data: its URL is the template, without the query.
    pub(super) async fn call<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Response, &Reader<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let route = self.route(call)?;
        let span = tracing::info_span!(
            "admin_api",
            otel.kind = "client",
            http.request.method = %route.method,
            url.template = route.path,
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let outcome = self.send(call, route).instrument(span.clone()).await;
        let outcome = outcome.and_then(|(response, reader)| {
            span.record("http.response.status_code", response.status.as_u16());
            read(&response, &reader)
        });
        if let Err(error) = &outcome {
            match error.status() {
                Some(status @ 400..) => span.record("error.type", display(status)),
                _ if error.is_timeout() => span.record("error.type", "timeout"),
                _ => span.record("error.type", error.kind().name()),
            };
        }
        outcome
    }

    fn route(&self, call: &Call<'_>) -> Result<Route, ApiError> {
        let generation = self.inner.generation;
        call.endpoint.route(generation).ok_or_else(|| {
            let route = call.endpoint.current();
            let message = format!(
                "nothing was sent: the {generation} generation of the API has no such call; use `Generation::Current`"
            );
            ApiError::new(ApiErrorKind::BadRequest, route, message)
        })
    }

    async fn send<'a>(
        &'a self,
        call: &Call<'a>,
        route: Route,
    ) -> Result<(Response, Reader<'a>), ApiError> {
        let Inner { transport, budget, secret_key, credential, .. } = &*self.inner;
        budget.take(call.endpoint.has_precedence()).map_err(|wait| {
            metrics::api_request_held_back(call.endpoint.name());
            let message = format!(
                "nothing was sent: this process has made almost {} calls within a minute, and the rest is kept for logouts",
                budget.calls_per_minute()
            );
            ApiError::new(ApiErrorKind::RateLimiting, route.clone(), message).with_retry_after(Some(wait))
        })?;
        let request = Request {
            method: route.method.clone(),
            path: route.path,
            query: call.query.clone(),
            body: call.body.as_ref().map(|body| Bytes::from(body.to_string())),
            credential: Some((SECRET_KEY_HEADER, credential.clone())),
            operation: Some(call.endpoint.name()),
            spares_limit: call.endpoint.spares_limit(),
        };
        match transport.send(&request).await {
            Ok(response) => {
                let scrubber = Scrubber { key: secret_key.expose(), email: call.email };
                Ok((response, Reader { route, scrubber }))
            }
            Err(error) => Err(ApiError::from_transport(route, error)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("generation", &self.inner.generation)
            .field("transport", &self.inner.transport)
            .finish_non_exhaustive()
    }
}

/// A call to the Admin API.
pub(super) struct Call<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// The e-mail address in the call, which must not appear in any error.
    pub(super) email: Option<&'a str>,
}

impl Call<'_> {
    pub(super) const fn to(endpoint: Endpoint) -> Self {
        Self { endpoint, query: Vec::new(), body: None, email: None }
    }
}

/// Borrows the bytes of the key, so that the header value shares the memory that is overwritten
/// when the key is dropped.
struct Exposed(SecretKey);

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

const SECRET_KEY_HEADER: HeaderName = HeaderName::from_static("x-magic-secret-key");
