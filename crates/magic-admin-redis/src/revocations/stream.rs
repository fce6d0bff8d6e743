//! The commands, and what is in the stream: each entry one field with revocations, one a line.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use magic_admin::{StoreError, StoreErrorKind, UnixSeconds, revocation::Revocation};
use redis::{
    Pipeline, Value,
    aio::MultiplexedConnection,
    from_redis_value_ref,
    streams::{StreamRangeReply, StreamReadReply},
};

use crate::{entry_id::EntryId, failure::failed, keys::Keys};

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) revocations: Vec<Revocation>,
}

/// What Redis says about the data that it has.
#[derive(Debug)]
pub(super) struct State {
    pub(super) epoch: Option<String>,
    pub(super) settling: bool,
    /// Whether the entry that was asked for is there.
    pub(super) has_entry: bool,
    /// Entries about what was issued before this were let go.
    pub(super) complete_from: Option<UnixSeconds>,
}

/// Adds the command that appends revocations as one entry: all or none.
pub(super) fn append(commands: &mut Pipeline, keys: &Keys, revocations: &[Revocation]) {
    let mut text = String::new();
    for revocation in revocations {
        let separator = if text.is_empty() { "" } else { "\n" };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{separator}{revocation}");
    }
    commands.cmd("XADD").arg(&keys.stream).arg("*").arg(FIELD).arg(text);
}

/// Reads what follows an entry, at most so many entries. When there is nothing, waits for it so long.
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
        // 0 would be for ever.
        command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
    }
    command.arg("STREAMS").arg(&keys.stream).arg(after.to_string());
    let reply: Option<StreamReadReply> = command.query_async(connection).await.map_err(failed)?;
    let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
    entries.map(|entry| parse(&entry.id, &entry.map)).collect()
}

/// Asks for the epoch, whether the stream settles, and whether an entry is there.
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

/// Tells every server that the stream may lack entries, for so long, and names the epoch unless
/// somebody did. Returns its name.
pub(super) async fn begin_epoch(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    name: &str,
    settle: Duration,
) -> Result<String, StoreError> {
    let mut commands = Pipeline::new();
    // In this order: nobody shall see the new epoch and not that it settles.
    settling(&mut commands, keys, settle);
    commands.cmd("SET").arg(&keys.epoch).arg(name).arg("NX").ignore();
    commands.cmd("GET").arg(&keys.epoch);
    let (epoch,): (Option<String>,) = commands.query_async(connection).await.map_err(failed)?;
    epoch.ok_or(StoreError::new(StoreErrorKind::Damaged, "Redis forgot what it was told just now"))
}

/// Adds the command that tells every server that the stream may lack entries for so long.
pub(super) fn settling(commands: &mut Pipeline, keys: &Keys, settle: Duration) {
    let milliseconds = settle.as_millis().max(1) as u64;
    commands.cmd("SET").arg(&keys.settling).arg(1).arg("PX").arg(milliseconds).ignore();
}

/// Records that entries about what was issued before a time may be missing. Never records an earlier
/// time than the one on record.
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

/// Reads the oldest entries up to a time, at most so many.
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

/// Lets the entries up to one go, which revoke nothing from `complete_from` on; what of them is still
/// needed is appended again. All or none.
pub(super) async fn let_go(
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
    text.parse().map_err(|error| {
        StoreError::new(StoreErrorKind::Damaged, "Redis named an entry in an unknown way")
            .with_source(error)
    })
}

fn parse(id: &str, fields: &HashMap<String, Value>) -> Result<Entry, StoreError> {
    // Skipping it could accept a token that it revokes.
    let unreadable = || {
        let what = format!(
            "entry {id}: update this server, or remove the entry with XDEL if nobody of yours wrote it"
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
        id: id.parse().map_err(|_| unreadable())?,
        revocations: revocations.map_err(|_| unreadable())?,
    })
}

const FIELD: &str = "revoked";

/// How many entries are read at once.
pub(super) const BATCH: usize = 1_000;

/// How many revocations of one server share an entry.
pub(super) const REVOCATIONS_AN_ENTRY: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Result<Entry, StoreError> {
        let value = Value::BulkString(text.as_bytes().to_vec());
        parse("5-1", &HashMap::from([(FIELD.to_owned(), value)]))
    }

    #[test]
    fn an_entry_holds_any_number_of_revocations() {
        assert_eq!(entry("everybody 5\neverybody 6").unwrap().revocations.len(), 2);
        assert!(entry("").unwrap().revocations.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_names_the_entry() {
        let other_field = parse("5-1", &HashMap::new()).unwrap_err();
        for error in [other_field, entry("everybody 5\nnobody 6").unwrap_err()] {
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains("5-1") && source.contains("XDEL"), "{source}");
        }
    }
}
