use magic_admin::Issuer;
use sqlx::SqlitePool;

/// The application's users: who has ever signed in.
#[derive(Clone, Debug)]
pub struct Users {
    pool: SqlitePool,
}

impl Users {
    pub(crate) const fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The id of the user with this issuer, who is created when there is none. The e-mail address
    /// is Magic's latest.
    ///
    /// # Errors
    ///
    /// The database's.
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
    /// Those of the database.
    pub async fn email_of(&self, user_id: i64) -> Result<Option<String>, sqlx::Error> {
        let email: Option<Option<String>> =
            sqlx::query_scalar("SELECT email FROM users WHERE id = ?")
                .bind(user_id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(email.flatten())
    }

    /// The issuer on file for a user; `None` when there is no such user.
    ///
    /// # Errors
    ///
    /// The database's; an issuer on file that is none is one of them.
    pub async fn issuer_of(&self, user_id: i64) -> Result<Option<Issuer>, sqlx::Error> {
        sqlx::query_scalar("SELECT issuer FROM users WHERE id = ?")
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await
    }
}
