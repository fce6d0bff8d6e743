use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fs4::{FileExt, TryLockError};

use super::{Revocation, RevocationList, RevocationListBuilder, RevocationStore, log};
use crate::types::{Clock, StoreError, StoreErrorKind, StoreFuture, UnixSeconds};

impl RevocationList {
    /// Opens a file, creating it if it does not exist, and builds a list from its entries.
    ///
    /// New entries are written to the file, so the list of a single server survives restarts and
    /// crashes.
    ///
    /// A revocation completes only after its entry has been appended and synced to disk. If a write
    /// fails, the entry is written together with the next one. The file is compacted from time to
    /// time. If a crash left the last entry incomplete, it is dropped on opening, because its
    /// revocation was never confirmed. Any other damage is an error.
    ///
    /// Only one list at a time can use the file, whatever path it was opened by. The path may be a
    /// symbolic link; compaction then replaces the target of the link. A new file is readable only
    /// by its owner.
    ///
    /// The file records the time since which its entries are complete. If you lengthen the
    /// retention window, tokens and sessions from before that time are rejected as too old.
    ///
    /// # Examples
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
    /// Returns a [`StoreError`] if the file cannot be read or written
    /// ([`Unreachable`](StoreErrorKind::Unreachable)), is damaged
    /// ([`Damaged`](StoreErrorKind::Damaged)), or is already in use
    /// ([`Refused`](StoreErrorKind::Refused)).
    pub fn open_file(
        path: impl AsRef<Path>,
        builder: RevocationListBuilder,
    ) -> Result<Self, StoreError> {
        let (file, path) = open(path.as_ref())?;
        let contents = read(&file).map_err(|error| {
            let damaged = error.kind() == io::ErrorKind::InvalidData;
            if damaged {
                StoreError::new(StoreErrorKind::Damaged, "the revocation file is damaged")
                    .with_source(error)
            } else {
                cannot_be_opened(error)
            }
        })?;
        let len = contents.good as u64;
        let log = Log {
            path,
            file,
            len,
            compact_at: len.saturating_mul(2).max(COMPACT_AT_LEAST),
            unwritten: Vec::new(),
            retention: builder.retention,
            clock: Arc::clone(&builder.clock),
        };
        // A clock that was once ahead must not keep every user locked out until that time.
        let complete_from = contents.complete_from.min(log.clock.now());
        let list = builder.store(FileStore { log: Arc::new(Mutex::new(log)) }).build();
        list.incomplete_before(complete_from);
        for revocation in &contents.revocations {
            list.apply(revocation)?;
        }
        Ok(list)
    }
}

/// The store of a [`RevocationList`] that was opened from a file.
struct FileStore {
    log: Arc<Mutex<Log>>,
}

impl RevocationStore for FileStore {
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
        let revocations = revocations.to_vec();
        let log = Arc::clone(&self.log);
        Box::pin(async move {
            // Runs on a thread that may block. The write completes even if the caller stops
            // waiting.
            let written = tokio::task::spawn_blocking(move || {
                log.lock().unwrap_or_else(PoisonError::into_inner).append(revocations)
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

/// Opens and locks the file, and returns it with its path after resolving symbolic links. Syncs the
/// directory, so that a new file survives a crash before anything is written to it.
fn open(path: &Path) -> Result<(File, PathBuf), StoreError> {
    loop {
        let file = new_options().create(true).open(path).map_err(cannot_be_opened)?;
        // The method of the same name in the standard library is newer than the minimum supported
        // Rust version, so call the trait method explicitly.
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::new(
                    StoreErrorKind::Refused,
                    "the revocation file is already in use by this or another process",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(cannot_be_opened(error)),
        }
        let real = || {
            let real = fs::canonicalize(path)?;
            file.sync_all()?;
            sync_directory(&real)?;
            Ok((is_at(&file, &real)?, real))
        };
        // If not, another process compacted the file between opening and locking it.
        if let (true, real) = real().map_err(cannot_be_opened)? {
            return Ok((file, real));
        }
    }
}

/// Reads and parses the contents of the file.
fn read(mut file: &File) -> io::Result<log::Contents> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    log::read(&bytes)
}

fn cannot_be_opened(error: io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unreachable, "the revocation file cannot be opened")
        .with_source(error)
}

/// The open and locked file.
struct Log {
    /// The path without symbolic links.
    path: PathBuf,
    file: File,
    /// The length of the file up to the end of the last valid entry.
    len: u64,
    /// The length at which the file is compacted.
    compact_at: u64,
    /// Entries whose write failed.
    unwritten: Vec<Revocation>,
    retention: Duration,
    clock: Arc<dyn Clock>,
}

impl Log {
    fn append(&mut self, revocations: Vec<Revocation>) -> io::Result<()> {
        self.unwritten.extend(revocations);
        if let Err(error) = self.write() {
            // Keep each entry once, for the next write.
            self.unwritten = log::latest(&self.unwritten, self.forget_before());
            return Err(error);
        }
        self.unwritten.clear();
        if self.len >= self.compact_at {
            self.compact_at = self.len.saturating_mul(2);
            if let Err(error) = self.compact() {
                // The entries are still safe in the old file.
                tracing::warn!(%error, "the revocation file cannot be compacted");
            }
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() < self.len {
            return Err(io::Error::other(
                "the file was truncated by another program: restart this server",
            ));
        }
        // Remove the remains of a failed write, which would count as damage once another entry
        // follows.
        self.file.set_len(self.len)?;
        let lines: String = self.unwritten.iter().map(log::line).collect();
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        // If the file is no longer at its path, the entry would be lost after a restart.
        if !is_at(&self.file, &self.path)? {
            return Err(io::Error::other(
                "the file was moved, replaced or deleted: put it back, or restart this server",
            ));
        }
        self.len = self.len.saturating_add(lines.len() as u64);
        Ok(())
    }

    /// Writes the entries that are still needed to a new file and replaces the old one with it.
    fn compact(&mut self) -> io::Result<()> {
        if has_other_names(&self.file)? {
            return Err(io::Error::other("the file has a second hard link, which would go stale"));
        }
        let text = log::compacted(&read(&self.file)?, self.forget_before());
        let new_path = beside(&self.path, ".new");
        match fs::remove_file(&new_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // `create_new` does not follow a link that someone may have placed there.
        let mut new = new_options().create_new(true).open(&new_path)?;
        new.set_permissions(self.file.metadata()?.permissions())?;
        FileExt::try_lock(&new)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        fs::rename(&new_path, &self.path)?;
        self.file = new;
        self.len = text.len() as u64;
        self.compact_at = self.len.saturating_mul(2).max(COMPACT_AT_LEAST);
        sync_directory(&self.path)
    }

    fn forget_before(&self) -> UnixSeconds {
        self.clock.now().saturating_sub(self.retention)
    }
}

impl Drop for Log {
    /// Closing the file would also release the lock, unless another thread is just starting a
    /// process: until that process runs its program, it holds the file open, too.
    fn drop(&mut self) {
        let _ = FileExt::unlock(&self.file);
    }
}

/// Returns the options for reading and appending, with permissions for the owner only.
fn new_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns `true` if `path` leads to this very file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let here = file.metadata()?;
        Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
    }
    // On other platforms an open file cannot be replaced.
    #[cfg(not(unix))]
    {
        let _ = (file, there);
        Ok(true)
    }
}

/// Returns `true` if the file has another hard link, which compaction would not replace.
fn has_other_names(file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Ok(file.metadata()?.nlink() > 1)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(false)
    }
}

/// Returns the path with `suffix` appended to its last component.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Makes the name of a file durable, as `sync_all` does for its contents.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Only Unix allows opening and syncing a directory.
    if cfg!(unix) {
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// A file shorter than this, in bytes, is not worth compacting.
const COMPACT_AT_LEAST: u64 = 256 * 1024;
