use std::{convert::Infallible, error::Error as _, sync::Arc, time::Duration};

use magic_admin::{Clock, RevocationList, StoreError, StoreErrorKind, UnixSeconds};
use redis::{Pipeline, aio::MultiplexedConnection};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep},
};

use super::{backoff::Backoff, health::Health, resync::Resync, store::Written, stream, trim::Trim};
use crate::{config::RedisConfig, entry_id::EntryId, failure::failed, keys::Keys, metrics};

/// Applies the stream to the list, from its start on and for ever.
#[derive(Debug)]
pub(super) struct Follower {
    config: RedisConfig,
    list: RevocationList,
    clock: Arc<dyn Clock>,
    settings: Settings,
    written: Arc<Written>,
    health: watch::Sender<Health>,
    /// The last entry that was applied.
    last: EntryId,
    /// Which life of the data that was.
    epoch: Option<String>,
    /// The last answer was full: there is more.
    behind: bool,
    /// From when on the stream is complete.
    complete_from: Option<UnixSeconds>,
    /// Under way when the stream may lack what this server knows.
    resync: Option<Resync>,
    /// How many entries to read at once.
    batch: usize,
    trim: Trim,
    started: Instant,
    in_trouble: bool,
    /// Redis can be read, but does not take what this server has to write.
    writes_refused: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// How long the list may be trusted without word from Redis.
    pub(super) bound: Duration,
    /// How often Redis is polled.
    pub(super) poll_every: Duration,
    pub(super) accept_when_stale: bool,
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
        let trim = Trim::new(list.retention());
        Self {
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
            trim,
            started: Instant::now(),
            in_trouble: false,
            writes_refused: false,
        }
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Follows until it is stopped, and writes what is pending then.
    pub(super) async fn run(mut self, stop: oneshot::Receiver<()>) -> Result<(), StoreError> {
        tokio::select! {
            () = self.keep_following() => {}
            // The sender says so by being dropped.
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
        // Before anything is read: what is read belongs to this epoch then, or the next look shows
        // another one.
        self.check_data(&mut connection).await?;
        loop {
            self.poll(&mut connection).await?;
            metrics::lags_by(self.lag());
            backoff.reset();
        }
    }

    /// Reads once, and acts upon what that leaves to be done.
    async fn poll(&mut self, connection: &mut MultiplexedConnection) -> Result<(), StoreError> {
        let (time, asked) = (self.clock.now(), Instant::now());
        let wait = match (self.behind, &self.resync) {
            (true, _) => None,
            // Others may be at it.
            (false, Some(_)) => Some(self.settings.poll_every / 5),
            (false, None) => Some(self.settings.poll_every),
        };
        self.read(connection, wait).await?;
        if self.behind {
            return Ok(());
        }
        let settled = self.check_data(connection).await?;
        if self.behind {
            return Ok(());
        }
        if self.resync.as_ref().is_some_and(Resync::is_after_loss) {
            return self.write_missing(connection).await;
        }
        if settled {
            // Before anything is written: a Redis that rejects writes can still be followed.
            self.note_contact(time, asked);
        }
        let written = if self.resync.is_some() {
            self.write_missing(connection).await
        } else {
            self.write_what_is_due(connection, settled).await
        };
        self.note_write(written)
    }

    /// Applies what follows.
    async fn read(
        &mut self,
        connection: &mut MultiplexedConnection,
        wait: Option<Duration>,
    ) -> Result<(), StoreError> {
        let asked = Instant::now();
        let read = stream::read(connection, self.keys(), self.last, self.batch, wait).await;
        if read.is_err() {
            // The answer may have been too large to arrive in time.
            self.batch = (self.batch / 4).max(1);
        }
        let entries = read?;
        self.behind = entries.len() >= self.batch;
        if asked.elapsed() < self.config.timeout() / 4 {
            // Twice as much still arrives in time.
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

    /// Writes what the stream lacks, once it is this server's turn. Everything in the stream has been
    /// read before.
    async fn write_missing(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        let Some(resync) = &self.resync else { return Ok(()) };
        if !resync.take_turn(connection, self.keys()).await? {
            return Ok(());
        }
        // What the server before this one wrote.
        self.read(connection, None).await?;
        while self.behind {
            self.read(connection, None).await?;
        }
        let Some(resync) = &self.resync else { return Ok(()) };
        let mut known = self.list.revocations();
        let oldest = self.oldest_that_matters();
        known.retain(|revocation| revocation.concerns_until() >= oldest);
        if resync.is_after_loss() {
            // The record of what was let go may be lost as well, and this server kept no more than this.
            let complete_from = self.complete_from.map_or(oldest, |known| known.max(oldest));
            stream::record_complete_from(connection, self.keys(), complete_from).await?;
        }
        resync.write_missing(connection, self.keys(), known).await?;
        self.resync = None;
        Ok(())
    }

    fn keys(&self) -> &Arc<Keys> {
        self.config.keys()
    }

    /// Tokens made before this are refused as too old.
    fn oldest_that_matters(&self) -> UnixSeconds {
        self.clock.now().saturating_sub(self.list.retention())
    }

    /// Checks that the data in Redis is what was read before. Returns `true` if no server has
    /// anything to add to it.
    async fn check_data(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<bool, StoreError> {
        // What this server wrote may not have come back yet, and be lost all the same.
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
                tracing::warn!("Redis lost revocations: writing those that this server knows");
            }
            self.epoch = Some(epoch);
            self.written.forget(anchor);
            self.start_over(true);
            return Ok(false);
        }
        if self.epoch.is_none() {
            self.epoch = state.epoch;
        }
        if self.complete_from != state.complete_from
            && let Some(time) = state.complete_from
        {
            // A clock that was ahead once must not keep everybody out until that time.
            self.list.incomplete_before(time.min(self.clock.now()));
            self.complete_from = state.complete_from;
        }
        Ok(!state.settling)
    }

    /// Reads everything again, to write what is missing.
    fn start_over(&mut self, lost: bool) {
        self.last = EntryId::START;
        self.behind = true;
        self.resync = Some(Resync::new(lost, self.settings.settle()));
    }

    /// At the time that is given, the list held all that was in the stream.
    fn note_contact(&mut self, time: UnixSeconds, asked: Instant) {
        // In one step for whoever asks for the health.
        self.health.send_modify(|health| {
            health.contact = Some(asked);
            if self.settings.accept_when_stale {
                self.list.resume();
            } else {
                self.list.trust_until(time.saturating_add(self.settings.bound));
            }
        });
        if std::mem::take(&mut self.in_trouble) {
            tracing::info!("revocations in Redis are followed again");
        }
    }

    fn note_trouble(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.in_trouble, true) {
            let source = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%error, source, "revocations in Redis cannot be followed");
        }
        let lag = self.lag();
        metrics::lags_by(lag);
        // The list's own clock may have been set back.
        if lag < self.settings.bound {
            return;
        }
        if self.settings.accept_when_stale {
            self.list.resume();
        } else {
            self.list.suspend();
        }
    }

    /// Returns how long ago the list held everything that was in the stream.
    fn lag(&self) -> Duration {
        self.health.borrow().contact.unwrap_or(self.started).elapsed()
    }

    /// Writes what other servers' entries made this one revoke and what did not come through before,
    /// and lets old entries go.
    async fn write_what_is_due(
        &mut self,
        connection: &mut MultiplexedConnection,
        settled: bool,
    ) -> Result<(), StoreError> {
        // What fails here is pending then.
        let _ = self.list.publish_follow_ups().await;
        self.write_pending(connection).await?;
        if self.written.take_overflowed() {
            self.start_over(false);
        } else if settled {
            let (keys, now) = (Arc::clone(self.keys()), self.clock.now());
            self.trim.run(connection, &keys, now, self.last, self.complete_from).await?;
        }
        Ok(())
    }

    /// Appends the revocations that may not have come through. A second time they change nothing.
    async fn write_pending(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), StoreError> {
        loop {
            let pending = self.written.some_pending(PENDING_AT_ONCE);
            if pending.is_empty() {
                return Ok(());
            }
            let mut commands = Pipeline::new();
            for revocations in pending.chunks(stream::REVOCATIONS_AN_ENTRY) {
                stream::append(&mut commands, self.keys(), revocations);
            }
            let ids: Vec<String> = commands.query_async(connection).await.map_err(failed)?;
            for id in &ids {
                self.written.note(stream::entry_id(id)?);
            }
            self.written.came_through(&pending);
        }
    }

    /// A Redis that can be read, but rejects writes, is followed all the same.
    fn note_write(&mut self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        match written {
            Err(error) if error.kind() == StoreErrorKind::Unreachable => return Err(error),
            Err(error) => {
                if !std::mem::replace(&mut self.writes_refused, true) {
                    let source = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, source, "Redis does not take revocations of this server");
                }
            }
            Ok(()) => {
                if std::mem::take(&mut self.writes_refused) {
                    tracing::info!("Redis takes revocations of this server again");
                }
            }
        }
        Ok(())
    }

    /// Writes, at the end, what only this server may know.
    async fn write_rest(&mut self) -> Result<(), StoreError> {
        // What fails here is pending then.
        let _ = self.list.publish_follow_ups().await;
        let knows_more = self.written.take_overflowed() || self.resync.is_some();
        if !knows_more && self.written.some_pending(1).is_empty() {
            return Ok(());
        }
        let written = async {
            let mut connection = self.config.connect(Duration::ZERO).await.map_err(failed)?;
            if knows_more {
                for revocations in self.list.revocations().chunks(stream::REVOCATIONS_AN_ENTRY) {
                    let mut commands = Pipeline::new();
                    stream::append(&mut commands, self.keys(), revocations);
                    commands.exec_async(&mut connection).await.map_err(failed)?;
                }
            }
            self.write_pending(&mut connection).await
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

impl Settings {
    /// How long all servers take to notice that data were lost, and to write what they know.
    fn settle(&self) -> Duration {
        self.poll_every.saturating_mul(3)
    }
}

fn random_name() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::new(StoreErrorKind::Unreachable, "there is no randomness for a name in Redis")
            .with_source(error)
    })?;
    Ok(const_hex::encode(bytes))
}

/// Few enough that an answer comes in time.
const PENDING_AT_ONCE: usize = 10_000;
