use std::{fmt, time::Duration};

use redis::{
    FromRedisValue, Pipeline, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::sync::OnceCell;

use crate::config::RedisConfig;

/// A connection that all requests share. Opened on first use, and reopened after it is lost.
pub(crate) struct Link {
    config: RedisConfig,
    manager: OnceCell<ConnectionManager>,
}

impl Link {
    pub(crate) const fn new(config: RedisConfig) -> Self {
        Self { config, manager: OnceCell::const_new() }
    }

    pub(crate) const fn config(&self) -> &RedisConfig {
        &self.config
    }

    /// Sends idempotent commands, and sends them again on a new connection if the old one is lost,
    /// because the first attempt may or may not have arrived.
    pub(crate) async fn send_twice<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> RedisResult<T> {
        let mut manager = self.manager.get_or_try_init(async || self.open()).await?.clone();
        match commands.query_async(&mut manager).await {
            // A server that did not respond in time is not asked again.
            Err(error) if error.is_unrecoverable_error() && !error.is_timeout() => {
                commands.query_async(&mut manager).await
            }
            answer => answer,
        }
    }

    fn open(&self) -> RedisResult<ConnectionManager> {
        let timeout = Some(self.config.timeout());
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(timeout)
            .set_response_timeout(timeout)
            // A request fails at once instead of waiting for a reconnect; the next one tries again.
            .set_number_of_retries(0)
            .set_min_delay(Duration::from_millis(100));
        ConnectionManager::new_lazy_with_config(self.config.client(), config)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}
