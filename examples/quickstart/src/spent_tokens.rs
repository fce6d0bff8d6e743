use magic_admin::{ReplayGuard, RevocationList, single_use::Challenges};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};

use crate::StartError;

/// Which tokens are good no more although they have not expired: those of users who logged out,
/// and those that were exchanged for a session.
#[derive(Debug)]
pub struct SpentTokens {
    revocations: RevocationList,
    guard: ReplayGuard,
    challenges: Challenges,
    /// Follows what the other servers revoke, as long as this lives.
    _follower: Option<RedisRevocations>,
}

impl SpentTokens {
    /// Remembers them in this process, until it ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            revocations: RevocationList::in_memory(),
            guard: ReplayGuard::in_memory(),
            challenges: Challenges::in_memory(),
            _follower: None,
        }
    }

    /// Shares them with all servers on the same Redis. Guarded routes answer 503 until what they
    /// revoked is read.
    ///
    /// # Errors
    ///
    /// The URL cannot be used. A Redis that is out of reach is no error: it may come back.
    pub fn in_redis(url: &str) -> Result<Self, StartError> {
        // The URL may hold a password: the error does not repeat it.
        let server = RedisConfig::new(url)
            .map_err(|error| StartError::new(format!("REDIS_URL cannot be used: {error}")))?
            .with_key_prefix("quickstart");
        let follower = RedisRevocations::builder(server.clone())
            .start()
            .map_err(|error| StartError::new(format!("REDIS_URL cannot be used: {error}")))?;
        let store = RedisSingleUse::new(server);
        Ok(Self {
            revocations: follower.list().clone(),
            guard: ReplayGuard::new(store.clone()),
            challenges: Challenges::new(store),
            _follower: Some(follower),
        })
    }

    /// The revoked ones, for [`MagicBuilder::revocations`](magic_admin::MagicBuilder::revocations).
    #[must_use]
    pub fn revocations(&self) -> RevocationList {
        self.revocations.clone()
    }

    /// The nonces that new tokens have to sign, for [`Page::new`](crate::Page::new).
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }

    /// The used ones, for [`app`](crate::app()).
    #[must_use]
    pub fn guard(&self) -> ReplayGuard {
        self.guard.clone()
    }
}
