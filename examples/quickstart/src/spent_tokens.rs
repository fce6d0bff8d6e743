use std::{error::Error, path::Path};

use magic_admin::{ReplayGuard, RevocationList, single_use::Challenges};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};

use crate::StartError;

/// Tokens that are no longer accepted although they have not expired: tokens of users who have logged out,
/// and tokens that were exchanged for a session.
#[derive(Debug)]
pub struct SpentTokens {
    revocations: RevocationList,
    guard: ReplayGuard,
    challenges: Challenges,
    /// Keeps the list in sync with the other servers.
    follower: Option<RedisRevocations>,
}

impl SpentTokens {
    /// Keeps them in memory until the process ends. Use it if sessions end with the process as well.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of_one_server(RevocationList::in_memory())
    }

    /// Keeps logouts in a file, for sessions that survive a restart. Used tokens are kept in memory only.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened, or if another server is using it.
    pub fn in_file(path: &Path) -> Result<Self, StartError> {
        let list = RevocationList::open_file(path, RevocationList::builder()).map_err(|error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let path = path.display();
            StartError::new(format!(
                "{error}{cause}: check REVOCATIONS_FILE ({path}); to run several servers, set REDIS_URL"
            ))
        })?;
        Ok(Self::of_one_server(list))
    }

    fn of_one_server(revocations: RevocationList) -> Self {
        Self {
            revocations,
            guard: ReplayGuard::in_memory(),
            challenges: Challenges::in_memory(),
            follower: None,
        }
    }

    /// Shares them with all servers that use the same Redis. Guarded routes respond with a 503 until the
    /// logouts have been read from Redis.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is invalid. An unreachable Redis is not an error, because it may come
    /// back.
    pub fn in_redis(url: &str) -> Result<Self, StartError> {
        // The URL may contain a password, so the error does not include it.
        let server = RedisConfig::new(url)
            .map_err(|error| StartError::new(format!("REDIS_URL is not usable: {error}")))?
            .with_key_prefix("quickstart");
        let follower = RedisRevocations::builder(server.clone())
            .start()
            .map_err(|error| StartError::new(format!("REDIS_URL is not usable: {error}")))?;
        let store = RedisSingleUse::new(server);
        Ok(Self {
            revocations: follower.list().clone(),
            guard: ReplayGuard::new(store.clone()),
            challenges: Challenges::new(store),
            follower: Some(follower),
        })
    }

    /// Returns the revocation list, for
    /// [`VerifierBuilder::revocations`](magic_admin::VerifierBuilder::revocations).
    #[must_use]
    pub fn revocations(&self) -> RevocationList {
        self.revocations.clone()
    }

    /// Returns the challenges, for [`Page::new`](crate::Page::new).
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }

    /// Writes everything to Redis that Redis has not accepted so far.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis does not accept it. Other servers then still accept tokens of users who
    /// have logged out here.
    pub async fn close(self) -> Result<(), StartError> {
        match self.follower {
            Some(follower) => follower.shutdown().await.map_err(|error| {
                StartError::new(format!("some logouts did not reach Redis: {error}"))
            }),
            None => Ok(()),
        }
    }

    /// Returns the guard against the reuse of tokens, for [`app`](crate::app()).
    #[must_use]
    pub fn guard(&self) -> ReplayGuard {
        self.guard.clone()
    }
}
