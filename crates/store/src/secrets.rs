//! Secrets that an installation makes for itself, once, and every process of it shares.

use jiff::Timestamp;

use crate::{Error, Store, error::during, row::moment};

impl Store {
    /// The secret of that name, 32 bytes; made now if there is none yet. Whoever can read the
    /// database can read it: it protects nothing that is in there.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn secret(&self, name: &str, now: Timestamp) -> Result<Vec<u8>, Error> {
        let doing = during("reading a secret");
        // Looked for first: all but the very first time it is there, and nothing is written.
        let known = "select value from secret where name = $1";
        if let Some(value) = sqlx::query_scalar(known)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(&doing)?
        {
            return Ok(value);
        }
        // PostgreSQL's own strong randomness: 3 times 122 bits, brought to 32 bytes.
        sqlx::query(
            "insert into secret (name, made_at, value)
             values ($1, $2, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                    || uuid_send(gen_random_uuid())))
             on conflict do nothing",
        )
        .bind(name)
        .bind(moment(now))
        .execute(&self.pool)
        .await
        .map_err(&doing)?;
        sqlx::query_scalar(known)
            .bind(name)
            .fetch_one(&self.pool)
            .await
            .map_err(&doing)
    }
}
