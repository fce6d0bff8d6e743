use std::{fmt, time::Duration};

use redis::{
    FromRedisValue, Pipeline, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::sync::OnceCell;

use crate::config::RedisConfig;

/// A connection shared by all requests. It is opened on first use, and reopened after it is lost.
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

    /// Sends idempotent commands. If the connection is lost, sends them again on a new one, because
    /// it is unknown whether the first attempt arrived.
    pub(crate) async fn send_twice<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> RedisResult<T> {
        let mut manager = self.manager.get_or_try_init(async || self.open()).await?.clone();
        match commands.query_async(&mut manager).await {
            // Do not retry after a time-out.
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
            // If the connection is lost, fail immediately instead of waiting for a reconnect. The
            // next request tries again.
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
