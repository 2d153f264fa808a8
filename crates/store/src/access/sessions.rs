//! Who is signed in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::types::Json;
use uuid::Uuid;

use super::Access;
use crate::{
    Error,
    error::during,
    row::{Moment, after, moment},
};

/// A session ends so long after it was last used.
pub const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// And so long after it began at the latest.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For so long a customer's addresses are shown for a reason.
pub const REVEALED: SignedDuration = SignedDuration::from_mins(15);
/// Of so many customers at a time; the earliest are forgotten.
const MOST_REVEALED: i64 = 100;
/// It is written down no oftener that one was used.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: Uuid,
    /// Their address.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Customers whose addresses are shown for a reason, and until when.
    pub revealed: BTreeMap<Uuid, Timestamp>,
}

type Found = (
    Uuid,
    String,
    Vec<String>,
    Moment,
    Moment,
    Json<BTreeMap<Uuid, i64>>,
);

impl Access {
    /// The addresses of that customer are shown in this session from now on, for [`REVEALED`].
    ///
    /// # Errors
    /// If the database fails.
    pub async fn reveal(
        &self,
        hash: &[u8; 32],
        customer: Uuid,
        now: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "update session set revealed = jsonb_build_object($2::text, $3::bigint) || coalesce(
                 (select jsonb_object_agg(key, value) from (
                      select key, value from jsonb_each(revealed) where value::bigint > $4 and key <> $2::text
                      order by value::bigint desc limit $5) last), '{}')
             where hash = $1",
        )
        .bind(&hash[..])
        .bind(customer.to_string())
        .bind(after(now, REVEALED).as_microsecond())
        .bind(now.as_microsecond())
        .bind(MOST_REVEALED)
        .execute(&self.pool)
        .await
        .map_err(during("revealing a customer"))?;
        Ok(())
    }

    /// Begins a session under the hash of its token. Those of the same user that are over are taken away.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn open_session(
        &self,
        hash: &[u8; 32],
        user: Uuid,
        now: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "with over as (delete from session where user_id = $2 and expires_at <= $3)
             insert into session (hash, user_id, made_at, seen_at, expires_at) values ($1, $2, $3, $3, $4)",
        )
        .bind(&hash[..])
        .bind(user)
        .bind(moment(now))
        .bind(moment(after(now, IDLE)))
        .execute(&self.pool)
        .await
        .map_err(during("beginning a session"))?;
        Ok(())
    }

    /// Whose session it is, if it holds, and that it was used.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn session(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, Error> {
        let doing = during("looking for a session");
        let found: Option<Found> = sqlx::query_as(
            "select u.id, u.email, u.roles, s.made_at, s.seen_at, s.revealed from session s join user_account u on u.id = s.user_id
             where s.hash = $1 and s.expires_at > $2 and u.disabled_at is null",
        )
        .bind(&hash[..])
        .bind(moment(now))
        .fetch_optional(&self.pool)
        .await
        .map_err(&doing)?;
        let Some((user, email, roles, made, seen, Json(revealed))) = found else {
            return Ok(None);
        };
        if now > after(seen.to_jiff(), NOTED) {
            let expires = after(now, IDLE).min(after(made.to_jiff(), LONGEST));
            sqlx::query("update session set seen_at = $2, expires_at = $3 where hash = $1")
                .bind(&hash[..])
                .bind(moment(now))
                .bind(moment(expires))
                .execute(&self.pool)
                .await
                .map_err(&doing)?;
        }
        let until = |(id, at): (Uuid, i64)| Some((id, Timestamp::from_microsecond(at).ok()?));
        Ok(Some(Session {
            user,
            email,
            roles,
            revealed: revealed.into_iter().filter_map(until).collect(),
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn close_session(&self, hash: &[u8; 32]) -> Result<(), Error> {
        sqlx::query("delete from session where hash = $1")
            .bind(&hash[..])
            .execute(&self.pool)
            .await
            .map_err(during("ending a session"))?;
        Ok(())
    }

    /// Ends all sessions of a user but one; how many.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn close_others(&self, user: Uuid, but: &[u8; 32]) -> Result<u64, Error> {
        let done = sqlx::query("delete from session where user_id = $1 and hash <> $2")
            .bind(user)
            .bind(&but[..])
            .execute(&self.pool)
            .await
            .map_err(during("ending sessions"))?;
        Ok(done.rows_affected())
    }

    /// How many sessions of a user hold.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sessions(&self, user: Uuid, now: Timestamp) -> Result<u64, Error> {
        let n: i64 = sqlx::query_scalar(
            "select count(*) from session where user_id = $1 and expires_at > $2",
        )
        .bind(user)
        .bind(moment(now))
        .fetch_one(&self.pool)
        .await
        .map_err(during("counting sessions"))?;
        Ok(n.unsigned_abs())
    }
}
