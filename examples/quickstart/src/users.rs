use magic_admin::Issuer;
use sqlx::SqlitePool;

/// The application's users: everyone who has ever signed in.
#[derive(Clone, Debug)]
pub struct Users {
    pool: SqlitePool,
}

impl Users {
    pub(crate) const fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Returns the ID of the user with this issuer, and creates the user if there is none. Stores the
    /// e-mail address that Magic returned last.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub async fn find_or_create(
        &self,
        issuer: Issuer,
        email: Option<&str>,
    ) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(
            "INSERT INTO users (issuer, email) VALUES (?, ?)
             ON CONFLICT (issuer) DO UPDATE SET email = excluded.email
             RETURNING id",
        )
        .bind(issuer)
        .bind(email)
        .fetch_one(&self.pool)
        .await
    }

    pub(crate) async fn is_on_record(&self, issuer: Issuer) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE issuer = ?)")
            .bind(issuer)
            .fetch_one(&self.pool)
            .await
    }

    /// Returns the e-mail address of a user, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub async fn email_of(&self, user_id: i64) -> Result<Option<String>, sqlx::Error> {
        let email: Option<Option<String>> =
            sqlx::query_scalar("SELECT email FROM users WHERE id = ?")
                .bind(user_id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(email.flatten())
    }

    /// Returns the issuer on record for a user, or `None` if there is no such user.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails, or if it contains an invalid issuer.
    pub async fn issuer_of(&self, user_id: i64) -> Result<Option<Issuer>, sqlx::Error> {
        sqlx::query_scalar("SELECT issuer FROM users WHERE id = ?")
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await
    }
}
