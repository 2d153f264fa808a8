//! How transactions begin.
//!
//! Whoever asks may give up at any moment: a browser goes elsewhere, a process stops. sqlx 0.9.0 leaves a connection in its
//! transaction where it is given up between `BEGIN` and the answer, and hands it to the next one, whose statements then are
//! never committed (<https://github.com/transact-rs/sqlx/issues/4393>, mended after 0.9.0). So a transaction begins on a task of its
//! own, which comes to its end whoever waits for it; one that nobody waits for any more is rolled back.

use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction.
pub(crate) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, "begin").await
}

/// Begins one that sees the database as it is at its first statement, and changes nothing.
pub(crate) async fn begin_snapshot(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, "begin isolation level repeatable read, read only").await
}

#[expect(clippy::disallowed_methods, reason = "it comes to its end here")]
async fn begin_with(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    match tokio::spawn(async move { pool.begin_with(statement).await }).await {
        Ok(begun) => begun,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends.
        Err(_) => Err(sqlx::Error::WorkerCrashed),
    }
}
