use std::sync::Arc;

use magic_admin::{
    Issuer, StoreError, StoreErrorKind, UnixSeconds,
    revocation::{Fingerprint, StoreFuture},
    single_use::SingleUseStore,
};
use redis::Pipeline;

use crate::{config::RedisConfig, failure::failed, link::Link};

/// A store of used tokens and challenges in Redis, shared by all servers of an application.
///
/// Use it with [`ReplayGuard`](magic_admin::ReplayGuard) and `Challenges`. Each use is decided by
/// one atomic command, on a connection shared by all requests, and keys expire automatically. A
/// second round trip counts the tokens of the issuer, which are limited to 128.
///
/// While Redis is down, every use is rejected. If Redis loses its data, it forgets which tokens
/// were used, so they can be used again until they expire.
///
/// # Examples
///
/// ```
/// use magic_admin::{single_use::Challenges, ReplayGuard};
/// use magic_admin_redis::{RedisConfig, RedisSingleUse};
///
/// let store = RedisSingleUse::new(RedisConfig::new("redis://127.0.0.1:6379")?);
/// let guard = ReplayGuard::new(store.clone());
/// let challenges = Challenges::new(store);
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RedisSingleUse {
    link: Arc<Link>,
}

impl RedisSingleUse {
    /// Creates a store. It opens its connection on first use.
    #[must_use]
    pub fn new(server: RedisConfig) -> Self {
        Self { link: Arc::new(Link::new(server)) }
    }

    async fn insert_now(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let key = self.link.config().keys().once(key);
        // Use the time left instead of the time of expiry, because the clock of Redis may differ.
        // The last second counts in full.
        let left = until.saturating_since(now).as_secs().saturating_add(1).min(YEAR);
        // Identifies this attempt, so that a retry recognises it if the response was lost.
        let mine = format!("{} {}", until.get(), attempt()?);
        let mut set = Pipeline::new();
        set.cmd("SET").arg(&key).arg(&mine).arg("NX").arg("EX").arg(left).ignore();
        set.cmd("GET").arg(&key);
        let (found,): (Option<String>,) = self.link.send_twice(&set).await.map_err(failed)?;
        Ok(found.is_some_and(|found| found == mine))
    }

    async fn insert_token_now(
        &self,
        issuer: Issuer,
        token: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        if !self.insert_now(token, until, now).await? {
            return Ok(false);
        }
        let keys = self.link.config().keys();
        let (used, once) = (keys.used_by(issuer), keys.once(token));
        let member = const_hex::encode(token.as_bytes());
        let left = until.saturating_since(now).as_secs().saturating_add(1).min(YEAR);
        let mut count = Pipeline::new();
        count
            .cmd("ZREMRANGEBYSCORE")
            .arg(&used)
            .arg("-inf")
            .arg(format!("({}", now.get()))
            .ignore();
        count.cmd("ZADD").arg(&used).arg(until.get()).arg(&member).ignore();
        count.cmd("EXPIRE").arg(&used).arg(left).ignore();
        count.cmd("ZCARD").arg(&used);
        let (held,): (u64,) = self.link.send_twice(&count).await.map_err(failed)?;
        if held <= TOKENS_PER_ISSUER {
            return Ok(true);
        }
        let mut undo = Pipeline::new();
        undo.cmd("ZREM").arg(&used).arg(&member).ignore();
        undo.cmd("DEL").arg(&once).ignore();
        self.link.send_twice::<()>(&undo).await.map_err(failed)?;
        Err(StoreError::new(
            StoreErrorKind::Full,
            "the single-use store holds too many tokens of one issuer",
        ))
    }

    async fn take_now(&self, key: Fingerprint, now: UnixSeconds) -> Result<bool, StoreError> {
        let key = self.link.config().keys().once(key);
        let mut take = Pipeline::new();
        take.cmd("GETDEL").arg(&key);
        let (found,): (Option<String>,) = self.link.send_twice(&take).await.map_err(failed)?;
        let until = found.as_deref().and_then(|found| found.split(' ').next()?.parse::<i64>().ok());
        Ok(until.is_some_and(|until| until >= now.get()))
    }
}

impl SingleUseStore for RedisSingleUse {
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        Box::pin(self.insert_now(key, until, now))
    }

    fn insert_token(
        &self,
        issuer: Issuer,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        Box::pin(self.insert_token_now(issuer, key, until, now))
    }

    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
        Box::pin(self.take_now(key, now))
    }
}

fn attempt() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::new(
            StoreErrorKind::Unreachable,
            "the operating system provides no random bytes for a key in Redis",
        )
        .with_source(error)
    })?;
    Ok(const_hex::encode(bytes))
}

/// The same limit as that of the in-memory store.
const TOKENS_PER_ISSUER: u64 = 128;

/// The longest expiry of a key, because Redis rejects very long ones.
const YEAR: u64 = 366 * 24 * 60 * 60;
