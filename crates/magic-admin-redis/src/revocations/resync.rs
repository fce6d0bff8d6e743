use std::{collections::HashSet, time::Duration};

use magic_admin::{StoreError, revocation::Revocation};
use redis::{Pipeline, aio::MultiplexedConnection};

use super::stream;
use crate::{failure::failed, keys::Keys};

/// Restores the entries that the stream lacks after Redis lost data.
///
/// The follower first reads the whole stream and records which entries it contains. Then the
/// servers take turns: each writes the entries that it knows and that the stream still lacks.
#[derive(Debug)]
pub(super) struct Resync {
    in_stream: HashSet<Revocation>,
    /// The time in which all servers notice a loss of data and write what they know.
    settle: Duration,
}

impl Resync {
    pub(super) fn new(settle: Duration) -> Self {
        Self { in_stream: HashSet::new(), settle }
    }

    /// Records a revocation that the stream contains.
    pub(super) fn note(&mut self, revocation: Revocation) {
        self.in_stream.insert(revocation);
    }

    /// Returns `false` while another server has its turn, whose entries then need not be written
    /// twice.
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

    /// Writes the known revocations that the stream lacks, and ends the turn.
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

    /// Returns how long a server's turn lasts unless it is extended. After that, another server can
    /// take its turn.
    fn turn_milliseconds(&self) -> u64 {
        u64::try_from(self.settle.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Few enough for the response to arrive within the time limit.
const ENTRIES_AT_ONCE: usize = 100;
