use std::{error::Error as _, sync::Arc};

use magic_admin::{RevocationList, StoreError, StoreErrorKind, revocation::Revocation};
use redis::{Pipeline, aio::MultiplexedConnection};

use super::{store::Written, stream};
use crate::{failure::failed, keys::Keys};

/// The entries that this server still has to write to the stream.
#[derive(Debug)]
pub(super) struct Outbox {
    list: RevocationList,
    written: Arc<Written>,
    keys: Arc<Keys>,
    /// All revocations known to the list, to be written after the queue of failed writes has
    /// overflowed.
    backlog: Vec<Revocation>,
    /// `true` if Redis can be read but rejects the writes of this server.
    is_rejected: bool,
}

impl Outbox {
    pub(super) fn new(list: RevocationList, written: Arc<Written>, keys: Arc<Keys>) -> Self {
        Self { list, written, keys, backlog: Vec::new(), is_rejected: false }
    }

    /// Returns `true` if there is more to write immediately.
    pub(super) fn is_backlogged(&self) -> bool {
        !self.backlog.is_empty() && !self.is_rejected
    }

    /// Writes the follow-ups to other servers' entries, the writes that failed before, and a part
    /// of the backlog. The rest of the backlog is written next time, so that following the stream
    /// is not delayed.
    pub(super) async fn write_due(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        // If this fails, the entries are queued.
        let _ = self.list.publish_follow_ups().await;
        self.write_pending(connection).await?;
        if self.written.take_overflowed() {
            // It is unknown which entries are missing, so write all of them. Servers can handle
            // duplicates.
            self.backlog = self.list.revocations();
        }
        self.write_backlog(connection).await
    }

    /// Prepares to write the revocations that only this server may know, before it stops. Returns
    /// `false` if there are none.
    pub(super) async fn close(&mut self, list_may_know_more: bool) -> bool {
        // If this fails, the entries are queued.
        let _ = self.list.publish_follow_ups().await;
        if self.written.take_overflowed() || list_may_know_more {
            self.backlog = self.list.revocations();
        }
        !self.backlog.is_empty() || !self.written.some_pending(1).is_empty()
    }

    /// Writes everything that is left.
    pub(super) async fn write_rest(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        self.write_pending(connection).await?;
        while !self.backlog.is_empty() {
            self.write_backlog(connection).await?;
        }
        Ok(())
    }

    /// Records the outcome of a write. Returns an error only if the connection is lost, because a
    /// Redis that rejects writes can still be followed.
    pub(super) fn note(&mut self, outcome: Result<(), StoreError>) -> Result<(), StoreError> {
        match outcome {
            Err(error) if error.kind() == StoreErrorKind::Unreachable => return Err(error),
            Err(error) => {
                if !std::mem::replace(&mut self.is_rejected, true) {
                    let source = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, source, "Redis rejects the revocations of this server");
                }
            }
            Ok(()) => {
                if std::mem::take(&mut self.is_rejected) {
                    tracing::info!("Redis accepts the revocations of this server again");
                }
            }
        }
        Ok(())
    }

    /// Appends the revocations whose write failed or was interrupted.
    async fn write_pending(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        loop {
            let pending = self.written.some_pending(AT_ONCE);
            if pending.is_empty() {
                return Ok(());
            }
            self.append(connection, &pending).await?;
            self.written.came_through(&pending);
        }
    }

    async fn write_backlog(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        let rest = self.backlog.len().saturating_sub(AT_ONCE);
        if let Some(part) = self.backlog.get(rest..).filter(|part| !part.is_empty()) {
            self.append(connection, part).await?;
            self.backlog.truncate(rest);
        }
        Ok(())
    }

    async fn append(
        &self,
        connection: &mut MultiplexedConnection,
        revocations: &[Revocation],
    ) -> Result<(), StoreError> {
        let mut commands = Pipeline::new();
        for revocations in revocations.chunks(stream::REVOCATIONS_AN_ENTRY) {
            stream::append(&mut commands, &self.keys, revocations);
        }
        let ids: Vec<String> = commands.query_async(connection).await.map_err(failed)?;
        for id in &ids {
            self.written.note(stream::entry_id(id)?);
        }
        Ok(())
    }
}

/// Few enough for the response to arrive within the time limit.
const AT_ONCE: usize = 10_000;
