use std::time::Duration;

use magic_admin::{StoreError, UnixSeconds};
use redis::{Pipeline, aio::MultiplexedConnection};
use tokio::time::Instant;

use super::stream;
use crate::{entry_id::EntryId, failure::failed, keys::Keys};

/// Removes entries that concern only tokens too old to be accepted. The servers take turns.
#[derive(Debug)]
pub(super) struct Trim {
    retention: Duration,
    last: Option<Instant>,
}

impl Trim {
    pub(super) const fn new(retention: Duration) -> Self {
        Self { retention, last: None }
    }

    /// Removes old entries if that is due and it is this server's turn.
    ///
    /// Uses the earlier of two clocks: that of this server, and that of Redis, from which the last
    /// entry got its ID. A clock that is ahead must not cause entries to be removed that are still
    /// needed.
    pub(super) async fn run(
        &mut self,
        connection: &mut MultiplexedConnection,
        keys: &Keys,
        now: UnixSeconds,
        last: EntryId,
        complete_from: Option<UnixSeconds>,
    ) -> Result<(), StoreError> {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let redis_time = i64::try_from(last.milliseconds() / 1_000).unwrap_or(i64::MAX);
        let now = now.min(UnixSeconds::new(redis_time));
        let oldest = now.saturating_sub(self.retention);
        let before = u64::try_from(oldest.saturating_sub(MARGIN).get()).unwrap_or(0);
        let before = before.saturating_mul(1_000);
        if stream::oldest(connection, keys, before, 1).await?.is_empty() {
            return Ok(());
        }
        if !take_turn(connection, keys).await? {
            return Ok(());
        }
        let complete_from = complete_from.map_or(oldest, |known| known.max(oldest));
        for _ in 0..BATCHES_AT_ONCE {
            let entries = stream::oldest(connection, keys, before, stream::BATCH).await?;
            let Some(last) = entries.last() else { break };
            // A revocation up to a future time is needed until then, no matter how old its entry
            // is.
            let needed: Vec<_> = entries
                .iter()
                .flat_map(|entry| &entry.revocations)
                .filter(|revocation| revocation.concerns_until() >= oldest)
                .copied()
                .collect();
            stream::remove(connection, keys, last.id, &needed, complete_from).await?;
        }
        Ok(())
    }
}

/// Returns `false` if another server has its turn.
async fn take_turn(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
) -> Result<bool, StoreError> {
    let mut commands = Pipeline::new();
    let turn = EVERY.as_millis() as u64;
    commands.cmd("SET").arg(&keys.trimming).arg(1).arg("NX").arg("PX").arg(turn);
    let (taken,): (Option<String>,) = commands.query_async(connection).await.map_err(failed)?;
    Ok(taken.is_some())
}

const EVERY: Duration = Duration::from_secs(60);

/// Allows for clock differences, and for tokens whose `iat` is in the near future.
const MARGIN: Duration = Duration::from_secs(60 * 60);

/// The rest is removed next time, so that following the stream is not delayed.
const BATCHES_AT_ONCE: usize = 100;
