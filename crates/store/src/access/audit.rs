//! What was changed, and what was refused.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;

use super::Access;
use crate::{
    Error,
    error::during,
    row::{Moment, before, moment},
};

/// The most entries of one page.
pub const AUDIT_PAGE: u32 = 100;
/// For how long entries are kept; the trigger `audit_stays` lets nobody take away younger ones.
pub const KEEPS_AUDIT: SignedDuration = SignedDuration::from_hours(731 * 24);
/// How many old entries, and sessions that are over, one look takes away.
const OLD: i64 = 1_000;

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct NewAudit<'a> {
    /// When.
    pub at: Timestamp,
    /// `user:ID`, `key:ID`, `cli`, `nobody`.
    pub who: &'a str,
    /// `sign_in`, or method and pattern of the address.
    pub action: &'a str,
    /// Ids, no other data of persons.
    pub what: &'a str,
    /// Why it was refused, or what was said as a reason.
    pub reason: &'a str,
    /// Whether it was done.
    pub ok: bool,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, in the order in which they were written.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// See [`NewAudit::who`].
    pub who: String,
    /// The address of who did it, if they are a user, or the name of the key.
    pub name: Option<String>,
    /// See [`NewAudit::action`].
    pub action: String,
    /// See [`NewAudit::what`].
    pub what: String,
    /// See [`NewAudit::reason`].
    pub reason: String,
    /// Whether it was done.
    pub ok: bool,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of whom: as it stands there, or the address of a user.
    pub who: Option<String>,
    /// What the action begins with.
    pub action: Option<String>,
    /// Those before this number.
    pub before: Option<i64>,
}

impl Access {
    /// Writes an entry.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn write_audit(&self, entry: &NewAudit<'_>) -> Result<(), Error> {
        sqlx::query(
            "insert into audit (at, ok, who, action, what, reason) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(moment(entry.at))
        .bind(entry.ok)
        .bind(entry.who)
        .bind(entry.action)
        .bind(entry.what)
        .bind(entry.reason)
        .execute(&self.pool)
        .await
        .map_err(during("writing the audit log"))?;
        Ok(())
    }

    /// The latest entries, at most [`AUDIT_PAGE`].
    ///
    /// # Errors
    /// If the database fails.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, Error> {
        let doing = during("reading the audit log");
        let rows = sqlx::query(
            "select a.*, coalesce(u.email, k.name) as name
             from audit a
             left join user_account u on a.who = 'user:' || u.id left join api_key k on a.who = 'key:' || k.id
             where ($1::text is null or a.who = coalesce(
                       (select 'user:' || id from user_account where email = lower($1)), $1))
               and ($2::text is null or starts_with(a.action, $2))
               and ($3::bigint is null or a.id < $3)
             order by a.id desc limit $4",
        )
        .bind(filter.who.as_deref())
        .bind(filter.action.as_deref())
        .bind(filter.before)
        .bind(i64::from(AUDIT_PAGE))
        .fetch_all(&self.pool)
        .await
        .map_err(&doing)?;
        let entry = |row: &sqlx::postgres::PgRow| {
            Ok(AuditEntry {
                id: row.try_get("id")?,
                at: row.try_get::<Moment, _>("at")?.to_jiff(),
                who: row.try_get("who")?,
                name: row.try_get("name")?,
                action: row.try_get("action")?,
                what: row.try_get("what")?,
                reason: row.try_get("reason")?,
                ok: row.try_get("ok")?,
            })
        };
        let entries: Result<Vec<AuditEntry>, sqlx::Error> = rows.iter().map(entry).collect();
        entries.map_err(&doing)
    }

    /// Takes away some of the entries that are older than [`KEEPS_AUDIT`], and of the sessions that are over.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn tidy(&self, now: Timestamp) -> Result<(), Error> {
        sqlx::query(
            "with over as (delete from session where hash in
                 (select hash from session where expires_at <= $1 limit $3))
             delete from audit where id in (select id from audit where at < $2 order by id limit $3)",
        )
        .bind(moment(now))
        .bind(moment(before(now, KEEPS_AUDIT)))
        .bind(OLD)
        .execute(&self.pool)
        .await
        .map_err(during("taking away what is old"))?;
        Ok(())
    }
}
