//! What PostgreSQL holds at the end, against the model; and what people outside can tell.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use journey::{
    customer::Customer,
    ids::{CustomerId, InputId},
    message::Reason,
};
use sqlx::PgPool;
use store::Store;
use uuid::Uuid;

use super::{
    model::{self, Played},
    outside::Asked,
    shops::{PER_WEEK, TEXTS_PER_DAY, Told},
    watch::Watch,
};

/// All that caps count.
const ALWAYS: SignedDuration = SignedDuration::from_hours(24 * 3650);

type Found = Result<(), String>;

/// A message as it stands in the database.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    pub id: Uuid,
    pub customer: Uuid,
    pub status: String,
    pub reason: Option<String>,
    pub channel: String,
    pub purpose: String,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub at: Timestamp,
}

pub async fn messages(pool: &PgPool) -> Vec<Row> {
    sqlx::query_as(
        "select id, customer, status::text, reason, channel, purpose, at from message order by customer, at, id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Every customer's history, played by the model, is what the database holds of them.
pub async fn with_the_model(
    store: &Store,
    keys: &[String],
    watch: &Watch,
    now: Timestamp,
) -> Found {
    let ids: Vec<_> = keys.iter().map(|key| CustomerId::of(key)).collect();
    let open = store.begin_passages(&ids, now, ALWAYS).await.unwrap();
    let stored: BTreeMap<CustomerId, Customer> = open
        .work
        .iter()
        .map(|w| (w.customer.id, w.customer.clone()))
        .collect();
    open.abandon().await;
    let rows = messages(store.pool()).await;
    for key in keys {
        let id = CustomerId::of(key);
        let history = store.inputs(id, 100_000).await.unwrap();
        if history.is_empty() {
            ensure(!stored.contains_key(&id), || {
                format!("{key} is there, without a history")
            })?;
            continue;
        }
        let played = model::play(key, history, watch)?;
        let own = rows.iter().filter(|r| r.customer == id.0);
        customer(key, &played, stored.get(&id))?;
        message_rows(key, &played, own)?;
        other_rows(key, &played, store.pool()).await?;
    }
    Ok(())
}

fn customer(key: &str, played: &Played, stored: Option<&Customer>) -> Found {
    let stored = stored.ok_or_else(|| format!("{key} has a history and is not there"))?;
    let sends = |customer: &Customer| {
        let mut sends: Vec<_> = customer
            .sends
            .iter()
            .map(|s| (s.at, s.message.0, s.channel))
            .collect();
        sends.sort_unstable();
        sends
    };
    let runs = |customer: &Customer| {
        let mut runs = customer.runs.clone();
        runs.sort_by_key(|r| r.id);
        runs
    };
    let model = &played.customer;
    same(key, "traits", &model.traits, &stored.traits)?;
    same(key, "ledger", &model.ledger, &stored.ledger)?;
    same(key, "open runs", &runs(model), &runs(stored))?;
    same(key, "sends that caps count", &sends(model), &sends(stored))
}

fn message_rows<'r>(key: &str, played: &Played, rows: impl Iterator<Item = &'r Row>) -> Found {
    let stored: BTreeMap<Uuid, (&str, Option<&str>)> = rows
        .map(|r| (r.id, (&*r.status, r.reason.as_deref())))
        .collect();
    let wanted = played.messages.keys().map(|id| {
        let reason = played.ended.get(id).copied();
        let status = match reason {
            None => "sent",
            Some(Reason::Recalled) => "recalled",
            Some(Reason::Failed | Reason::Unrenderable) => "failed",
            Some(_) => "suppressed",
        };
        (*id, (status, reason.map(Reason::as_str)))
    });
    same(key, "messages", &wanted.collect(), &stored)
}

async fn other_rows(key: &str, played: &Played, pool: &PgPool) -> Found {
    let id = played.customer.id.0;
    let ended: Vec<(Uuid, String, String)> =
        sqlx::query_as("select id, journey, reason from run_ended where customer = $1 order by id")
            .bind(id)
            .fetch_all(pool)
            .await
            .unwrap();
    let wanted: Vec<_> = played
        .runs_ended
        .iter()
        .map(|(id, run)| {
            (
                *id,
                run.journey.to_string(),
                run.left
                    .as_ref()
                    .map_or_else(String::new, |l| l.reason.to_string()),
            )
        })
        .collect();
    same(key, "ended runs", &wanted, &ended)?;
    let calls: Vec<(Uuid, String)> =
        sqlx::query_as("select id, status::text from call where customer = $1")
            .bind(id)
            .fetch_all(pool)
            .await
            .unwrap();
    let stored: BTreeMap<_, _> = calls.into_iter().collect();
    for (call, cancelled) in &played.calls {
        let status = stored.get(call).map(String::as_str);
        let fine = match status {
            Some("answered" | "failed") => true,
            // One that is decided and given up within a turn is never written.
            Some("cancelled") | None => *cancelled,
            _ => false,
        };
        ensure(fine, || {
            format!("{key}: call {call} is {status:?}, cancelled by the model: {cancelled}")
        })?;
    }
    ensure(
        stored.keys().all(|id| played.calls.contains_key(id)),
        || format!("{key}: calls that nobody decided"),
    )?;
    let consents: i64 = sqlx::query_scalar("select count(*) from consent where customer = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .unwrap();
    same(
        key,
        "consent records",
        &(played.consents as u64),
        &consents.unsigned_abs(),
    )
}

/// Every event that was published took effect once, but for those that nobody can keep, and those
/// from before their customer was erased.
pub async fn events(
    pool: &PgPool,
    published: &[Told],
    erased: &BTreeMap<String, Timestamp>,
) -> Found {
    let query = "select id from input where kind = 0";
    let taken: Vec<Uuid> = sqlx::query_scalar(query).fetch_all(pool).await.unwrap();
    let taken: BTreeSet<Uuid> = taken.into_iter().collect();
    for told in published {
        let there = taken.contains(&InputId::of_event("", &told.id).0);
        let gone = erased.get(&told.customer).is_some_and(|at| *at >= told.at);
        ensure(there != told.poison || (gone && !there), || {
            format!(
                "event {} of {} (poison: {}) is there: {there}",
                told.id, told.customer, told.poison
            )
        })?;
    }
    Ok(())
}

/// What is left to do, or under way.
const LEFT: &str = "
    select 'messages' as what, count(*) as n from message where status in ('queued', 'leased')
    union all select 'calls', count(*) from call where status in ('queued', 'leased')
    union all select 'timers', count(*) from run where due_at <= $1
    union all select 'dates', count(*) from customer where due_at <= $1
    union all select 'sweeps', count(*) from sweep where due_at <= $1
    union all select 'orders about runs in flight', count(*) from passage where done_at is null";

/// Nothing waits that is due, and nothing is under way.
pub async fn at_rest(pool: &PgPool, now: Timestamp) -> Found {
    use jiff_sqlx::ToSqlx as _;
    let left: Vec<(String, i64)> = sqlx::query_as(LEFT)
        .bind(now.to_sqlx())
        .fetch_all(pool)
        .await
        .unwrap();
    let left: Vec<_> = left.into_iter().filter(|(_, n)| *n > 0).collect();
    ensure(left.is_empty(), || format!("left behind: {left:?}"))
}

/// What was known when somebody asked people outside.
#[derive(Clone, Debug, Default)]
pub struct Tag {
    /// Whom marketing might write to, by channel.
    pub consents: BTreeSet<(CustomerId, &'static str)>,
    /// Whether something went wrong, or somebody else worked meanwhile.
    pub disturbed: bool,
}

/// The book of people outside agrees with the outbox.
pub fn outside(rows: &[Row], asked: &[Asked], tags: &[Tag]) -> Found {
    let rows: BTreeMap<Uuid, &Row> = rows.iter().map(|r| (r.id, r)).collect();
    let mut done = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for Asked {
        key,
        call,
        tag,
        answer,
    } in asked
    {
        let tag = &tags[*tag];
        ensure(!done.contains(key), || {
            format!("{key} was asked for again after it was taken")
        })?;
        if answer.takes() {
            taken.insert(*key);
        }
        let acknowledged = answer.acknowledges() && !tag.disturbed;
        if acknowledged {
            done.insert(*key);
        }
        // A customer who was erased has no rows.
        let Some(row) = rows.get(key).filter(|_| !call) else {
            continue;
        };
        ensure(!acknowledged || row.status == "sent", || {
            format!("{key} was taken, and is {}", row.status)
        })?;
        let consents = tag
            .consents
            .iter()
            .any(|(c, channel)| c.0 == row.customer && **channel == row.channel);
        ensure(row.purpose != "marketing" || consents, || {
            format!("{key} went without consent: {row:?}")
        })?;
    }
    for row in rows.values().filter(|r| r.status == "sent") {
        ensure(taken.contains(&row.id), || {
            format!("{} is `sent`, and nobody has it", row.id)
        })?;
    }
    Ok(())
}

/// Caps and quiet hours, counted from what was sent in the end.
pub fn limits(rows: &[Row]) -> Found {
    let mut by_customer: BTreeMap<Uuid, Vec<&Row>> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|r| r.purpose == "marketing" && r.status == "sent")
    {
        by_customer.entry(row.customer).or_default().push(row);
        let hour = row.at.to_zoned(TimeZone::UTC).hour();
        ensure(row.channel != "sms" || (8..21).contains(&hour), || {
            format!("by night: {row:?}")
        })?;
    }
    for sent in by_customer.values() {
        let within = |row: &Row, hours: i64, channel: Option<&str>| {
            let since = row.at - SignedDuration::from_hours(hours);
            let counts = |o: &&&Row| {
                o.at > since && o.at <= row.at && channel.is_none_or(|c| c == o.channel)
            };
            sent.iter().filter(counts).count()
        };
        for row in sent {
            ensure(within(row, 24 * 7, None) <= PER_WEEK, || {
                format!("more than a week allows: {row:?}")
            })?;
            let texts = within(row, 24, Some("sms"));
            ensure(row.channel != "sms" || texts <= TEXTS_PER_DAY, || {
                format!("more than a day allows: {row:?}")
            })?;
        }
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(key: &str, what: &str, model: &T, stored: &T) -> Found {
    ensure(model == stored, || {
        format!("{key}: {what} differ\n  model: {model:?}\n  stored: {stored:?}")
    })
}

pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err(otherwise()) }
}
