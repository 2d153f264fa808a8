//! The audit: what must hold in the database and at the providers once everything is through.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::load::{CAP, RECEIPTS, Stream};

/// Headings and queries that must find nothing.
const NEVER: &str = include_str!("../../audit.sql");

/// Each query with its heading.
fn never() -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts = NEVER.split("\\echo ").skip(1);
    parts.map(|part| {
        let (heading, rest) = part.split_once('\n').unwrap();
        let (query, _) = rest.split_once(';').unwrap();
        (heading, query)
    })
}

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
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            capped,
            bought,
            recalled,
            twice,
        } = self;
        write!(
            f,
            "{sent} messages sent, {capped} capped, {recalled} recalled; {bought} runs ended by an order; \
             {twice} messages reached a provider more than once, under the same key"
        )
    }
}

impl Audit {
    /// Whether there was something to get wrong.
    pub fn tells(&self) -> bool {
        self.sent > 0 && self.capped > 0 && self.bought > 0
    }
}

/// # Panics
/// Something was lost, doubled or left behind.
pub async fn audit(pool: &PgPool, stream: &Stream, accepted: &BTreeMap<Uuid, u32>) -> Audit {
    let mut looked = 0;
    for (what, query) in never() {
        let found: Vec<Uuid> = sqlx::query_scalar(query).fetch_all(pool).await.unwrap();
        assert!(
            found.is_empty(),
            "{what}: {} times, {:?}",
            found.len(),
            found[0]
        );
        looked += 1;
    }
    assert!(looked > 10, "the queries are read");
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
