use std::time::Duration;

use redis::{
    ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, aio::MultiplexedConnection,
};
use tokio::{sync::Mutex, time::Instant};

use crate::config::RedisConfig;

/// A connection that all requests share, made when it is needed.
#[derive(Debug)]
pub(crate) struct Link {
    server: RedisConfig,
    /// Held while connecting: all who wait share the outcome.
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that one that broke is dropped once.
    number: u64,
    failed: Option<(Instant, RedisError)>,
}

impl Link {
    pub(crate) fn new(server: RedisConfig) -> Self {
        Self { server, slot: Mutex::default() }
    }

    pub(crate) fn server(&self) -> &RedisConfig {
        &self.server
    }

    /// Sends commands and takes the answer.
    pub(crate) async fn send<T: FromRedisValue>(&self, commands: &Pipeline) -> RedisResult<T> {
        let (mut connection, number) = self.connection().await?;
        let answer = commands.query_async(&mut connection).await;
        if answer.as_ref().is_err_and(is_lost) {
            let mut slot = self.slot.lock().await;
            if slot.number == number {
                slot.connection = None;
            }
        }
        answer
    }

    /// As [`send`](Self::send), once more on a new connection when the old one is lost. For
    /// commands that do no harm the second time: whether the first came through is not known.
    pub(crate) async fn send_twice<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> RedisResult<T> {
        match self.send(commands).await {
            // Whoever did not answer in time will not do so now.
            Err(error) if is_lost(&error) && !error.is_timeout() => self.send(commands).await,
            answer => answer,
        }
    }

    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut slot = self.slot.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((connection.clone(), slot.number));
        }
        if let Some((at, error)) = &slot.failed
            && at.elapsed() < CONNECT_AGAIN_AFTER
        {
            return Err(error.clone());
        }
        match self.server.connect(Duration::ZERO).await {
            Ok(connection) => {
                slot.number += 1;
                slot.connection = Some(connection.clone());
                slot.failed = None;
                Ok((connection, slot.number))
            }
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

/// Whether a connection is of no use after this error: any but an answer of the server.
fn is_lost(error: &RedisError) -> bool {
    !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

/// Whoever waited for an attempt that failed does not try again at once.
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(100);
