//! People as a provider of identities knows them: by its name for itself and its name for them.

use jiff::Timestamp;

use super::{
    Access,
    users::{COLUMNS, User, user},
};
use crate::{Error, error::during, row::moment};
use uuid::Uuid;

impl Access {
    /// The user whom that issuer knows as that subject.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn linked(&self, issuer: &str, subject: &str) -> Result<Option<User>, Error> {
        let sql = format!("{COLUMNS} where issuer = $1 and subject = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&self.pool)
            .await
            .map_err(during("looking for a linked user"))?;
        row.as_ref()
            .map(user)
            .transpose()
            .map_err(during("looking for a linked user"))
    }

    /// From now on that issuer's subject is this user. False: the user is disabled or is somebody's already, or the subject is.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn link(&self, id: Uuid, issuer: &str, subject: &str) -> Result<bool, Error> {
        let done = sqlx::query(
            "update user_account set issuer = $2, subject = $3
             where id = $1 and disabled_at is null and issuer is null
               and not exists (select from user_account where issuer = $2 and subject = $3)",
        )
        .bind(id)
        .bind(issuer)
        .bind(subject)
        .execute(&self.pool)
        .await
        .map_err(during("linking a user"))?;
        Ok(done.rows_affected() == 1)
    }

    /// The user is nobody's of any issuer any more, so that the next sign-in by their address links them anew. False: they were not.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn unlink(&self, id: Uuid) -> Result<bool, Error> {
        let done = sqlx::query(
            "update user_account set issuer = null, subject = null where id = $1 and issuer is not null",
        )
        .bind(id)
        .execute(&self.pool)
        .await
        .map_err(during("unlinking a user"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes a user who is linked from the beginning. `None`: the address or the subject is somebody's already.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn add_linked(
        &self,
        new: &NewLinked<'_>,
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        sqlx::query_scalar(
            "insert into user_account (id, made_at, email, name, roles, issuer, subject)
             values (gen_random_uuid(), $1, lower($2), $3, $4, $5, $6) on conflict do nothing returning id",
        )
        .bind(moment(now))
        .bind(new.email)
        .bind(new.name)
        .bind(new.roles)
        .bind(new.issuer)
        .bind(new.subject)
        .fetch_optional(&self.pool)
        .await
        .map_err(during("adding a linked user"))
    }

    /// Takes what a sign-in was marked with, once: false if it was taken before. It is remembered until then; those that are over are
    /// forgotten.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn take_nonce(
        &self,
        hash: &[u8; 32],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let done = sqlx::query(
            "with over as (delete from sign_in_nonce where expires_at <= $3)
             insert into sign_in_nonce (hash, expires_at) values ($1, $2) on conflict do nothing",
        )
        .bind(&hash[..])
        .bind(moment(until))
        .bind(moment(now))
        .execute(&self.pool)
        .await
        .map_err(during("taking a sign-in"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes a link to set the password for one sign-in instead, where nobody has a password; whose it was. `None`: it did not hold.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn spend_invite(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        sqlx::query_scalar(
            "update user_account set invite = null, invited_until = null
             where invite = $1 and invited_until > $2 and disabled_at is null returning id",
        )
        .bind(&hash[..])
        .bind(moment(now))
        .fetch_optional(&self.pool)
        .await
        .map_err(during("signing in by a link"))
    }
}

/// A user to be made, whom an issuer knows.
#[derive(Clone, Copy, Debug)]
pub struct NewLinked<'a> {
    /// Verified by the issuer.
    pub email: &'a str,
    /// What they are called; may be empty.
    pub name: &'a str,
    /// Words that only the API knows.
    pub roles: &'a [String],
    /// Who knows them.
    pub issuer: &'a str,
    /// As whom.
    pub subject: &'a str,
}
