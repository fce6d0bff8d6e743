//! The Redis commands and the format of the stream. Each entry has one field, which contains
//! revocations, one per line.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use magic_admin::{StoreError, StoreErrorKind, UnixSeconds, revocation::Revocation};
use redis::{
    Pipeline, Value,
    aio::MultiplexedConnection,
    from_redis_value_ref,
    streams::{StreamRangeReply, StreamReadReply},
};

use crate::{entry_id::EntryId, failure::failed, keys::Keys};

/// An entry of the stream.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) revocations: Vec<Revocation>,
}

/// The state of the data in Redis.
#[derive(Debug)]
pub(super) struct State {
    pub(super) epoch: Option<String>,
    pub(super) settling: bool,
    /// `true` if the requested entry exists.
    pub(super) has_entry: bool,
    /// Entries about tokens and sessions from before this time have been removed.
    pub(super) complete_from: Option<UnixSeconds>,
}

/// Adds the command that appends all revocations as a single entry.
pub(super) fn append(commands: &mut Pipeline, keys: &Keys, revocations: &[Revocation]) {
    let mut text = String::new();
    for revocation in revocations {
        let separator = if text.is_empty() { "" } else { "\n" };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{separator}{revocation}");
    }
    commands.cmd("XADD").arg(&keys.stream).arg("*").arg(FIELD).arg(text);
}

/// Reads up to `at_most` entries after `after`. If there are none, waits for them for up to `wait`.
pub(super) async fn read(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    after: EntryId,
    at_most: usize,
    wait: Option<Duration>,
) -> Result<Vec<Entry>, StoreError> {
    let mut command = redis::cmd("XREAD");
    command.arg("COUNT").arg(at_most);
    if let Some(wait) = wait {
        // 0 would mean to wait forever.
        command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
    }
    command.arg("STREAMS").arg(&keys.stream).arg(after.to_string());
    let reply: Option<StreamReadReply> = command.query_async(connection).await.map_err(failed)?;
    let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
    entries.map(|entry| parse(&entry.id, &entry.map)).collect()
}

/// Reads the epoch, and checks whether the stream is settling and whether `entry` exists.
pub(super) async fn state(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    entry: EntryId,
) -> Result<State, StoreError> {
    let id = entry.to_string();
    let mut commands = Pipeline::new();
    commands.cmd("GET").arg(&keys.epoch);
    commands.cmd("EXISTS").arg(&keys.settling);
    commands.cmd("XRANGE").arg(&keys.stream).arg(&id).arg(&id).arg("COUNT").arg(1);
    commands.cmd("GET").arg(&keys.complete);
    let (epoch, settling, found, complete_from): (_, _, Vec<Value>, Option<i64>) =
        commands.query_async(connection).await.map_err(failed)?;
    let has_entry = entry == EntryId::START || !found.is_empty();
    let complete_from = complete_from.map(UnixSeconds::new);
    Ok(State { epoch, settling, has_entry, complete_from })
}

/// Tells every server that the stream may lack entries for some time, and sets the epoch unless
/// another server has already done so. Returns the epoch.
pub(super) async fn begin_epoch(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    name: &str,
    settle: Duration,
) -> Result<String, StoreError> {
    let mut commands = Pipeline::new();
    // The order matters: no server may see the new epoch without the mark that the stream is
    // settling.
    settling(&mut commands, keys, settle);
    commands.cmd("SET").arg(&keys.epoch).arg(name).arg("NX").ignore();
    commands.cmd("GET").arg(&keys.epoch);
    let (epoch,): (Option<String>,) = commands.query_async(connection).await.map_err(failed)?;
    epoch.ok_or(StoreError::new(StoreErrorKind::Damaged, "Redis lost a key that was just written"))
}

/// Adds the command that tells every server that the stream may lack entries for some time.
pub(super) fn settling(commands: &mut Pipeline, keys: &Keys, settle: Duration) {
    let milliseconds = settle.as_millis().max(1) as u64;
    commands.cmd("SET").arg(&keys.settling).arg(1).arg("PX").arg(milliseconds).ignore();
}

/// Records that entries about tokens and sessions from before `time` may be missing. The recorded
/// time never moves back.
pub(super) async fn record_complete_from(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    time: UnixSeconds,
) -> Result<(), StoreError> {
    let mut get = redis::cmd("GET");
    let on_record: Option<i64> =
        get.arg(&keys.complete).query_async(connection).await.map_err(failed)?;
    if on_record.is_none_or(|on_record| on_record < time.get()) {
        let mut set = redis::cmd("SET");
        set.arg(&keys.complete).arg(time.get());
        set.exec_async(connection).await.map_err(failed)?;
    }
    Ok(())
}

/// Reads up to `at_most` of the oldest entries, from before the given time.
pub(super) async fn oldest(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    before_milliseconds: u64,
    at_most: usize,
) -> Result<Vec<Entry>, StoreError> {
    let mut command = redis::cmd("XRANGE");
    command.arg(&keys.stream).arg("-").arg(format!("({before_milliseconds}"));
    command.arg("COUNT").arg(at_most);
    let reply: StreamRangeReply = command.query_async(connection).await.map_err(failed)?;
    reply.ids.iter().map(|entry| parse(&entry.id, &entry.map)).collect()
}

/// Removes the entries up to `last` and re-appends those of their revocations that are still
/// needed, in one transaction. The removed revocations concern only tokens and sessions from before
/// `complete_from`.
pub(super) async fn remove(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    last: EntryId,
    needed: &[Revocation],
    complete_from: UnixSeconds,
) -> Result<(), StoreError> {
    let mut commands = Pipeline::new();
    commands.atomic();
    commands.cmd("SET").arg(&keys.complete).arg(complete_from.get()).ignore();
    for revocations in needed.chunks(REVOCATIONS_AN_ENTRY) {
        append(&mut commands, keys, revocations);
    }
    commands.cmd("XTRIM").arg(&keys.stream).arg("MINID").arg(last.next().to_string()).ignore();
    commands.exec_async(connection).await.map_err(failed)
}

pub(super) fn entry_id(text: &str) -> Result<EntryId, StoreError> {
    EntryId::parse(text)
        .ok_or(StoreError::new(StoreErrorKind::Damaged, "Redis returned a malformed entry id"))
}

fn parse(id: &str, fields: &HashMap<String, Value>) -> Result<Entry, StoreError> {
    // Skipping the entry could mean accepting a token that it revokes.
    let unreadable = || {
        let what = format!(
            "entry {id}: update this server, or remove the entry with XDEL if none of your servers wrote it"
        );
        StoreError::new(StoreErrorKind::Damaged, "the stream of revocations cannot be read")
            .with_source(what)
    };
    let text: String = fields
        .get(FIELD)
        .and_then(|value| from_redis_value_ref(value).ok())
        .ok_or_else(unreadable)?;
    let revocations: Result<_, _> = text.lines().map(str::parse).collect();
    Ok(Entry {
        id: EntryId::parse(id).ok_or_else(unreadable)?,
        revocations: revocations.map_err(|_| unreadable())?,
    })
}

const FIELD: &str = "revoked";

/// The maximum number of entries to read at once.
pub(super) const BATCH: usize = 1_000;

/// The maximum number of revocations in an entry.
pub(super) const REVOCATIONS_AN_ENTRY: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Result<Entry, StoreError> {
        let value = Value::BulkString(text.as_bytes().to_vec());
        parse("5-1", &HashMap::from([(FIELD.to_owned(), value)]))
    }

    #[test]
    fn entries_hold_several_revocations() {
        assert_eq!(entry("everybody 5\neverybody 6").unwrap().revocations.len(), 2);
        assert!(entry("").unwrap().revocations.is_empty());
    }

    #[test]
    fn errors_name_the_unreadable_entry() {
        let other_field = parse("5-1", &HashMap::new()).unwrap_err();
        for error in [other_field, entry("everybody 5\nnobody 6").unwrap_err()] {
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains("5-1") && source.contains("XDEL"), "{source}");
        }
    }
}
