use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::{
    ApiError, ApiErrorKind, ClientInfo, Generation, answer::Reader, budget::CallBudget,
    endpoint::Endpoint, logouts::LogoutObserver, scrub::Scrubber,
};
use crate::{
    transport::{Request, Response, Transport},
    types::{ConfigError, ConfigErrorKind, Issuer, SecretKey},
};

/// A client of Magic's Admin API.
///
/// Cheap to clone; clones share their connections. Every call can be dropped at any time without
/// leaving anything behind.
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
    /// Shares the memory of `secret_key`.
    credential: HeaderValue,
}

impl Client {
    /// Returns the generation of the API that is called.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.inner.generation
    }

    /// Returns what Magic knows about this application, including its client id.
    ///
    /// # Errors
    ///
    /// Returns an [`ApiError`]; an answer without a client id is one of kind [`ApiErrorKind::Api`].
    pub async fn info(&self) -> Result<ClientInfo, ApiError> {
        let call = Call::to(Endpoint::Client);
        let (response, reader) = self.send(&call).await?;
        ClientInfo::new(reader.object(&response)?)
            .map_err(|fault| reader.unreadable(&response, fault))
    }

    /// Tells `observer` of every logout, before it is sent and when its outcome is known.
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

    /// Sends a call and returns the answer, which the reader still has to judge.
    pub(super) async fn send<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> Result<(Response, Reader<'a>), ApiError> {
        let Inner { transport, generation, budget, secret_key, credential, .. } = &*self.inner;
        let route = call.endpoint.route(*generation).ok_or_else(|| {
            let route = call.endpoint.current();
            let message = format!(
                "nothing was sent: the {generation} generation of the API has no such call; use `Generation::Current`"
            );
            ApiError::new(ApiErrorKind::BadRequest, route, message)
        })?;
        budget.take(call.endpoint.has_precedence()).map_err(|wait| {
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

/// A call of the Admin API.
pub(super) struct Call<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// The e-mail address in the call, which no error may repeat.
    pub(super) email: Option<&'a str>,
}

impl Call<'_> {
    pub(super) const fn to(endpoint: Endpoint) -> Self {
        Self { endpoint, query: Vec::new(), body: None, email: None }
    }
}

/// Borrows the bytes of the key, so that the header value shares the memory that is overwritten in
/// the end.
struct Exposed(SecretKey);

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

const SECRET_KEY_HEADER: HeaderName = HeaderName::from_static("x-magic-secret-key");
