//! The audit: what must hold in the database and at the providers once everything is through.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::load::{CAP, RECEIPTS, Stream};

/// Each must find nothing.
const NEVER: [(&str, &str); 9] = [
    (
        "an input decided twice",
        "select id from input group by id having count(*) > 1",
    ),
    (
        "a message id used twice",
        "select id from message group by id having count(*) > 1",
    ),
    (
        "two decisions of one run at one step",
        "select run from message group by run, step having count(*) > 1",
    ),
    (
        "a message that is stuck",
        "select id from message where status in ('queued', 'leased')",
    ),
    (
        "a message that failed",
        "select id from message where status = 'failed'",
    ),
    (
        "a timer without an open run",
        "select r.id from run r where r.due_at is not null
         and (r.left_at is not null or exists (select from run_ended e where e.id = r.id))",
    ),
    (
        "a run that goes on, or goes on twice",
        "select id from run union all
         (select id from run_ended group by id having count(*) > 1)",
    ),
    (
        "a message of a run that never was",
        "select id from message m where not exists
         (select from run_ended e where e.customer = m.customer and e.id = m.run)",
    ),
    (
        "a send held back by a cap that was not used up",
        "select id from message m where reason = 'capped' and
         (select count(*) from message o where o.customer = m.customer
          and o.purpose = 'marketing' and o.status <> 'suppressed' and o.at <= m.at) < 2",
    ),
];

/// What the audit counted.
#[derive(Debug)]
pub struct Audit {
    /// Messages that a provider took.
    pub sent: u64,
    /// Sends that the cap held back.
    pub capped: u64,
    /// Runs that an order ended while they waited.
    pub bought: u64,
    /// Messages that were taken back because their run had left.
    pub recalled: u64,
    /// Messages that reached a provider more than once, each time under the same key.
    pub twice: u64,
    /// Customers whose events were decided in another order than they were published in.
    pub disordered: u64,
}

/// Later events of a customer that were decided before earlier ones. When the producer says that one happened is
/// the first field of its body, in MessagePack: `at` and eight bytes, the highest first.
const DISORDERED: &str = "\
    select count(distinct a.customer) from input a join input b on b.customer = a.customer
    where a.kind = 0 and b.kind = 0 and a.seq < b.seq
      and substring(a.body from 6 for 8) > substring(b.body from 6 for 8)";

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            capped,
            bought,
            recalled,
            twice,
            disordered,
        } = self;
        write!(
            f,
            "{sent} messages sent, {capped} capped, {recalled} recalled; {bought} runs ended by an order; \
             {twice} messages reached a provider more than once, under the same key; \
             {disordered} customers whose events were decided in another order"
        )
    }
}

/// # Panics
/// Something was lost, doubled or left behind.
pub async fn audit(pool: &PgPool, stream: &Stream, accepted: &BTreeMap<Uuid, u32>) -> Audit {
    for (what, query) in NEVER {
        let found: Vec<(Uuid,)> = sqlx::query_as(query).fetch_all(pool).await.unwrap();
        assert!(
            found.is_empty(),
            "{what}: {} times, {:?}",
            found.len(),
            found[0]
        );
    }
    every_event_once(pool, stream).await;
    every_run_and_its_messages(pool, stream).await;
    caps_are_kept(pool).await;
    let twice = providers_agree(pool, accepted).await;
    let messages = async |condition: &str| {
        count(
            pool,
            &format!("select count(*) from message where {condition}"),
        )
        .await
    };
    let bought = "select count(*) from run_ended where reason = 'bought'";
    Audit {
        bought: count(pool, bought).await,
        sent: messages("status = 'sent'").await,
        capped: messages("reason = 'capped'").await,
        recalled: messages("status = 'recalled'").await,
        disordered: count(pool, DISORDERED).await,
        twice,
    }
}

pub async fn count(pool: &PgPool, query: &str) -> u64 {
    let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(query.to_owned()));
    u64::try_from(query.fetch_one(pool).await.unwrap()).unwrap()
}

async fn every_event_once(pool: &PgPool, stream: &Stream) {
    let query = sqlx::query_scalar("select id from input where kind = 0");
    let taken: Vec<Uuid> = query.fetch_all(pool).await.unwrap();
    let published: BTreeSet<&Uuid> = stream.ids.iter().collect();
    let arrived: BTreeSet<&Uuid> = taken.iter().collect();
    assert_eq!(
        published.difference(&arrived).count(),
        0,
        "events were lost"
    );
    assert_eq!(taken.len(), stream.ids.len(), "events from nowhere");
}

/// One run for each order and each cart; two messages of each receipt, and of each cart as many
/// as its way through the journey says.
async fn every_run_and_its_messages(pool: &PgPool, stream: &Stream) {
    for (journey, expected) in [("receipt", stream.orders), ("cart", stream.carts)] {
        let query = format!("select count(*) from run_ended where journey = '{journey}'");
        assert_eq!(count(pool, &query).await, expected, "runs of {journey}");
    }
    let query = "select count(*) from message where journey = 'receipt' and status = 'sent'";
    assert_eq!(
        count(pool, query).await,
        RECEIPTS * stream.orders,
        "receipts sent"
    );
    let short = "select count(*) from run_ended e where journey = 'cart' and reason = 'completed'
         and (select count(*) from message m where m.customer = e.customer and m.run = e.id) <> 2";
    assert_eq!(
        count(pool, short).await,
        0,
        "carts that went to the end without two decisions"
    );
}

async fn caps_are_kept(pool: &PgPool) {
    let most: Option<i64> = sqlx::query_scalar(
        "select max(n) from (select count(*) n from message
         where purpose = 'marketing' and status = 'sent' group by customer) per_customer",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert!(
        most.is_some_and(|most| (1..=CAP).contains(&most)),
        "a cap of {CAP} let {most:?} through"
    );
}

/// What is `sent` was accepted, and nothing else was.
/// Returns how many were accepted more than once.
async fn providers_agree(pool: &PgPool, accepted: &BTreeMap<Uuid, u32>) -> u64 {
    let rows: Vec<(Uuid, String, i16)> =
        sqlx::query_as("select id, status::text, attempt from message")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut known = BTreeSet::new();
    for (id, status, attempt) in &rows {
        known.insert(*id);
        let times = accepted.get(id).copied().unwrap_or_default();
        match status.as_str() {
            "sent" => assert!(times >= 1, "{id} is `sent`, and no provider has it"),
            _ => assert_eq!(times, 0, "{id} is {status}, and a provider has it"),
        }
        let attempt = u32::from(attempt.unsigned_abs());
        assert!(
            times <= attempt,
            "{id} came {times} times in {attempt} attempts"
        );
    }
    let strange = accepted.keys().filter(|id| !known.contains(id)).count();
    assert_eq!(strange, 0, "providers have messages that nobody decided");
    accepted.values().filter(|times| **times > 1).count() as u64
}
