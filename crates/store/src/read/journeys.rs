//! Why a customer is, was or never was in a journey, with what the database knows of it.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    advance,
    explain::{
        EntryCase, Explanation, KeptOut, Language, RunCase, Told, explain_entry, explain_run,
    },
    machine::Machine,
    policies::Policies,
    trace::{Fact, Line, NotEntered},
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _};

use super::{
    CustomerView, ExpectedEntry, ReadError, Reader, RunView, TimelineEntry, moment,
    runs::{self, Found},
    timeline, why,
};
use crate::codec;

/// The most inputs of one customer that are read for one journey.
const MOST_INPUTS: i64 = 500;

/// Why a customer is in a journey, left it, or did not enter.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JourneyWhy {
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title; the name where no machine of it can be read.
    pub title: Arc<str>,
    /// At least one: of each open run, the newest first; else of the last that is over; and of the last
    /// entry that did not take the customer, if nothing has entered since.
    pub explanations: Vec<Explanation>,
}

impl JourneyWhy {
    /// As text, the explanations with an empty line between them.
    pub fn text(&self) -> String {
        let texts: Vec<String> = self.explanations.iter().map(Explanation::text).collect();
        texts.join("\n\n")
    }
}

/// A journey that customers can enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JourneyName {
    /// Its name.
    pub journey: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
}

impl Reader {
    /// Why a customer is in that journey, left it, or did not enter. `None`: no such journey was ever
    /// published, and nothing of the customer's names it.
    ///
    /// # Errors
    /// If the database cannot be read, or a run's state is of another version.
    pub async fn why_journey(
        &self,
        customer: &CustomerView,
        journey: &str,
        language: Language,
    ) -> Result<Option<JourneyWhy>, ReadError> {
        let policies = self.policies().await?;
        let expected = self.expected(&customer.ledger).await?;
        let mut tx = self.page().await?;
        let current = current(&mut tx, journey).await?;
        let mut found = runs::found(&mut tx, customer.row.id).await?;
        found.open.retain(|run| &*run.journey == journey);
        found.ended.retain(|run| &*run.journey == journey);
        let told = told(&mut tx, customer, journey).await?;
        let none = found.open.is_empty() && found.ended.is_empty() && told.is_empty();
        if none && current.is_none() && !was_published(&mut tx, journey).await? {
            return Ok(None);
        }
        let paused = paused(&mut tx, journey).await?;
        let tongue = why::tongue_of(Some(customer), &policies, language);
        let title = title(journey, current.as_ref(), &found);
        let mut explanations: Vec<Explanation> = runs_to_tell(&found)
            .map(|run| explain_run(&run_case(run, &found, &told), &tongue))
            .collect();
        let entry = entry_case(customer, &policies, &told, current.as_ref());
        let entry = EntryCase {
            title: &title,
            paused,
            expected: next_date(&expected, journey),
            ..entry
        };
        let last = entry.kept_out.first();
        let entered = found.newest();
        // That a run is inside is told by the run.
        let told = last.is_some_and(|l| l.why == NotEntered::Inside && !found.open.is_empty());
        if entered.is_none() || last.is_some_and(|l| Some(l.at) > entered && !told) {
            explanations.push(explain_entry(&entry, &tongue));
        }
        Ok(Some(JourneyWhy {
            journey: Arc::from(journey),
            title,
            explanations,
        }))
    }

    /// The journeys that customers can enter, in order of their names.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn journeys(&self) -> Result<Vec<JourneyName>, ReadError> {
        let mut tx = self.page().await?;
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "select m.content from machine m
             join (select machines from workspace order by revision desc limit 1) w
               on m.id = any(w.machines)
             order by m.journey",
        )
        .fetch_all(&mut *tx)
        .await?;
        let machines = rows
            .iter()
            .filter_map(|row| Machine::from_content(row).ok());
        Ok(machines
            .map(|machine| JourneyName {
                journey: machine.journey,
                title: machine.title,
            })
            .collect())
    }
}

/// All that are open, else the last that is over.
fn runs_to_tell(found: &Found) -> impl Iterator<Item = &RunView> {
    let inside = found.open.iter().any(|run| run.left_at.is_none());
    let open = found
        .open
        .iter()
        .filter(move |run| !inside || run.left_at.is_none());
    let ended = found.ended.first().filter(|_| found.open.is_empty());
    open.chain(ended)
}

fn title(journey: &str, current: Option<&Machine>, found: &Found) -> Arc<str> {
    let of_run = || found.open.first().or(found.ended.first()).map(|r| &r.title);
    let title = current.map(|m| &m.title).or_else(of_run);
    title.map_or_else(|| Arc::from(journey), Arc::clone)
}

fn run_case<'a>(run: &'a RunView, found: &'a Found, told: &[Input]) -> RunCase<'a> {
    let of_run = |input: &Input| input.about(|line| line.run == Some(run.id));
    RunCase {
        title: &run.title,
        version: run.version,
        key: &run.key,
        entered_at: run.entered_at,
        left: run.left_at.zip(run.reason.as_deref()),
        watches: run.left_at.is_some() && run.due_at.is_some(),
        goal_at: run.goal_at,
        paused: run.paused_since,
        by_person: run.paused_by_person.is_some(),
        paused_for: run.paused_for,
        machine: found.machine(run),
        step: run.step.as_ref().map(|step| (&*step.id, step.line)),
        waiting: run.waiting.as_ref(),
        told: told.iter().filter_map(of_run).collect(),
    }
}

fn entry_case<'a>(
    customer: &'a CustomerView,
    policies: &Policies,
    told: &[Input],
    current: Option<&'a Machine>,
) -> EntryCase<'a> {
    EntryCase {
        title: "",
        machine: current,
        paused: None,
        expected: None,
        kept_out: told.iter().filter_map(|i| i.kept_out(current)).collect(),
        traits: &customer.row.traits,
        kept_for: policies.retention.inputs,
    }
}

/// An input that something was decided on about the journey.
struct Input {
    told: Told,
    entry: TimelineEntry,
}

impl Input {
    fn of(entry: TimelineEntry, journey: &str) -> Option<Self> {
        let lines = entry.trace.iter();
        let told = Told {
            at: entry.at,
            occasion: entry.cause(),
            input: entry.id,
            lines: lines
                .filter(|line| line.journey.as_deref() == Some(journey))
                .cloned()
                .collect(),
        };
        (!told.lines.is_empty()).then_some(Self { told, entry })
    }

    /// With those of its lines alone; `None`: it has none of them.
    fn about(&self, is: impl Fn(&Line) -> bool) -> Option<Told> {
        let lines: Vec<Line> = self.told.lines.iter().filter(|l| is(l)).cloned().collect();
        (!lines.is_empty()).then(|| Told {
            lines,
            ..self.told.clone()
        })
    }

    /// The entry that did not take the customer, if there was one.
    fn kept_out(&self, current: Option<&Machine>) -> Option<KeptOut> {
        let kept_out = self.told.lines.iter().find_map(|line| match &line.fact {
            Fact::NotEntered { why, what, until } => Some((*why, what.clone(), *until)),
            _ => None,
        });
        let (why, what, until) = kept_out?;
        let name = &self.entry.name;
        // One that was emitted on the way is not kept.
        let listens = current.is_some_and(|m| m.entries.iter().any(|e| e.event() == Some(name)));
        Some(KeptOut {
            at: self.told.at,
            occasion: self.told.occasion.clone(),
            input: self.told.input,
            event: listens.then(|| advance::seen(name, &self.entry.body.field("properties"))),
            why,
            what,
            until,
        })
    }
}

/// The inputs on which something was decided about that journey, the newest first.
async fn told(
    tx: &mut PgConnection,
    customer: &CustomerView,
    journey: &str,
) -> Result<Vec<Input>, ReadError> {
    // In the compact form a journey is named in one way only; what names it as something else is left out below.
    let named = codec::names_journey(journey).unwrap_or_default();
    let rows = sqlx::query(
        "select id, seq, at, kind, name, body, trace from input
         where customer = $1 and position($2::bytea in trace) > 0 order by seq desc limit $3",
    )
    .bind(customer.row.id.0)
    .bind(named)
    .bind(MOST_INPUTS)
    .fetch_all(tx)
    .await?;
    let entries = rows.iter().map(timeline::entry);
    let entries = entries.collect::<Result<Vec<_>, _>>()?.into_iter();
    Ok(entries.filter_map(|e| Input::of(e, journey)).collect())
}

/// The machine of that name that new runs enter.
async fn current(tx: &mut PgConnection, journey: &str) -> Result<Option<Machine>, ReadError> {
    let content: Option<Vec<u8>> = sqlx::query_scalar(
        "select m.content from machine m
         join (select machines from workspace order by revision desc limit 1) w
           on m.id = any(w.machines)
         where m.journey = $1",
    )
    .bind(journey)
    .fetch_optional(tx)
    .await?;
    Ok(content.and_then(|bytes| Machine::from_content(&bytes).ok()))
}

async fn was_published(tx: &mut PgConnection, journey: &str) -> Result<bool, ReadError> {
    let found = sqlx::query_scalar("select exists (select from machine where journey = $1)")
        .bind(journey)
        .fetch_one(tx)
        .await?;
    Ok(found)
}

/// Since when the journey is paused, if it is.
async fn paused(tx: &mut PgConnection, journey: &str) -> Result<Option<Timestamp>, ReadError> {
    let last = sqlx::query(
        "select at, in_flight = 'pause' as paused from passage
         where journey = $1 and in_flight in ('pause', 'resume') order by id desc limit 1",
    )
    .bind(journey)
    .fetch_optional(tx)
    .await?;
    let Some(last) = last else { return Ok(None) };
    let paused: bool = last.try_get("paused")?;
    Ok(paused.then(|| moment(&last, "at")).transpose()?)
}

fn next_date(expected: &[ExpectedEntry], journey: &str) -> Option<Timestamp> {
    let of_journey = expected.iter().find(|e| &*e.journey == journey);
    of_journey.map(|e| e.at)
}
