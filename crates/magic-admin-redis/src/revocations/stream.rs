//! The commands, and what is in the stream: each entry one field with revocations, one a line.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use magic_admin::{StoreError, StoreErrorKind, revocation::Revocation};
use redis::{
    Pipeline, Value, aio::MultiplexedConnection, from_redis_value_ref, streams::StreamReadReply,
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

/// Reads what follows an entry, at most [`BATCH`] entries. When there is nothing, waits for it so
/// long.
pub(super) async fn read(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    after: EntryId,
    wait: Option<Duration>,
) -> Result<Vec<Entry>, StoreError> {
    let mut command = redis::cmd("XREAD");
    command.arg("COUNT").arg(BATCH);
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
    let (epoch, settling, found): (_, _, Vec<Value>) =
        commands.query_async(connection).await.map_err(failed)?;
    let has_entry = entry == EntryId::START || !found.is_empty();
    Ok(State { epoch, settling, has_entry })
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

/// Forgets entries that Redis took before a time.
pub(super) async fn trim(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    milliseconds: u64,
) -> Result<(), StoreError> {
    let mut command = redis::cmd("XTRIM");
    command.arg(&keys.stream).arg("MINID").arg("~").arg(milliseconds);
    command.exec_async(connection).await.map_err(failed)
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
