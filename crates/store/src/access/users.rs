//! People who sign in.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::Access;
use crate::{
    Error,
    error::during,
    row::{Moment, before, moment},
};

/// The most users that are listed.
pub const MOST_USERS: u32 = 500;
/// So many failures within [`LOCKED`] lock an account.
pub const TRIES: i16 = 5;
/// For how long failures are counted together, and for how long an account is locked after the last of them.
pub const LOCKED: SignedDuration = SignedDuration::from_mins(15);

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Which.
    pub id: Uuid,
    /// In lower case.
    pub email: String,
    /// What they are called; may be empty.
    pub name: String,
    /// Words that only the API knows.
    pub roles: Vec<String>,
    /// Since when there is this account.
    pub made_at: Timestamp,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// Whether they have set a password.
    pub has_password: bool,
    /// Whether codes are asked for.
    pub has_totp: bool,
    /// Whether a provider of identities knows them.
    pub is_linked: bool,
}

/// What an attempt to sign in is held against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose.
    pub id: Uuid,
    /// The PHC string.
    pub password: String,
    /// What codes are made from; `None`: none is asked for.
    pub totp: Option<Vec<u8>>,
}

pub(super) const COLUMNS: &str =
    "select id, email, name, roles, made_at, disabled_at, password is not null as has_password,
    totp_secret is not null as has_totp, issuer is not null as is_linked from user_account";

pub(super) fn user(row: &PgRow) -> Result<User, sqlx::Error> {
    let disabled: Option<Moment> = row.try_get("disabled_at")?;
    Ok(User {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        roles: row.try_get("roles")?,
        made_at: row.try_get::<Moment, _>("made_at")?.to_jiff(),
        disabled_at: disabled.map(Moment::to_jiff),
        has_password: row.try_get("has_password")?,
        has_totp: row.try_get("has_totp")?,
        is_linked: row.try_get("is_linked")?,
    })
}

impl Access {
    /// Whether there is any user, disabled ones included.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn any_user(&self) -> Result<bool, Error> {
        sqlx::query_scalar("select exists (select from user_account)")
            .fetch_one(&self.pool)
            .await
            .map_err(during("looking for users"))
    }

    /// Makes a user, who has no password yet. `None`: somebody has that address already.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn add_user(
        &self,
        email: &str,
        name: &str,
        roles: &[String],
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        sqlx::query_scalar(
            "insert into user_account (id, made_at, email, name, roles)
             values (gen_random_uuid(), $1, lower($2), $3, $4) on conflict (email) do nothing returning id",
        )
        .bind(moment(now))
        .bind(email)
        .bind(name)
        .bind(roles)
        .fetch_optional(&self.pool)
        .await
        .map_err(during("adding a user"))
    }

    /// The first [`MOST_USERS`] by their address.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn users(&self) -> Result<Vec<User>, Error> {
        let sql = format!("{COLUMNS} order by email limit $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(i64::from(MOST_USERS))
            .fetch_all(&self.pool)
            .await
            .map_err(during("listing users"))?;
        let users: Result<Vec<User>, _> = rows.iter().map(user).collect();
        users.map_err(during("listing users"))
    }

    /// The user of that id, or with that address.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn user(&self, id_or_email: &str) -> Result<Option<User>, Error> {
        let sql = format!("{COLUMNS} where id = $1 or email = lower($2)");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(Uuid::try_parse(id_or_email).ok())
            .bind(id_or_email)
            .fetch_optional(&self.pool)
            .await
            .map_err(during("looking for a user"))?;
        row.as_ref()
            .map(user)
            .transpose()
            .map_err(during("looking for a user"))
    }

    /// Sets what somebody may do.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_roles(&self, id: Uuid, roles: &[String]) -> Result<bool, Error> {
        let done = sqlx::query("update user_account set roles = $2 where id = $1")
            .bind(id)
            .bind(roles)
            .execute(&self.pool)
            .await
            .map_err(during("setting roles"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps somebody out from that moment, and ends their sessions and link; `None`: lets them in again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_disabled(&self, id: Uuid, at: Option<Timestamp>) -> Result<bool, Error> {
        let known: bool = sqlx::query_scalar(
            "with gone as (delete from session where user_id = $1 and $2::timestamptz is not null),
                  done as (update user_account set disabled_at = $2, invite = null, invited_until = null
                           where id = $1 returning id)
             select exists (select from done)",
        )
        .bind(id)
        .bind(at.map(moment))
        .fetch_one(&self.pool)
        .await
        .map_err(during("disabling a user"))?;
        Ok(known)
    }

    /// A link with that hash sets the password until then; an earlier link does not any more.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn invite(&self, id: Uuid, hash: &[u8; 32], until: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query(
            "update user_account set invite = $2, invited_until = $3 where id = $1 and disabled_at is null",
        )
        .bind(id)
        .bind(&hash[..])
        .bind(moment(until))
        .execute(&self.pool)
        .await
        .map_err(during("inviting a user"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Whose link it is, if it still holds.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn invited(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>, Error> {
        let sql =
            format!("{COLUMNS} where invite = $1 and invited_until > $2 and disabled_at is null");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&hash[..])
            .bind(moment(now))
            .fetch_optional(&self.pool)
            .await
            .map_err(during("looking for a link"))?;
        row.as_ref()
            .map(user)
            .transpose()
            .map_err(during("looking for a link"))
    }

    /// Sets the password by a link, which holds no more; their sessions end. `None`: it did not hold.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn take_invite(
        &self,
        hash: &[u8; 32],
        password: &str,
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        sqlx::query_scalar(
            "with done as (
                 update user_account set password = $2, invite = null, invited_until = null, failures = 0, failed_since = null
                 where invite = $1 and invited_until > $3 and disabled_at is null returning id
             ), gone as (delete from session s using done where s.user_id = done.id)
             select id from done",
        )
        .bind(&hash[..])
        .bind(password)
        .bind(moment(now))
        .fetch_optional(&self.pool)
        .await
        .map_err(during("setting a password"))
    }

    /// Sets the password.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_password(&self, id: Uuid, password: &str) -> Result<(), Error> {
        sqlx::query("update user_account set password = $2 where id = $1")
            .bind(id)
            .bind(password)
            .execute(&self.pool)
            .await
            .map_err(during("setting a password"))?;
        Ok(())
    }

    /// Counts an attempt as a failure before it is looked at, so that those made at once are counted as well, and
    /// gives what to hold it against. `None`: there is no such account, it is disabled, has no password, or is locked.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn attempt(&self, email: &str, now: Timestamp) -> Result<Option<Credentials>, Error> {
        let found: Option<(Uuid, String, Option<Vec<u8>>)> = sqlx::query_as(
            "update user_account set
                 failures = case when failed_since > $3 then failures + 1 else 1 end,
                 failed_since = case when failed_since > $3 and failures + 1 < $4 then failed_since else $2 end
             where email = lower($1) and disabled_at is null and password is not null
               and not (failures >= $4 and failed_since > $3)
             returning id, password, totp_secret",
        )
        .bind(email)
        .bind(moment(now))
        .bind(moment(before(now, LOCKED)))
        .bind(TRIES)
        .fetch_optional(&self.pool)
        .await
        .map_err(during("counting an attempt"))?;
        Ok(found.map(|(id, password, totp)| Credentials { id, password, totp }))
    }

    /// The attempt was right: its failures are forgotten. False: that code was taken already.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn succeeded(&self, id: Uuid, step: Option<i64>) -> Result<bool, Error> {
        let done = sqlx::query(
            "update user_account set failures = 0, failed_since = null, totp_step = coalesce($2, totp_step)
             where id = $1 and ($2::bigint is null or totp_step is null or totp_step < $2)",
        )
        .bind(id)
        .bind(step)
        .execute(&self.pool)
        .await
        .map_err(during("signing in"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a secret that a code must confirm before it counts.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn offer_totp(&self, id: Uuid, secret: &[u8]) -> Result<(), Error> {
        sqlx::query("update user_account set totp_pending = $2 where id = $1")
            .bind(id)
            .bind(secret)
            .execute(&self.pool)
            .await
            .map_err(during("offering a secret"))?;
        Ok(())
    }

    /// The secret that waits for its code.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn offered_totp(&self, id: Uuid) -> Result<Option<Vec<u8>>, Error> {
        sqlx::query_scalar("select totp_pending from user_account where id = $1")
            .bind(id)
            .fetch_one(&self.pool)
            .await
            .map_err(during("reading a secret"))
    }

    /// From now on codes of that secret are asked for, the one of that step excepted.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn confirm_totp(&self, id: Uuid, secret: &[u8], step: i64) -> Result<bool, Error> {
        let done = sqlx::query(
            "update user_account set totp_secret = totp_pending, totp_pending = null, totp_step = $3
             where id = $1 and totp_pending = $2",
        )
        .bind(id)
        .bind(secret)
        .bind(step)
        .execute(&self.pool)
        .await
        .map_err(during("confirming a secret"))?;
        Ok(done.rows_affected() == 1)
    }

    /// No codes are asked for any more.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_totp(&self, id: Uuid) -> Result<(), Error> {
        sqlx::query(
            "update user_account set totp_secret = null, totp_pending = null where id = $1",
        )
        .bind(id)
        .execute(&self.pool)
        .await
        .map_err(during("removing a secret"))?;
        Ok(())
    }
}
