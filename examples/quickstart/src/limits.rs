use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use magic_admin::{Issuer, Magic, VerifiedToken, admin::UserMetadata};
use magic_admin_axum::AuthRejection;
use quick_cache::sync::Cache;

use crate::{Users, app_error::AppError};

/// Bounds what strangers cost.
///
/// Anyone can create a key and sign a valid token with it. Asking Magic for its user costs one of the
/// 500 calls that Magic grants the application within a minute. So a client can present a few new
/// issuers only, and an issuer that Magic does not know is not asked for again for a while. Users on
/// record are not limited here.
#[derive(Clone)]
pub(crate) struct Limits {
    newcomers: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    challenges: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    /// Issuers that Magic did not know, since when, and what they are told.
    unknown: Arc<Cache<Issuer, (Instant, AuthRejection)>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            newcomers: Arc::new(RateLimiter::keyed(Quota::per_minute(NEWCOMERS_PER_MINUTE))),
            challenges: Arc::new(RateLimiter::keyed(Quota::per_minute(CHALLENGES_PER_MINUTE))),
            unknown: Arc::new(Cache::new(UNKNOWN_AT_MOST)),
        }
    }

    /// Asks Magic for the user of a token.
    pub(crate) async fn metadata(
        &self,
        magic: &Magic,
        users: &Users,
        client: Client,
        token: &VerifiedToken,
    ) -> Result<UserMetadata, AppError> {
        let issuer = token.issuer();
        if !users.is_on_record(issuer).await? {
            if let Some((since, rejection)) = self.unknown.get(&issuer)
                && since.elapsed() < REMEMBER_UNKNOWN
            {
                return Err(rejection.into());
            }
            admit(&self.newcomers, client)?;
        }
        match magic.users().metadata_by_token(token).await {
            Err(error) if error.is_unknown_user() => {
                let rejection = AuthRejection::from(error);
                self.unknown.insert(issuer, (Instant::now(), rejection.clone()));
                Err(rejection.into())
            }
            outcome => Ok(outcome?),
        }
    }

    /// Lets a client have a challenge, which takes a place in the store until it expires.
    pub(crate) fn admit_to_challenge(&self, client: Client) -> Result<(), AppError> {
        admit(&self.challenges, client)
    }
}

fn admit(clients: &DefaultKeyedRateLimiter<IpAddr>, client: Client) -> Result<(), AppError> {
    if clients.len() > CLIENTS_AT_MOST {
        clients.retain_recent();
    }
    clients
        .check_key(&client.0)
        .map_err(|not_yet| AppError::TooMany(not_yet.wait_time_from(clients.clock().now())))
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("clients", &self.newcomers.len()).finish_non_exhaustive()
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

const CHALLENGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Long enough to make asking again useless, short enough for somebody who has just signed up.
const REMEMBER_UNKNOWN: Duration = Duration::from_secs(60);

const UNKNOWN_AT_MOST: usize = 10_000;

/// With more of them, those that have not come for a minute are forgotten.
const CLIENTS_AT_MOST: usize = 10_000;
