use std::{collections::HashSet, time::Duration};

use magic_admin::{StoreError, revocation::Revocation};
use redis::{Pipeline, aio::MultiplexedConnection};

use super::stream;
use crate::{failure::failed, keys::Keys};

/// Restores what the stream lacks after Redis lost data.
///
/// The follower reads the whole stream first and notes what is in it. Then one server after another
/// takes its turn and writes what it knows and the stream still lacks.
#[derive(Debug)]
pub(super) struct Resync {
    in_stream: HashSet<Revocation>,
    /// How long all servers take to notice that data was lost, and to write what they know.
    settle: Duration,
}

impl Resync {
    pub(super) fn new(settle: Duration) -> Self {
        Self { in_stream: HashSet::new(), settle }
    }

    /// Notes a revocation that the stream holds.
    pub(super) fn note(&mut self, revocation: Revocation) {
        self.in_stream.insert(revocation);
    }

    /// Returns `false` while it is the turn of another server, whose entries need not be written twice.
    pub(super) async fn take_turn(
        &self,
        connection: &mut MultiplexedConnection,
        keys: &Keys,
    ) -> Result<bool, StoreError> {
        let mut commands = Pipeline::new();
        let turn = self.turn_milliseconds();
        commands.cmd("SET").arg(&keys.resyncing).arg(1).arg("NX").arg("PX").arg(turn);
        stream::settling(&mut commands, keys, self.settle);
        let (taken,): (Option<String>,) = commands.query_async(connection).await.map_err(failed)?;
        Ok(taken.is_some())
    }

    /// Writes what the stream lacks of all that is known, and ends the turn.
    pub(super) async fn write_missing(
        &self,
        connection: &mut MultiplexedConnection,
        keys: &Keys,
        mut known: Vec<Revocation>,
    ) -> Result<(), StoreError> {
        known.retain(|revocation| !self.in_stream.contains(revocation));
        for entries in known.chunks(ENTRIES_AT_ONCE * stream::REVOCATIONS_AN_ENTRY) {
            let mut commands = Pipeline::new();
            for revocations in entries.chunks(stream::REVOCATIONS_AN_ENTRY) {
                stream::append(&mut commands, keys, revocations);
            }
            stream::settling(&mut commands, keys, self.settle);
            let turn = self.turn_milliseconds();
            commands.cmd("PEXPIRE").arg(&keys.resyncing).arg(turn).ignore();
            commands.exec_async(connection).await.map_err(failed)?;
        }
        let mut done = Pipeline::new();
        done.cmd("DEL").arg(&keys.resyncing);
        done.exec_async(connection).await.map_err(failed)
    }

    /// How long a server's turn lasts unless it is extended; then it is the next one's.
    fn turn_milliseconds(&self) -> u64 {
        u64::try_from(self.settle.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Few enough that an answer comes in time.
const ENTRIES_AT_ONCE: usize = 100;
