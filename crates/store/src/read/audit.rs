//! What an audit counts: consents as they were last given, and messages by groups of customers.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx as _;
use journey::{
    audit::{
        Said,
        groups::{FEWEST, Got, Groups, OTHERS, UNKNOWN},
    },
    customer::ConsentState,
};
use sqlx::Row as _;

use super::{ReadError, Reader, moment};

/// How long one statement of an audit may take.
const DEADLINE: Duration = Duration::from_secs(600);
/// The most groups that are told one by one, the largest first.
const MOST_GROUPS: i64 = 50;

/// What customers last said of each purpose on each channel.
const SAID: &str = "
select purpose, channel, state, count(*) as customers, count(*) filter (where at >= $1) as recent,
       max(at) as newest
from (select distinct on (customer, purpose, channel) purpose, channel, state, at
      from consent order by customer, purpose, channel, at desc, input desc) last_said
group by purpose, channel, state order by purpose, channel, state";

/// Customers in groups by the trait $1 (a row without a journey), and what these groups got since $2.
/// Ages are counted from the birthday to the day $3, as yyyymmdd, or are the trait of that name.
const GROUPED: &str = r"
with of_age as (
    select id, traits, coalesce(
        case when birthday ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
             then ($3 - replace(left(birthday, 10), '-', '')::int) / 10000 end,
        case when traits->>'age' ~ '^[0-9]{1,3}$' then (traits->>'age')::int end) as age
    from (select id, traits,
                 coalesce(traits->>'birthday', traits->>'birth_date', traits->>'date_of_birth') as birthday
          from customer where $1 = 'age') born),
person as (
    select id, nullif(left(traits->>$1, 64), '') as name from customer where $1 <> 'age'
    union all
    select id, case when age is null or age not between 0 and 120 then null
                    when age < 18 then 'under 18' when age < 25 then '18 to 24'
                    when age < 35 then '25 to 34' when age < 45 then '35 to 44'
                    when age < 55 then '45 to 54' when age < 65 then '55 to 64'
                    else '65 and over' end
    from of_age),
large as (
    select name from person where name is not null
    group by name having count(*) >= $4 order by count(*) desc, name limit $5),
placed as (
    select id, case when person.name is null then $6 else coalesce(large.name, $7) end as name
    from person left join large using (name))
select name, null as journey, count(*) as customers, 0 as messages from placed group by name
union all
select name, journey, count(distinct customer), count(*)
from message join placed on placed.id = message.customer
where status = 'sent' and at >= $2 group by name, journey";

impl Reader {
    /// What customers last said of each purpose on each channel; `recent` counts from that moment. Scans
    /// the consents, under a deadline of ten minutes.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] on a table too large for it; or if the database cannot be read.
    pub async fn consents_said(&self, recent: Timestamp) -> Result<Vec<Said>, ReadError> {
        let mut tx = self.snapshot(DEADLINE).await?;
        let rows = sqlx::query(SAID).bind(recent.to_sqlx());
        let mut said = Vec::new();
        for row in rows.fetch_all(&mut *tx).await? {
            let Ok(channel) = row.try_get::<&str, _>("channel")?.parse() else {
                continue;
            };
            said.push(Said {
                purpose: Arc::from(row.try_get::<&str, _>("purpose")?),
                channel,
                state: match row.try_get("state")? {
                    "granted" => ConsentState::Granted,
                    "unconfirmed" => ConsentState::Unconfirmed,
                    _ => ConsentState::Withdrawn,
                },
                customers: row.try_get::<i64, _>("customers")?.unsigned_abs(),
                recent: row.try_get::<i64, _>("recent")?.unsigned_abs(),
                newest: moment(&row, "newest")?,
            });
        }
        Ok(said)
    }

    /// Customers in groups by one of their traits, and what each journey sent to these groups since
    /// `since`. By `age`, the groups are bands of years as of `now`, in UTC, counted from `birthday`,
    /// `birth_date` or `date_of_birth`. Groups of fewer than [`FEWEST`] customers, and more groups than
    /// 50, are one: nobody can be told from it. Scans all customers, under a deadline of ten minutes.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] on tables too large for it; or if the database cannot be read.
    pub async fn groups(
        &self,
        by: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Groups, ReadError> {
        let mut tx = self.snapshot(DEADLINE).await?;
        let today = now.to_zoned(TimeZone::UTC).date();
        let today = i32::from(today.year()) * 10_000
            + i32::from(today.month()) * 100
            + i32::from(today.day());
        let rows = sqlx::query(GROUPED)
            .bind(by)
            .bind(since.to_sqlx())
            .bind(today)
            .bind(FEWEST.cast_signed())
            .bind(MOST_GROUPS)
            .bind(UNKNOWN)
            .bind(OTHERS)
            .fetch_all(&mut *tx)
            .await?;
        let mut groups = Groups {
            by: Arc::from(by),
            ..Groups::default()
        };
        for row in rows {
            let name = Arc::from(row.try_get::<&str, _>("name")?);
            let customers = row.try_get::<i64, _>("customers")?.unsigned_abs();
            let messages = row.try_get::<i64, _>("messages")?.unsigned_abs();
            match row.try_get::<Option<&str>, _>("journey")? {
                None => {
                    groups.customers.insert(name, customers);
                }
                Some(journey) => {
                    let got = groups.journeys.entry(Arc::from(journey)).or_default();
                    let reached = customers;
                    got.insert(name, Got { reached, messages });
                }
            }
        }
        Ok(groups)
    }
}
