use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tower_sessions::ExpiredDeletion;
use tower_sessions_sqlx_store::SqliteStore;

use crate::{StartError, Users};

/// The users and sessions in a SQLite database.
#[derive(Clone, Debug)]
pub struct Database {
    pool: SqlitePool,
    sessions: SqliteStore,
    /// `None` if the database is in memory.
    file: Option<PathBuf>,
}

impl Database {
    /// Opens the database. Creates the file and the tables if they do not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL does not start with `sqlite:`, or if the database cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StartError> {
        let failed = |error: sqlx::Error| {
            StartError::new(format!("cannot open the database {url}: {error}: check DATABASE_URL"))
        };
        if !url.starts_with("sqlite:") {
            return Err(StartError::new(
                "DATABASE_URL must start with `sqlite:`, as in sqlite:quickstart.db, or be unset",
            ));
        }
        let options = SqliteConnectOptions::from_str(url).map_err(failed)?.create_if_missing(true);
        let file = (!url.contains(":memory:")).then(|| options.get_filename().to_owned());
        if let Some(file) = &file {
            create_private(file).map_err(|error| failed(error.into()))?;
        }
        let pool = SqlitePoolOptions::new()
            // SQLite allows only one writer at a time anyway, and an in-memory database exists only as long
            // as its single connection.
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(failed)?;
        sqlx::query(USERS).execute(&pool).await.map_err(failed)?;
        let sessions = SqliteStore::new(pool.clone());
        sessions.migrate().await.map_err(failed)?;
        Ok(Self { pool, sessions, file })
    }

    /// Returns the path of a file next to the database, if the database is a file.
    #[must_use]
    pub fn beside(&self, suffix: &str) -> Option<PathBuf> {
        let mut name = self.file.as_ref()?.clone().into_os_string();
        name.push(suffix);
        Some(name.into())
    }

    /// Returns the users in the database.
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.pool.clone())
    }

    /// Returns the store of the sessions in the database.
    #[must_use]
    pub fn sessions(&self) -> SqliteStore {
        self.sessions.clone()
    }

    /// Deletes expired sessions periodically for as long as it is polled.
    pub async fn sweep_sessions(self, every: Duration) {
        let mut interval = tokio::time::interval(every);
        loop {
            interval.tick().await;
            if let Err(error) = self.sessions.delete_expired().await {
                tracing::warn!(%error, "cannot delete expired sessions");
            }
        }
    }
}

/// Creates the file so that only its owner can read it, because it contains e-mail addresses and sessions.
/// SQLite gives its other files the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

const USERS: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY,
    issuer TEXT NOT NULL UNIQUE,
    email TEXT
)";
