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

/// Bounds what strangers and single users cost.
///
/// Anyone can create a key and sign a valid token with it. Asking Magic for its user costs one of the
/// 500 calls that Magic grants the application within a minute. So a client can present a few new
/// issuers only, and Magic is not asked again about an issuer that it does not know, which [`Magic`]
/// remembers for a minute. A user on record is not limited by client, since many may share one, but
/// can sign in only so often.
#[derive(Clone)]
pub(crate) struct Limits {
    newcomers: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    /// By the issuer of a verified token: a stranger cannot use up the sign-ins of a user.
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

    /// Asks Magic for the user of a token who signs in.
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
        // After the limit of newcomers, so that keys of strangers do not fill this one.
        admit(&self.sign_ins, token.issuer())?;
        Ok(magic.refresh_profile(token).await?)
    }

    /// Lets a client have a challenge, which takes a place in the store until it expires.
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

/// Whoever sent the request: an address, of IPv6 the network.
///
/// Behind a proxy this is the proxy. Then limit there, or take the address from the header that your
/// proxy sets, and only from that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(IpAddr);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without addresses, all clients are one.
        Ok(Self(match address.map(|ConnectInfo(address)| address.ip().to_canonical()) {
            Some(IpAddr::V6(address)) => {
                IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into())
            }
            Some(address) => address,
            None => Ipv4Addr::UNSPECIFIED.into(),
        }))
    }
}

/// A household or an office; more of them at once are hardly people.
const NEWCOMERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// More than a person needs, and a small part of the calls that Magic grants.
const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();

const CHALLENGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// With more of them, those that have not come for a minute are forgotten.
const KEYS_AT_MOST: usize = 10_000;
