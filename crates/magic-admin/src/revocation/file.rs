use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fs4::{FileExt, TryLockError};

use super::{Revocation, RevocationList, RevocationListBuilder, RevocationStore, log};
use crate::types::{Clock, StoreError, StoreErrorKind, StoreFuture};

impl RevocationList {
    /// Opens a file, creating it if needed, and builds the list that it holds and that is written
    /// to it, so that the list of a single server survives a restart and a crash.
    ///
    /// An entry is appended and synchronised before a revocation counts as done; the file is
    /// compacted from time to time. An entry that a crash left half written is dropped when the
    /// file is opened, because its revocation was never confirmed. Damage elsewhere is an error.
    /// Only one process at a time can use the file.
    ///
    /// ```no_run
    /// use magic_admin::RevocationList;
    ///
    /// let list = RevocationList::open_file("revocations.log", RevocationList::builder())?;
    /// # Ok::<(), magic_admin::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] when the file cannot be read or written
    /// ([`Unreachable`](StoreErrorKind::Unreachable)), is damaged
    /// ([`Damaged`](StoreErrorKind::Damaged)), or is in use by another process
    /// ([`Refused`](StoreErrorKind::Refused)).
    pub fn open_file(
        path: impl Into<PathBuf>,
        builder: RevocationListBuilder,
    ) -> Result<Self, StoreError> {
        let path = path.into();
        let lock = lock(&path)?;
        let (file, contents) = open(&path)?;
        let (revocations, good) = log::read(&contents).map_err(|error| {
            StoreError::new(StoreErrorKind::Damaged, "the revocation file is damaged")
                .with_source(error)
        })?;
        let len = good as u64;
        let log = Log {
            path,
            file,
            len,
            compact_at: len.saturating_mul(2).max(COMPACT_AT_LEAST),
            retention: builder.retention,
            clock: Arc::clone(&builder.clock),
            _lock: lock,
        };
        let list = builder.store(FileStore { log: Arc::new(Mutex::new(log)) }).build();
        for revocation in &revocations {
            list.apply(revocation)?;
        }
        Ok(list)
    }
}

/// The file that a [`RevocationList`] is written to.
struct FileStore {
    log: Arc<Mutex<Log>>,
}

/// Opens the file for appending, and reads it. A new file is there to stay before anything is
/// written to it.
fn open(path: &Path) -> Result<(File, Vec<u8>), StoreError> {
    let opened = || {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        file.sync_all()?;
        sync_directory(path)?;
        Ok((file, fs::read(path)?))
    };
    opened().map_err(|error: io::Error| {
        StoreError::new(StoreErrorKind::Unreachable, "the revocation file cannot be opened")
            .with_source(error)
    })
}

impl RevocationStore for FileStore {
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
        let lines: String = revocations.iter().map(log::line).collect();
        let log = Arc::clone(&self.log);
        Box::pin(async move {
            // In a thread that may block; it goes on although the caller may give up.
            let written = tokio::task::spawn_blocking(move || {
                log.lock().unwrap_or_else(PoisonError::into_inner).append(&lines)
            });
            let failed = || {
                StoreError::new(
                    StoreErrorKind::Unreachable,
                    "the revocation file cannot be written",
                )
            };
            match written.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(failed().with_source(error)),
                Err(error) => Err(failed().with_source(error)),
            }
        })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").finish_non_exhaustive()
    }
}

/// The open file.
struct Log {
    path: PathBuf,
    file: File,
    /// How long the file is when all of it is good.
    len: u64,
    /// How long it may grow before it is compacted.
    compact_at: u64,
    retention: Duration,
    clock: Arc<dyn Clock>,
    /// Locked as long as this lives.
    _lock: Lock,
}

impl Log {
    fn append(&mut self, lines: &str) -> io::Result<()> {
        // What a write that failed left behind would be damage once more follows it.
        self.file.set_len(self.len)?;
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        self.len = self.len.saturating_add(lines.len() as u64);
        if self.len >= self.compact_at {
            self.compact_at = self.len.saturating_mul(2);
            if let Err(error) = self.compact() {
                // The entries are safe in the old file.
                tracing::warn!(%error, "the revocation file cannot be compacted");
            }
        }
        Ok(())
    }

    /// Writes the entries that are still needed to a new file and puts it in the place of the old
    /// one.
    fn compact(&mut self) -> io::Result<()> {
        let (revocations, _) = log::read(&fs::read(&self.path)?)?;
        let forget_before = self.clock.now().saturating_sub(self.retention);
        let kept = log::compact(&revocations, forget_before);
        let lines: String = kept.iter().map(log::line).collect();

        let new_path = beside(&self.path, ".new");
        let mut new = File::create(&new_path)?;
        new.write_all(lines.as_bytes())?;
        new.sync_all()?;
        let file = OpenOptions::new().append(true).open(&new_path)?;
        fs::rename(&new_path, &self.path)?;
        self.file = file;
        self.len = lines.len() as u64;
        self.compact_at = self.len.saturating_mul(2).max(COMPACT_AT_LEAST);
        sync_directory(&self.path)
    }
}

/// Keeps a second process out: it would not see what this one appends.
fn lock(path: &Path) -> Result<Lock, StoreError> {
    let failed =
        || StoreError::new(StoreErrorKind::Unreachable, "the revocation file cannot be locked");
    let file = File::create(beside(path, ".lock")).map_err(|error| failed().with_source(error))?;
    // By its full name: the standard library's own is younger than our oldest compiler.
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::new(
            StoreErrorKind::Refused,
            "the revocation file is in use by another process",
        )),
        Err(TryLockError::Error(error)) => Err(failed().with_source(error)),
    }
}

/// A locked file, until it is dropped.
struct Lock(File);

impl Drop for Lock {
    /// Closing would do, but for a process that another thread is about to start: until it runs
    /// its program it has the file open, too.
    fn drop(&mut self) {
        let _ = FileExt::unlock(&self.0);
    }
}

/// The path with something appended to its last part.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Makes a file's name last, as `sync_all` makes its contents last.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Only Unix lets a directory be opened and synchronised.
    if cfg!(unix) {
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// A smaller file is not worth compacting.
const COMPACT_AT_LEAST: u64 = 256 * 1024;
