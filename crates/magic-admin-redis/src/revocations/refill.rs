use std::collections::HashSet;

use crate::failure::failed;
use magic_admin::{StoreError, revocation::Revocation};
use redis::{Pipeline, aio::MultiplexedConnection};

use super::{follower::Follower, stream};

/// Writes to the stream what this server knows and the stream lacks.
#[derive(Debug)]
pub(super) struct Refill {
    /// Data were lost: everybody waits for it. Otherwise a revocation of this server may not have
    /// come through.
    lost: bool,
    /// What was read since.
    pub(super) in_stream: HashSet<Revocation>,
}

impl Refill {
    pub(super) fn new(lost: bool) -> Self {
        Self { lost, in_stream: HashSet::new() }
    }
}

impl Follower {
    /// To be called when everything in the stream was read. Does nothing while another server is
    /// at it: what it writes need not be written twice.
    pub(super) async fn refill(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        if !self.take_turn(connection).await? {
            return Ok(());
        }
        // What the server before us wrote.
        self.read(connection, None).await?;
        while self.is_behind() {
            self.read(connection, None).await?;
        }
        let Some(refill) = &self.refill else {
            return Ok(());
        };
        let mut missing = self.list.revocations();
        let oldest = self.oldest_that_matters();
        missing
            .retain(|entry| entry.concerns_until() >= oldest && !refill.in_stream.contains(entry));
        let lost = refill.lost;
        let turn = self.turn_milliseconds();
        for entries in missing.chunks(ENTRIES_AT_ONCE * REVOCATIONS_AN_ENTRY) {
            let mut commands = Pipeline::new();
            for revocations in entries.chunks(REVOCATIONS_AN_ENTRY) {
                stream::append(&mut commands, self.keys(), revocations);
            }
            if lost {
                stream::settling(&mut commands, self.keys(), self.settings.settle());
            }
            commands.cmd("PEXPIRE").arg(&self.keys().refilling).arg(turn).ignore();
            commands.exec_async(connection).await.map_err(failed)?;
        }
        self.refill = None;
        let mut done = Pipeline::new();
        done.cmd("DEL").arg(&self.keys().refilling);
        done.exec_async(connection).await.map_err(failed)
    }

    async fn take_turn(&self, connection: &mut MultiplexedConnection) -> Result<bool, StoreError> {
        let turn = self.turn_milliseconds();
        let mut commands = Pipeline::new();
        commands.cmd("SET").arg(&self.keys().refilling).arg(1).arg("NX").arg("PX").arg(turn);
        if self.refill.as_ref().is_some_and(|refill| refill.lost) {
            stream::settling(&mut commands, self.keys(), self.settings.settle());
        }
        let (taken,): (Option<String>,) = commands.query_async(connection).await.map_err(failed)?;
        Ok(taken.is_some())
    }

    /// For how long a server is at it without saying so again; then it is the next one's turn.
    fn turn_milliseconds(&self) -> u64 {
        u64::try_from(self.settings.settle().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Few enough that an answer comes in time.
const ENTRIES_AT_ONCE: usize = 100;

const REVOCATIONS_AN_ENTRY: usize = 100;
