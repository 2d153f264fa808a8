//! Keys of programs.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::Access;
use crate::{
    Error,
    error::during,
    row::{Moment, after, moment},
};

/// The most keys that are listed.
pub const MOST_KEYS: u32 = 500;
/// It is written down no oftener that one was used.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// A key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub id: Uuid,
    /// What it is for, in somebody's words.
    pub name: String,
    /// Words that only the API knows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Until when it holds; `None`: for ever.
    pub expires_at: Option<Timestamp>,
    /// Since when it holds no more.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// SHA-256 of the key.
    pub hash: &'a [u8; 32],
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [String],
    /// Who made it: `user:ID`, `cli`.
    pub made_by: &'a str,
    /// Until when it holds.
    pub expires_at: Option<Timestamp>,
}

fn key(row: &PgRow) -> Result<Key, sqlx::Error> {
    let at = |name| -> Result<Option<Timestamp>, sqlx::Error> {
        Ok(row.try_get::<Option<Moment>, _>(name)?.map(Moment::to_jiff))
    };
    Ok(Key {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: row.try_get("scopes")?,
        made_at: row.try_get::<Moment, _>("made_at")?.to_jiff(),
        last_used_at: at("last_used_at")?,
        expires_at: at("expires_at")?,
        revoked_at: at("revoked_at")?,
    })
}

impl Access {
    /// Keeps a key; its id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn add_key(&self, new: &NewKey<'_>, now: Timestamp) -> Result<Uuid, Error> {
        sqlx::query_scalar(
            "insert into api_key (id, made_at, hash, name, scopes, made_by, expires_at)
             values (gen_random_uuid(), $1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(moment(now))
        .bind(&new.hash[..])
        .bind(new.name)
        .bind(new.scopes)
        .bind(new.made_by)
        .bind(new.expires_at.map(moment))
        .fetch_one(&self.pool)
        .await
        .map_err(during("adding a key"))
    }

    /// The key of that hash, if it holds, and that it was used.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn key(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Key>, Error> {
        let doing = during("looking for a key");
        let row = sqlx::query(
            "select * from api_key where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        )
        .bind(&hash[..])
        .bind(moment(now))
        .fetch_optional(&self.pool)
        .await
        .map_err(&doing)?;
        let Some(row) = row else { return Ok(None) };
        let key = key(&row).map_err(&doing)?;
        if key.last_used_at.is_none_or(|at| now > after(at, NOTED)) {
            sqlx::query("update api_key set last_used_at = $2 where id = $1")
                .bind(key.id)
                .bind(moment(now))
                .execute(&self.pool)
                .await
                .map_err(&doing)?;
        }
        Ok(Some(key))
    }

    /// The latest [`MOST_KEYS`], those that hold no more included.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        let rows = sqlx::query("select * from api_key order by made_at desc, id limit $1")
            .bind(i64::from(MOST_KEYS))
            .fetch_all(&self.pool)
            .await
            .map_err(during("listing keys"))?;
        let keys: Result<Vec<Key>, _> = rows.iter().map(key).collect();
        keys.map_err(during("listing keys"))
    }

    /// The key holds no more. False: there is no such key that holds.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn revoke_key(&self, id: Uuid, now: Timestamp) -> Result<bool, Error> {
        let done =
            sqlx::query("update api_key set revoked_at = $2 where id = $1 and revoked_at is null")
                .bind(id)
                .bind(moment(now))
                .execute(&self.pool)
                .await
                .map_err(during("revoking a key"))?;
        Ok(done.rows_affected() == 1)
    }
}
