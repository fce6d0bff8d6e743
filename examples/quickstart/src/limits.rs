use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use magic_admin::{Issuer, Magic, VerifiedToken, admin::UserMetadata};

use crate::{Users, app_error::AppError};

/// Rate limits for strangers and for single users.
///
/// Anyone can create a key and sign a valid token with it. Asking Magic for its user costs one of the
/// 500 calls per minute that Magic allows the application. Therefore, each client can present only a
/// few new issuers per minute, and Magic is not asked again about an issuer that it does not know,
/// which [`Magic`] caches for a minute. Users on record are not limited by client, because many may
/// share one, but each of them can only sign in a limited number of times per minute.
#[derive(Clone)]
pub(crate) struct Limits {
    newcomers: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    /// Keyed by the issuer of a verified token, so that a stranger cannot use up a user's sign-ins.
    sign_ins: Arc<DefaultKeyedRateLimiter<Issuer>>,
    challenges: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            newcomers: Arc::new(RateLimiter::keyed(Quota::per_minute(NEWCOMERS_PER_MINUTE))),
            sign_ins: Arc::new(RateLimiter::keyed(Quota::per_minute(SIGN_INS_PER_MINUTE))),
            challenges: Arc::new(RateLimiter::keyed(Quota::per_minute(CHALLENGES_PER_MINUTE))),
        }
    }

    /// Fetches the user of a sign-in's token from Magic, within the limits.
    pub(crate) async fn profile(
        &self,
        magic: &Magic,
        users: &Users,
        client: Client,
        token: &VerifiedToken,
    ) -> Result<UserMetadata, AppError> {
        if !users.is_on_record(token.issuer()).await? {
            match magic.remembered_profile(token) {
                Some(Err(error)) if error.is_unknown_user() => return Err(error.into()),
                _ => admit(&self.newcomers, client.0)?,
            }
        }
        // Check this after the limit of newcomers, so that keys of strangers do not fill this limiter.
        admit(&self.sign_ins, token.issuer())?;
        Ok(magic.refresh_profile(token).await?)
    }

    /// Checks whether a client may get a challenge, which takes up space in the store until it expires.
    pub(crate) fn admit_to_challenge(&self, client: Client) -> Result<(), AppError> {
        admit(&self.challenges, client.0)
    }
}

fn admit<K>(limiter: &DefaultKeyedRateLimiter<K>, key: K) -> Result<(), AppError>
where
    K: Clone + Eq + Hash,
{
    if limiter.len() > KEYS_AT_MOST {
        limiter.retain_recent();
    }
    limiter
        .check_key(&key)
        .map_err(|not_yet| AppError::TooMany(not_yet.wait_time_from(limiter.clock().now())))
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("clients", &self.newcomers.len())
            .field("users", &self.sign_ins.len())
            .finish_non_exhaustive()
    }
}

/// The client of a request: its address, or its network for IPv6.
///
/// Behind a proxy, this is the proxy. In that case, limit requests in the proxy, or read the address
/// from the header that your proxy sets, and only from that header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(IpAddr);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without addresses, all clients share the limits.
        Ok(Self(match address.map(|ConnectInfo(address)| address.ip().to_canonical()) {
            Some(IpAddr::V6(address)) => {
                IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into())
            }
            Some(address) => address,
            None => Ipv4Addr::UNSPECIFIED.into(),
        }))
    }
}

/// Enough for a household or an office.
const NEWCOMERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// More than a person needs, and a small part of the calls that Magic allows.
const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();

const CHALLENGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Above this number, keys that have not been used for a minute are removed.
const KEYS_AT_MOST: usize = 10_000;
