//! What became of messages, from the counters: as many as the rows say, however many rows there are.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{ReadError, Reader};
use crate::counts::Outcome;

/// By what the numbers are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FunnelBy {
    /// By nothing: one line.
    #[default]
    All,
    /// By the day (UTC) on which messages were decided.
    Day,
    /// By journey.
    Journey,
    /// By step; name a journey as well, for steps of several may be called the same.
    Step,
    /// By channel.
    Channel,
    /// By provider: what was decided before one was asked stands under none.
    Provider,
}

impl FunnelBy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Day,
        Self::Journey,
        Self::Step,
        Self::Channel,
        Self::Provider,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Day => "day",
            Self::Journey => "journey",
            Self::Step => "step",
            Self::Channel => "channel",
            Self::Provider => "provider",
        }
    }

    /// What that word is for.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }

    const fn column(self) -> &'static str {
        match self {
            Self::All => "''",
            Self::Day => "day::text",
            other => other.as_str(),
        }
    }
}

/// Which messages are counted, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunnelFilter {
    /// Decided on this day (UTC) or later.
    pub from: Option<Date>,
    /// Decided on this day or before.
    pub to: Option<Date>,
    /// Of this journey.
    pub journey: Option<String>,
    /// Of this step.
    pub step: Option<String>,
    /// By this channel.
    pub channel: Option<String>,
    /// By this provider: only what happened from the moment on that it was asked, which leaves `decided` at nought.
    pub provider: Option<String>,
    /// By what the lines are told apart.
    pub by: FunnelBy,
}

/// What became of some messages. `decided = suppressed + recalled + sent + failed + waiting`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelCounts {
    /// Decisions to send.
    pub decided: u64,
    /// Refused by a rule, when decided or when they were to leave.
    pub suppressed: u64,
    /// Taken back, for their run left first.
    pub recalled: u64,
    /// Still in the outbox: queued, or with a dispatcher.
    pub waiting: u64,
    /// Taken by a provider.
    pub sent: u64,
    /// Refused for good, or out of tries.
    pub failed: u64,
    /// Of those sent, arrived, as far as providers tell.
    pub delivered: u64,
    /// Messages that were opened, each once; a link that is followed opens.
    pub opened: u64,
    /// How often messages were opened, in all.
    pub opens: u64,
    /// Messages of which a link was followed, each once.
    pub clicked: u64,
    /// How often links were followed, in all.
    pub clicks: u64,
    /// Messages that were answered, each once.
    pub replied: u64,
    /// Did not arrive, and the address is not at fault.
    pub undelivered: u64,
    /// Came back for good.
    pub bounced: u64,
    /// Were complained of.
    pub complained: u64,
    /// How often a send began to wait for a rule. It is no message yet, and in none of the other numbers.
    pub held: u64,
}

impl FunnelCounts {
    fn add(&mut self, outcome: Outcome, n: u64) {
        let field = match outcome {
            Outcome::Decided => &mut self.decided,
            Outcome::Suppressed => &mut self.suppressed,
            Outcome::Recalled => &mut self.recalled,
            Outcome::Held => &mut self.held,
            Outcome::Sent => &mut self.sent,
            Outcome::Failed => &mut self.failed,
            Outcome::Delivered => &mut self.delivered,
            Outcome::Opened => &mut self.opened,
            Outcome::Opens => &mut self.opens,
            Outcome::Clicked => &mut self.clicked,
            Outcome::Clicks => &mut self.clicks,
            Outcome::Replied => &mut self.replied,
            Outcome::Undelivered => &mut self.undelivered,
            Outcome::Bounced => &mut self.bounced,
            Outcome::Complained => &mut self.complained,
        };
        *field += n;
        let ended = self.suppressed + self.recalled + self.sent + self.failed;
        self.waiting = self.decided.saturating_sub(ended);
    }
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelRow {
    /// The day, journey, step, channel or provider; may be empty.
    pub name: Arc<str>,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: FunnelCounts,
}

/// How many messages did not go for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelReason {
    /// The reason, as in `reason` of a message.
    pub reason: Arc<str>,
    /// How many.
    pub n: u64,
}

/// How many messages a provider refused for good, for one kind of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelFailure {
    /// Which; empty: it failed before one was asked.
    pub provider: Arc<str>,
    /// The kind of failure, as `kind` of a message's `error`: of several tries, the last's.
    pub failure: Arc<str>,
    /// How many.
    pub n: u64,
}

/// What became of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Funnel {
    /// All of them.
    pub total: FunnelCounts,
    /// By what was asked for, in order of name; by nothing: none.
    pub rows: Vec<FunnelRow>,
    /// Why they were suppressed, the most frequent first.
    pub suppressed: Vec<FunnelReason>,
    /// Why sends began to wait, the most frequent first.
    pub held: Vec<FunnelReason>,
    /// Who refused them, and why, the most frequent first.
    pub failures: Vec<FunnelFailure>,
}

/// One sum: name, outcome, reason, provider, n.
type Sum = (String, String, String, String, i64);

impl Reader {
    /// What became of the messages that were decided in a range of days. Counted, not recounted: erased customers' messages, and
    /// those that are not kept any longer, are in the numbers.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn funnel(&self, filter: &FunnelFilter) -> Result<Funnel, ReadError> {
        let mut tx = self.page().await?;
        let sums = sums(&mut tx, filter).await?;
        let mut funnel = Funnel::default();
        let mut rows: BTreeMap<Arc<str>, FunnelCounts> = BTreeMap::new();
        let mut reasons: BTreeMap<(Outcome, Arc<str>), u64> = BTreeMap::new();
        let mut failures: BTreeMap<(Arc<str>, Arc<str>), u64> = BTreeMap::new();
        for (name, outcome, reason, provider, n) in sums {
            // Another version's word is nothing that could be told here.
            let Some(outcome) = Outcome::of(&outcome) else {
                continue;
            };
            let n = n.unsigned_abs();
            funnel.total.add(outcome, n);
            if filter.by != FunnelBy::All {
                rows.entry(Arc::from(name)).or_default().add(outcome, n);
            }
            let reason: Arc<str> = Arc::from(reason);
            match outcome {
                Outcome::Failed => {
                    *failures.entry((Arc::from(provider), reason)).or_default() += n;
                }
                Outcome::Suppressed | Outcome::Held => {
                    *reasons.entry((outcome, reason)).or_default() += n;
                }
                _ => {}
            }
        }
        funnel.rows = rows
            .into_iter()
            .map(|(name, counts)| FunnelRow { name, counts })
            .collect();
        for ((outcome, reason), n) in reasons {
            let list = match outcome {
                Outcome::Held => &mut funnel.held,
                _ => &mut funnel.suppressed,
            };
            list.push(FunnelReason { reason, n });
        }
        let failures = failures.into_iter();
        funnel.failures = failures
            .map(|((provider, failure), n)| FunnelFailure {
                provider,
                failure,
                n,
            })
            .collect();
        funnel.suppressed.sort_by_key(|r| std::cmp::Reverse(r.n));
        funnel.held.sort_by_key(|r| std::cmp::Reverse(r.n));
        funnel.failures.sort_by_key(|r| std::cmp::Reverse(r.n));
        Ok(funnel)
    }
}

async fn sums(tx: &mut PgConnection, filter: &FunnelFilter) -> Result<Vec<Sum>, sqlx::Error> {
    let name = filter.by.column();
    let mut query = QueryBuilder::<Postgres>::new(format!(
        "select {name} as name, outcome, reason, case outcome when 'failed' then provider else '' end, sum(n)::bigint from ("
    ));
    for (table, join) in [("message_total", ""), ("message_count", " union all ")] {
        query.push(format!(
            "{join}select n, day, journey, step, channel, provider, outcome, reason from {table} where true"
        ));
        chosen(&mut query, filter);
    }
    query.push(") counted group by 1, 2, 3, 4");
    query.build_query_as().fetch_all(tx).await
}

fn chosen(query: &mut QueryBuilder<Postgres>, filter: &FunnelFilter) {
    if let Some(from) = filter.from {
        query.push(" and day >= ").push_bind(from.to_sqlx());
    }
    if let Some(to) = filter.to {
        query.push(" and day <= ").push_bind(to.to_sqlx());
    }
    for (column, wanted) in [
        (" and journey = ", &filter.journey),
        (" and step = ", &filter.step),
        (" and channel = ", &filter.channel),
        (" and provider = ", &filter.provider),
    ] {
        if let Some(wanted) = wanted {
            query.push(column).push_bind(wanted.clone());
        }
    }
}
