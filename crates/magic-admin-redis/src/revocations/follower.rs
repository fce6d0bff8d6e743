use std::{convert::Infallible, error::Error as _, sync::Arc, time::Duration};

use magic_admin::{Clock, RevocationList, StoreError, StoreErrorKind, UnixSeconds};
use redis::aio::MultiplexedConnection;
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use super::{
    backoff::Backoff, health::Health, outbox::Outbox, resync::Resync, store::Written, stream,
    trim::Trim,
};
use crate::{config::RedisConfig, entry_id::EntryId, failure::failed, keys::Keys, metrics};

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// The time for which the list may be trusted without contact to Redis.
    pub(super) bound: Duration,
    /// The interval between two polls of Redis.
    pub(super) poll_every: Duration,
    pub(super) accept_when_stale: bool,
}

impl Settings {
    /// Returns how long it takes until all servers have noticed a loss of data and written what
    /// they know.
    fn settle(&self) -> Duration {
        self.poll_every.saturating_mul(3)
    }
}

/// Applies the stream to the list, starting at its first entry, until stopped.
#[derive(Debug)]
pub(super) struct Follower {
    config: RedisConfig,
    list: RevocationList,
    clock: Arc<dyn Clock>,
    settings: Settings,
    written: Arc<Written>,
    outbox: Outbox,
    health: watch::Sender<Health>,
    /// The ID of the last entry that was applied.
    last: EntryId,
    /// The epoch of the data to which that entry belongs.
    epoch: Option<String>,
    /// `true` if the last response was full, so that there is more to read.
    behind: bool,
    /// The time since which the stream is complete.
    complete_from: Option<UnixSeconds>,
    /// In progress while the stream may lack entries known to this server, after Redis lost data.
    resync: Option<Resync>,
    /// The maximum number of entries to read at once.
    batch: usize,
    trim: Trim,
    started: Instant,
    in_trouble: bool,
}

impl Follower {
    pub(super) fn new(
        config: RedisConfig,
        list: RevocationList,
        clock: Arc<dyn Clock>,
        settings: Settings,
        written: Arc<Written>,
    ) -> Self {
        let (last, bound) = (EntryId::START, settings.bound);
        Self {
            outbox: Outbox::new(list.clone(), Arc::clone(&written), Arc::clone(config.keys())),
            trim: Trim::new(list.retention()),
            config,
            list,
            clock,
            settings,
            written,
            health: watch::Sender::new(Health { contact: None, last, bound }),
            last,
            epoch: None,
            behind: false,
            complete_from: None,
            resync: None,
            batch: stream::BATCH,
            started: Instant::now(),
            in_trouble: false,
        }
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Follows the stream until stopped, then writes the revocations that are still pending.
    pub(super) async fn run(mut self, stop: oneshot::Receiver<()>) -> Result<(), StoreError> {
        tokio::select! {
            () = self.keep_following() => {}
            // Also resolves when the sender is dropped.
            _ = stop => {}
        }
        self.write_rest().await
    }

    async fn keep_following(&mut self) {
        let mut backoff = Backoff::new(self.settings.poll_every.saturating_mul(2));
        loop {
            let Err(error) = self.follow(&mut backoff).await;
            self.note_trouble(&error);
            sleep(backoff.wait()).await;
        }
    }

    async fn follow(&mut self, backoff: &mut Backoff) -> Result<Infallible, StoreError> {
        let mut connection = self.config.connect(self.settings.poll_every).await.map_err(failed)?;
        // Check before reading, so that everything that is read belongs to this epoch, unless the
        // next check finds a different one.
        self.check_data(&mut connection).await?;
        loop {
            self.poll(&mut connection).await?;
            metrics::lags_by(self.lag());
            backoff.reset();
        }
    }

    /// Reads once, then runs all tasks that are due.
    async fn poll(&mut self, connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
        let (time, asked) = (self.clock.now(), Instant::now());
        let wait = match &self.resync {
            _ if self.behind || self.outbox.is_backlogged() => None,
            // Another server may hold the turn, so check again soon.
            Some(_) => Some(self.settings.poll_every / 5),
            None => Some(self.settings.poll_every),
        };
        self.read(connection, wait).await?;
        if self.behind {
            return Ok(());
        }
        let settled = self.check_data(connection).await?;
        if self.behind {
            return Ok(());
        }
        if self.resync.is_some() {
            return self.write_missing(connection).await;
        }
        if settled {
            // Record the contact before writing, because a Redis that rejects writes can still be
            // followed.
            self.note_contact(time, asked);
        }
        let mut outcome = self.outbox.write_due(connection).await;
        if outcome.is_ok() && settled {
            outcome = self.trim(connection).await;
        }
        self.outbox.note(outcome)
    }

    /// Reads and applies the next entries.
    async fn read(
        &mut self,
        connection: &mut MultiplexedConnection,
        wait: Option<Duration>,
    ) -> Result<(), StoreError> {
        let asked = Instant::now();
        let read = stream::read(connection, self.keys(), self.last, self.batch, wait).await;
        if read.is_err() {
            // The response may have been too large to arrive within the time limit.
            self.batch = (self.batch / 4).max(1);
        }
        let entries = read?;
        self.behind = entries.len() >= self.batch;
        if asked.elapsed() < self.config.timeout() / 4 {
            // A batch of twice the size will still arrive within the time limit.
            self.batch = self.batch.saturating_mul(2).min(stream::BATCH);
        }
        for entry in &entries {
            for revocation in &entry.revocations {
                self.list.apply(revocation)?;
                if let Some(resync) = &mut self.resync {
                    resync.note(*revocation);
                }
            }
            self.last = entry.id;
        }
        if !entries.is_empty() {
            self.health.send_modify(|health| health.last = self.last);
        }
        Ok(())
    }

    /// Writes the entries that the stream lacks, once it is this server's turn. By then the whole
    /// stream has been read.
    async fn write_missing(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        let Some(resync) = &self.resync else { return Ok(()) };
        if !resync.take_turn(connection, self.keys()).await? {
            return Ok(());
        }
        // Read the entries written by the server that had the previous turn.
        self.read(connection, None).await?;
        while self.behind {
            self.read(connection, None).await?;
        }
        let Some(resync) = &self.resync else { return Ok(()) };
        // Older tokens are rejected as too old anyway.
        let oldest = self.clock.now().saturating_sub(self.list.retention());
        let mut known = self.list.revocations();
        known.retain(|revocation| revocation.concerns_until() >= oldest);
        // The record of removed entries may be lost, too, and this server has kept no entries older
        // than this.
        let complete_from = self.complete_from.map_or(oldest, |known| known.max(oldest));
        stream::record_complete_from(connection, self.keys(), complete_from).await?;
        resync.write_missing(connection, self.keys(), known).await?;
        self.resync = None;
        Ok(())
    }

    async fn trim(&mut self, connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
        let (keys, now) = (Arc::clone(self.keys()), self.clock.now());
        self.trim.run(connection, &keys, now, self.last, self.complete_from).await
    }

    fn keys(&self) -> &Arc<Keys> {
        self.config.keys()
    }

    /// Checks that Redis still holds the data that was read before. Returns `true` if no server has
    /// anything to add to it.
    async fn check_data(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<bool, StoreError> {
        // Entries written by this server may be lost before they have been read back.
        let anchor = self.last.max(self.written.latest());
        let state = stream::state(connection, self.keys(), anchor).await?;
        let lost = match (&state.epoch, &self.epoch) {
            (Some(now), Some(before)) => now != before || !state.has_entry,
            (Some(_), None) => false,
            (None, _) => true,
        };
        if lost {
            let name = random_name()?;
            let settle = self.settings.settle();
            let epoch = stream::begin_epoch(connection, self.keys(), &name, settle).await?;
            if self.epoch.is_some() {
                tracing::warn!("Redis lost revocations: restoring those that this server knows");
            }
            self.epoch = Some(epoch);
            self.written.forget(anchor);
            self.start_over();
            return Ok(false);
        }
        if self.epoch.is_none() {
            self.epoch = state.epoch;
        }
        if self.complete_from != state.complete_from
            && let Some(time) = state.complete_from
        {
            // A clock that was once ahead must not keep every user locked out until that time.
            self.list.incomplete_before(time.min(self.clock.now()));
            self.complete_from = state.complete_from;
        }
        Ok(!state.settling)
    }

    /// Reads the whole stream again, to find out which entries are missing.
    fn start_over(&mut self) {
        self.last = EntryId::START;
        self.behind = true;
        self.resync = Some(Resync::new(self.settings.settle()));
    }

    /// Records that the list contained everything in the stream at the given time.
    fn note_contact(&mut self, time: UnixSeconds, asked: Instant) {
        // Update both in one step, so that the health never contradicts the list.
        self.health.send_modify(|health| {
            health.contact = Some(asked);
            if self.settings.accept_when_stale {
                self.list.resume();
            } else {
                self.list.trust_until(time.saturating_add(self.settings.bound));
            }
        });
        if std::mem::take(&mut self.in_trouble) {
            tracing::info!("resumed following the revocations in Redis");
        }
    }

    fn note_trouble(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.in_trouble, true) {
            let source = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%error, source, "cannot follow the revocations in Redis");
        }
        let lag = self.lag();
        metrics::lags_by(lag);
        // The list checks its own clock, which may have been set back.
        if lag < self.settings.bound {
            return;
        }
        if self.settings.accept_when_stale {
            self.list.resume();
        } else {
            self.list.suspend();
        }
    }

    /// Returns how long ago the list contained everything in the stream.
    fn lag(&self) -> Duration {
        self.health.borrow().contact.unwrap_or(self.started).elapsed()
    }

    /// Writes the revocations that only this server may know, before it stops.
    async fn write_rest(&mut self) -> Result<(), StoreError> {
        if !self.outbox.close(self.resync.is_some()).await {
            return Ok(());
        }
        let written = async {
            let mut connection = self.config.connect(Duration::ZERO).await.map_err(failed)?;
            self.outbox.write_rest(&mut connection).await
        };
        written.await.map_err(|error: StoreError| {
            StoreError::new(
                error.kind(),
                "revocations that only this server knows were not written",
            )
            .with_source(error)
        })
    }
}

fn random_name() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::new(
            StoreErrorKind::Unreachable,
            "the operating system provides no random bytes for a name in Redis",
        )
        .with_source(error)
    })?;
    Ok(const_hex::encode(bytes))
}
