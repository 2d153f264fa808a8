//! What became of messages is counted as it happens, and is what the rows say: after whatever history.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use journey::{
    advance::Turn,
    failure::Failure,
    ids::{CustomerId, InputId, MessageId},
    input::{Event, Input, InputKind},
    message::{Channel, Reason},
    trace::Fact,
    value::Value,
};
use parcours_tests::kit::Random;
use store::{
    Accepted, Arrival, Release, Retry, Store,
    counts::{Heard, failure_kind},
    read::{FunnelBy, FunnelFilter, MessageFilter, Reader},
};

use super::samples::*;
use crate::fixture;

const CUSTOMERS: u64 = 12;
const ROUNDS: u32 = 60;
const DAY: i64 = 86_400;

/// Day, step, channel, provider, outcome and reason, with how many.
type Counts = BTreeMap<(Date, String, String, String, String, String), i64>;

struct History {
    store: Store,
    random: Random,
    /// What the rows cannot tell: how often messages were opened and links followed, and sends were held.
    told: Counts,
    number: u32,
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl History {
    fn key(&mut self) -> String {
        format!("c{}", self.random.below(CUSTOMERS))
    }

    /// A moment on one of three days; later ones may come first.
    fn moment(&mut self) -> Timestamp {
        let seconds = self.random.below(3 * DAY.unsigned_abs());
        at(seconds.cast_signed())
    }

    fn next(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// Decides a few messages for a few customers; some are refused, taken back at once or held.
    async fn decides(&mut self) {
        let now = self.moment();
        let number = self.next();
        let keys: Vec<String> = (0..3).map(|_| self.key()).collect();
        let events: Vec<_> = keys
            .iter()
            .map(|k| event(k, &format!("e{number}"), now))
            .collect();
        let open = self.store.begin(&events, HORIZON).await.unwrap();
        let mut turns = Vec::new();
        for work in &open.work {
            let mut turn = heard(work);
            self.decide(&mut turn, now);
            turns.push(turn);
        }
        open.commit(turns).await.unwrap();
    }

    fn decide(&mut self, turn: &mut Turn, now: Timestamp) {
        let of = run(&turn.customer.key, "a", None);
        for _ in 0..=self.random.below(3) {
            let mut decided = message(&of, self.next(), now);
            decided.channel = *self.random.of(&[Channel::Email, Channel::Push]);
            let step: &&str = self.random.of(&["hello", "again"]);
            decided.step = arc(step);
            match self.random.below(5) {
                0 => decided.refused = Some(*self.random.of(&[Reason::NoConsent, Reason::Capped])),
                1 => turn.effects.recalled.push(past(&decided, true)),
                _ => {}
            }
            turn.effects.messages.push(decided);
        }
        if self.random.chance(30) {
            let refusals = vec![refusal()];
            let held = line(Fact::Held {
                until: now,
                refusals,
            });
            if let Some((_, trace)) = turn.effects.inputs.first_mut() {
                trace.push(held);
                self.tell(now, "hello", Channel::Push, "", "held", "capped");
            }
        }
    }

    fn tell(&mut self, at: Timestamp, step: &str, by: Channel, of: &str, what: &str, why: &str) {
        let key = [step, by.as_str(), of, what, why].map(str::to_owned);
        let [step, channel, provider, what, why] = key;
        *self
            .told
            .entry((day(at), step, channel, provider, what, why))
            .or_default() += 1;
    }

    /// Takes back what waits of one customer.
    async fn recalls(&mut self) {
        let (key, now) = (self.key(), at(3 * DAY));
        let id = format!("r{}", self.next());
        let open = self
            .store
            .begin(&[event(&key, &id, now)], HORIZON)
            .await
            .unwrap();
        let turns = open.work.iter().map(|work| {
            let mut turn = heard(work);
            let queued = work.customer.sends.iter().filter(|send| send.queued);
            turn.effects.recalled = queued.take(1).cloned().collect();
            turn
        });
        let turns = turns.collect();
        // Somebody's lease may be over it.
        let _ = open.commit(turns).await;
    }

    /// Leases some; they go, come back, or fail.
    async fn dispatches(&mut self) {
        let now = at(4 * DAY);
        let leased = self.store.lease(now, 6, MINUTE).await.unwrap();
        let (mut sent, mut again, mut back) = (vec![], vec![], vec![]);
        for lease in &leased {
            let key = lease.key();
            let provider: &&str = self.random.of(&["smtp", "other"]);
            let provider = arc(provider);
            match self.random.below(6) {
                0 => again.push(Retry {
                    key,
                    due_at: now,
                    error: Failure::from("later"),
                    tied_to: None,
                }),
                1 => back.push(Release {
                    key,
                    due_at: now,
                    tied_to: None,
                }),
                2 => {
                    self.store.ask(key, &provider).await.unwrap();
                    self.ends(lease, now).await;
                }
                _ => sent.push(Accepted {
                    key,
                    provider,
                    provider_id: Some(format!("p{}", lease.message.id)),
                    content: None,
                }),
            }
        }
        // Whoever comes twice is counted once.
        for _ in 0..2 {
            self.store.record_sent(&sent, now).await.unwrap();
        }
        self.store.retry_later(&again).await.unwrap();
        self.store.release(&back).await.unwrap();
    }

    async fn ends(&mut self, lease: &store::Leased, now: Timestamp) {
        let reasons = [Reason::Failed, Reason::Unrenderable, Reason::NoConsent];
        let (reason, gave_up) = (*self.random.of(&reasons), self.random.chance(50));
        let key = &lease.customer.key;
        let arrival = receipt(key, lease.message.clone(), lease.attempt, now);
        let open = self.store.begin(&[arrival], HORIZON).await.unwrap();
        let turns = open.work.iter().map(|work| {
            let mut turn = heard(work);
            let mut end = settled(&lease.message, reason);
            if gave_up {
                let last = Box::new(Failure::Expired);
                end.detail = Failure::GaveUp { tries: 3, last };
            }
            turn.effects.settled = vec![end];
            turn
        });
        let turns = turns.collect();
        open.commit(turns).await.unwrap();
    }

    /// Something is told of a message, perhaps for the second time, perhaps of one that there is not.
    async fn hears(&mut self) {
        let all: Vec<(uuid::Uuid, uuid::Uuid, Moment, String, String, Option<String>)> =
            sqlx::query_as("select customer, id, at, step, channel, provider from message where status = 'sent' order by id")
                .fetch_all(self.store.pool())
                .await
                .unwrap();
        if all.is_empty() {
            return;
        }
        let (customer, id, at, step, channel, provider) = self.random.of(&all).clone();
        let what = *self.random.of(&Heard::ALL);
        let nobody = self.random.chance(10);
        let id = if nobody {
            MessageId(uuid::Uuid::nil())
        } else {
            MessageId(id)
        };
        let by = channel.parse::<Channel>().unwrap();
        if !nobody {
            let all = match what {
                Heard::Opened => Some("opens"),
                Heard::Clicked => Some("clicks"),
                _ => None,
            };
            if let Some(all) = all {
                let provider = provider.unwrap_or_default();
                self.tell(at.to_jiff(), &step, by, &provider, all, "");
            }
        }
        let number = self.next();
        let arrival = self.news(CustomerId(customer), what, id, number);
        // It may come twice in a batch, and once more later.
        for batch in [vec![arrival.clone(), arrival.clone()], vec![arrival]] {
            let open = self.store.begin(&batch, HORIZON).await.unwrap();
            let turns = open.work.iter().map(heard).collect();
            open.commit(turns).await.unwrap();
        }
    }

    fn news(&self, customer: CustomerId, what: Heard, id: MessageId, number: u32) -> Arrival {
        let keys = (0..CUSTOMERS).map(|n| format!("c{n}"));
        let key = keys
            .into_iter()
            .find(|k| CustomerId::of(k) == customer)
            .unwrap();
        let event = Event {
            customer: arc(&key),
            name: arc(&format!("message.{}", what.as_str())),
            at: at(5 * DAY),
            properties: Value::map([("message_id", Value::text(&*id.to_string()))]),
            traits: journey::value::Map::new(),
            message_id: arc(&format!("n{number}")),
            source: arc("provider"),
        };
        Arrival {
            customer,
            key: arc(&key),
            input: Input {
                id: InputId::of_event("provider", &format!("n{number}")),
                now: at(5 * DAY),
                kind: InputKind::Event(event),
            },
        }
    }
}

type Moment = jiff_sqlx::Timestamp;
type Row = (
    Moment,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i16,
);

/// What the rows say, and what they cannot.
async fn recount(history: &History) -> Counts {
    let rows: Vec<Row> = sqlx::query_as(
        "select at, step, channel, status::text, reason, provider, error, heard from message",
    )
    .fetch_all(history.store.pool())
    .await
    .unwrap();
    let mut counts = history.told.clone();
    for (at, step, channel, status, reason, provider, error, heard) in rows {
        let day = day(at.to_jiff());
        let provider = provider.unwrap_or_default();
        let mut add = |provider: &str, outcome: &str, reason: &str| {
            let texts = [&step, &channel].map(ToOwned::to_owned);
            let [step, channel] = texts;
            let key = (
                day,
                step,
                channel,
                provider.to_owned(),
                outcome.to_owned(),
                reason.to_owned(),
            );
            *counts.entry(key).or_default() += 1;
        };
        add("", "decided", "");
        match &*status {
            "sent" => add(&provider, "sent", ""),
            "failed" => {
                let failure = Failure::read(&error.unwrap());
                add(&provider, "failed", &failure_kind(&failure));
            }
            "queued" | "leased" => {}
            other => add("", other, &reason.unwrap()),
        }
        for each in Heard::ALL.into_iter().filter(|h| heard & *h as i16 != 0) {
            add(&provider, each.as_str(), "");
        }
    }
    counts
}

async fn counted(store: &Store) -> Counts {
    let rows: Vec<(jiff_sqlx::Date, String, String, String, String, String, i64)> = sqlx::query_as(
        "select day, step, channel, provider, outcome, reason, sum(n)::bigint
         from (select * from message_count union all select * from message_total) c
         group by 1, 2, 3, 4, 5, 6",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    let rows = rows.into_iter();
    rows.map(|(day, a, b, c, d, e, n)| ((day.to_jiff(), a, b, c, d, e), n))
        .collect()
}

#[tokio::test]
async fn the_counts_are_those_of_the_rows_after_any_history() {
    for seed in 0..3 {
        let settings = fixture::settings().await;
        let store = Store::connect(&settings).await.unwrap();
        store.migrate().await.unwrap();
        let mut history = History {
            store,
            random: Random::new(seed),
            told: Counts::new(),
            number: 0,
        };
        for _ in 0..ROUNDS {
            match history.random.below(8) {
                0..3 => history.decides().await,
                3 => history.recalls().await,
                4 | 5 => history.dispatches().await,
                6 => history.hears().await,
                _ => drop(history.store.fold_messages(20).await.unwrap()),
            }
        }
        let rows = recount(&history).await;
        assert!(rows.len() > 20, "seed {seed}: something happened: {rows:?}");
        assert_eq!(counted(&history.store).await, rows, "seed {seed}");
        while history.store.fold_messages(20).await.unwrap() > 0 {}
        assert_eq!(counted(&history.store).await, rows, "seed {seed}, folded");
        adds_up(&history.store, &rows).await;
    }
}

/// The funnel says the same, however it is told apart, and its numbers add up to what was decided.
async fn adds_up(store: &Store, rows: &Counts) {
    let reader = Reader::new(store.pool().clone());
    let funnel = async |filter: FunnelFilter| reader.funnel(&filter).await.unwrap();
    let whole = funnel(FunnelFilter::default()).await;
    let of = |outcome: &str| {
        let rows = rows.iter().filter(|((.., what, _), _)| what == outcome);
        rows.map(|(_, n)| n.unsigned_abs()).sum::<u64>()
    };
    let total = &whole.total;
    let told = [
        ("decided", total.decided),
        ("suppressed", total.suppressed),
        ("recalled", total.recalled),
        ("held", total.held),
        ("sent", total.sent),
        ("failed", total.failed),
        ("delivered", total.delivered),
        ("opened", total.opened),
        ("opens", total.opens),
        ("clicked", total.clicked),
        ("clicks", total.clicks),
        ("bounced", total.bounced),
        ("complained", total.complained),
    ];
    for (outcome, n) in told {
        assert_eq!(n, of(outcome), "{outcome}");
    }
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from message where status in ('queued', 'leased')")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!(total.waiting, waiting.unsigned_abs());
    for by in FunnelBy::ALL {
        let parts = funnel(FunnelFilter {
            by,
            ..FunnelFilter::default()
        })
        .await;
        assert_eq!(parts.total, whole.total, "{by:?}");
        let sum = |n: fn(&store::read::FunnelCounts) -> u64| -> u64 {
            parts.rows.iter().map(|row| n(&row.counts)).sum()
        };
        if by != FunnelBy::All {
            assert_eq!(sum(|c| c.sent), whole.total.sent, "{by:?}");
            assert_eq!(sum(|c| c.decided), whole.total.decided, "{by:?}");
        }
    }
    let failed: u64 = whole.failures.iter().map(|f| f.n).sum();
    let refused: u64 = whole.suppressed.iter().map(|r| r.n).sum();
    assert_eq!((failed, refused), (total.failed, total.suppressed));
    // Behind each number of failures there are as many messages.
    for failure in &whole.failures {
        let filter = MessageFilter {
            failure: Some(failure.failure.to_string()),
            provider: Some(failure.provider.to_string()),
            ..MessageFilter::default()
        };
        let page = reader.messages(&filter, None, 200).await.unwrap();
        assert_eq!(page.messages.len() as u64, failure.n, "{failure:?}");
    }
}
