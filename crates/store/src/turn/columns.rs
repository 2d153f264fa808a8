//! What turns write, column by column: every field is one array of a statement.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use jiff_sqlx::{Date as Day, ToSqlx as _};
use journey::{
    advance::{Settled, Turn},
    call::Call,
    consent::ConsentRecord,
    counts::Counts,
    customer::{Customer, PastSend, Run},
    ids::{CallId, CustomerId, MessageId},
    input::Input,
    merge::Forward,
    message::{Message, Reason},
    trace::{Fact, Line, NOTHING_LISTENED},
};
use uuid::Uuid;

use super::Begun;
use crate::{
    Error, codec,
    counts::{Count, Told, failure_kind},
    error::malformed,
    row::{Moment, moment, node_to_column, settled_status, to_bytes},
    search,
};

/// A call that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Over {
    pub(super) customer: CustomerId,
    pub(super) call: CallId,
    pub(super) at: Timestamp,
    /// By a person's answer; else nobody waits for it any more.
    pub(super) answered: bool,
}

/// Everything that a batch of turns writes.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) new: Customers<'a>,
    pub(super) profiles: Customers<'a>,
    pub(super) inputs: Inputs<'a>,
    pub(super) entered: Runs<'a>,
    pub(super) moved: Runs<'a>,
    pub(super) ended: Runs<'a>,
    pub(super) messages: Messages<'a>,
    pub(super) closed: Closed,
    /// What was said of consents.
    pub(super) consents: Vec<(CustomerId, &'a ConsentRecord)>,
    /// What was told of messages.
    pub(super) heard: Vec<Told<'a>>,
    /// How many messages came to what, and how many sends were held.
    pub(super) counts: BTreeMap<Count<'a>, i64>,
    /// Calls to be made.
    pub(super) calls: Vec<(CustomerId, &'a Call)>,
    /// Calls that nobody waits for any more, and since when.
    pub(super) over: Vec<Over>,
    /// What is for those whom customers were merged into.
    pub(super) forwards: Vec<(CustomerId, &'a Forward)>,
    pub(super) counted: Numbers<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(
        begun: &BTreeMap<CustomerId, Begun>,
        turns: &'a [Turn],
        counts: &'a Counts,
    ) -> Result<Self, Error> {
        // In order of id: two turns that create the same customers must not wait in a ring.
        let turns: BTreeMap<_, _> = turns.iter().map(|t| (t.customer.id, t)).collect();
        let mut rows = Self::default();
        for (id, turn) in turns {
            let was = begun.get(&id).ok_or(Error::NotBegun(id.0))?;
            rows.customer(was, turn)?;
            rows.happened(turn)?;
            rows.runs(was, turn)?;
            rows.messages(turn)?;
            rows.calls(turn);
            let said = turn.effects.consents.iter();
            rows.consents.extend(said.map(|record| (id, record)));
            let forwards = turn.effects.forwards.iter();
            rows.forwards.extend(forwards.map(|forward| (id, forward)));
        }
        rows.closed.sort();
        rows.over.sort();
        rows.counted = Numbers::of(counts);
        Ok(rows)
    }

    fn customer(&mut self, was: &Begun, turn: &'a Turn) -> Result<(), Error> {
        match was.new_since {
            Some(since) => self.new.push(&turn.customer, since),
            None if turn.effects.profile => self.profiles.push(&turn.customer, Timestamp::MIN),
            None => Ok(()),
        }
    }

    fn happened(&mut self, turn: &'a Turn) -> Result<(), Error> {
        for (input, trace) in &turn.effects.inputs {
            self.inputs.push(turn.customer.id, input, trace)?;
            self.heard.extend(Told::of(turn.customer.id, input));
            for held in trace
                .iter()
                .filter_map(|line| Count::of_line(input.now, line))
            {
                *self.counts.entry(held).or_default() += 1;
            }
        }
        Ok(())
    }

    fn runs(&mut self, was: &Begun, turn: &'a Turn) -> Result<(), Error> {
        let customer = turn.customer.id;
        let touched = &turn.effects.touched;
        for run in turn
            .customer
            .runs
            .iter()
            .filter(|r| touched.contains(&r.id))
        {
            let rows = if was.runs.contains(&run.id) {
                &mut self.moved
            } else {
                &mut self.entered
            };
            rows.push(customer, run)?;
        }
        for run in &turn.effects.ended {
            self.ended.push(customer, run)?;
        }
        Ok(())
    }

    fn calls(&mut self, turn: &'a Turn) {
        let (customer, effects) = (turn.customer.id, &turn.effects);
        let now = effects.inputs.last().map_or(Timestamp::MIN, |(i, _)| i.now);
        // Decided by one input of this turn and cancelled by the next: it is never written.
        let gone = |call: &&Call| effects.cancelled.contains(&call.id);
        let calls = effects.calls.iter().filter(|c| !gone(c));
        self.calls.extend(calls.map(|call| (customer, call)));
        let over = |call: &CallId, answered| Over {
            customer,
            call: *call,
            at: now,
            answered,
        };
        let cancelled = effects.cancelled.iter().map(|id| over(id, false));
        let answered = effects.answered.iter().map(|id| over(id, true));
        self.over.extend(cancelled.chain(answered));
    }

    fn messages(&mut self, turn: &'a Turn) -> Result<(), Error> {
        let customer = turn.customer.id;
        let effects = &turn.effects;
        let now = effects.inputs.last().map(|(input, _)| input.now);
        // A message may be decided by one input and taken back by the next of the same turn.
        let recalled: BTreeSet<_> = effects.recalled.iter().map(|s| s.message).collect();
        let own: BTreeSet<_> = effects.messages.iter().map(|m| m.id).collect();
        for message in &effects.messages {
            let recalled = recalled.contains(&message.id).then_some(Reason::Recalled);
            let reason = message.refused.or(recalled);
            let done = if recalled.is_some() { now } else { None };
            self.messages.push(customer, message, reason, done)?;
            for count in Count::of_message(message, reason) {
                *self.counts.entry(count).or_default() += 1;
            }
        }
        let recalled = effects.recalled.iter();
        for send in recalled.filter(|s| !own.contains(&s.message)) {
            self.closed.recall(customer, send, now);
        }
        for settled in &effects.settled {
            self.closed.settle(customer, settled, now);
        }
        Ok(())
    }
}

/// Columns of `customer`.
#[derive(Default)]
pub(super) struct Customers<'a> {
    pub(super) id: Vec<Uuid>,
    pub(super) seen_at: Vec<Moment>,
    pub(super) due_at: Vec<Option<Moment>>,
    pub(super) merged_into: Vec<Option<Uuid>>,
    pub(super) key: Vec<&'a str>,
    pub(super) traits: Vec<String>,
    pub(super) ledger: Vec<Vec<u8>>,
    /// What support searches by: names, and devices as PostgreSQL writes a `tsvector`.
    pub(super) name: Vec<Option<String>>,
    pub(super) devices: Vec<Option<String>>,
}

impl<'a> Customers<'a> {
    fn push(&mut self, c: &'a Customer, seen_at: Timestamp) -> Result<(), Error> {
        let id = c.id.0;
        self.id.push(id);
        self.seen_at.push(moment(seen_at));
        self.due_at.push(c.ledger.due_at().map(moment));
        let merged = c.ledger.merged_into.as_ref();
        self.merged_into.push(merged.map(|into| into.id().0));
        self.key.push(&c.key);
        let traits = codec::traits(&c.traits).map_err(malformed("traits", id))?;
        self.traits.push(traits);
        self.ledger.push(to_bytes("ledger", id, &c.ledger)?);
        self.name.push(search::name(&c.traits));
        self.devices.push(search::devices(&c.traits));
        Ok(())
    }
}

/// Columns of `input`, in the order in which they were decided.
#[derive(Default)]
pub(super) struct Inputs<'a> {
    pub(super) customer: Vec<Uuid>,
    pub(super) id: Vec<Uuid>,
    pub(super) at: Vec<Moment>,
    pub(super) kind: Vec<i16>,
    pub(super) name: Vec<&'a str>,
    pub(super) body: Vec<Vec<u8>>,
    pub(super) trace: Vec<Option<Vec<u8>>>,
}

impl<'a> Inputs<'a> {
    fn push(
        &mut self,
        customer: CustomerId,
        input: &'a Input,
        trace: &[Line],
    ) -> Result<(), Error> {
        let id = input.id.0;
        let (kind, body) = codec::encode(&input.kind).map_err(malformed("input", id))?;
        self.customer.push(customer.0);
        self.id.push(id);
        self.at.push(moment(input.now));
        self.kind.push(kind);
        self.name.push(codec::name(&input.kind));
        self.body.push(body);
        self.trace.push(match trace {
            // Most events of a busy shop concern nobody: no bytes for them.
            [line] if is_ignored(line) => None,
            lines => Some(codec::encode_trace(lines).map_err(malformed("trace", id))?),
        });
        Ok(())
    }
}

/// Whether the line says no more than its absence: the reason is the usual one.
fn is_ignored(line: &Line) -> bool {
    let about_nobody = line.journey.is_none() && line.run.is_none() && line.step.is_none();
    about_nobody && matches!(&line.fact, Fact::Ignored { why } if &**why == NOTHING_LISTENED)
}

/// Columns of `run` and `run_ended`.
#[derive(Default)]
pub(super) struct Runs<'a> {
    pub(super) customer: Vec<Uuid>,
    pub(super) id: Vec<Uuid>,
    pub(super) machine: Vec<Uuid>,
    pub(super) entered_at: Vec<Moment>,
    pub(super) due_at: Vec<Option<Moment>>,
    pub(super) left_at: Vec<Option<Moment>>,
    pub(super) goal_at: Vec<Option<Moment>>,
    pub(super) revision: Vec<i32>,
    pub(super) node: Vec<i32>,
    pub(super) journey: Vec<&'a str>,
    pub(super) key: Vec<&'a str>,
    pub(super) reason: Vec<Option<&'a str>>,
    pub(super) state: Vec<Vec<u8>>,
}

impl<'a> Runs<'a> {
    fn push(&mut self, customer: CustomerId, run: &'a Run) -> Result<(), Error> {
        let id = run.id.0;
        let revision = i32::try_from(run.revision);
        let revision = revision.map_err(|e| Error::corrupt("revision", id, e.to_string()))?;
        self.customer.push(customer.0);
        self.id.push(id);
        self.machine.push(run.machine.0);
        self.entered_at.push(moment(run.entered_at));
        self.due_at.push(run.due_at.map(moment));
        self.left_at.push(run.left.as_ref().map(|l| moment(l.at)));
        self.goal_at.push(run.goal_at.map(moment));
        self.revision.push(revision);
        self.node.push(node_to_column(run.node));
        self.journey.push(&run.journey);
        self.key.push(&run.key);
        self.reason.push(run.left.as_ref().map(|l| &*l.reason));
        self.state.push(to_bytes("state", id, &run.state)?);
        Ok(())
    }
}

/// Columns of `journey_counted`.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    pub(super) journey: Vec<&'a str>,
    pub(super) machine: Vec<Uuid>,
    pub(super) day: Vec<Day>,
    pub(super) counts: Vec<String>,
}

impl<'a> Numbers<'a> {
    fn of(counts: &'a Counts) -> Self {
        let mut numbers = Self::default();
        for (place, counted) in counts {
            let lines: Vec<_> = counted
                .iter()
                .filter(|(_, n)| **n != 0)
                .map(|(c, n)| (c.what.as_str(), &*c.step, &*c.way, *n))
                .collect();
            numbers.journey.push(&place.journey);
            numbers.machine.push(place.machine.0);
            numbers.day.push(place.day.to_sqlx());
            // Texts and numbers become JSON without fail.
            numbers
                .counts
                .push(serde_json::to_string(&lines).unwrap_or_else(|_| "[]".into()));
        }
        numbers
    }
}

/// Columns of `message`. Without a reason it is queued.
#[derive(Default)]
pub(super) struct Messages<'a> {
    pub(super) customer: Vec<Uuid>,
    pub(super) at: Vec<Moment>,
    pub(super) id: Vec<Uuid>,
    pub(super) run: Vec<Uuid>,
    pub(super) done_at: Vec<Option<Moment>>,
    pub(super) channel: Vec<&'static str>,
    pub(super) purpose: Vec<&'a str>,
    pub(super) journey: Vec<&'a str>,
    pub(super) step: Vec<&'a str>,
    pub(super) reason: Vec<Option<&'static str>>,
    pub(super) decision: Vec<Vec<u8>>,
}

impl<'a> Messages<'a> {
    fn push(
        &mut self,
        customer: CustomerId,
        m: &'a Message,
        reason: Option<Reason>,
        done_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let done_at = reason.map(|_| moment(done_at.unwrap_or(m.at)));
        self.customer.push(customer.0);
        self.at.push(moment(m.at));
        self.id.push(m.id.0);
        self.run.push(m.run.0);
        self.done_at.push(done_at);
        self.channel.push(m.channel.as_str());
        self.purpose.push(&m.purpose);
        self.journey.push(&m.journey);
        self.step.push(&m.step);
        self.reason.push(reason.map(Reason::as_str));
        self.decision
            .push(to_bytes("decision", m.id.0, &m.decision)?);
        Ok(())
    }
}

/// Messages that come to an end: taken back while queued, or settled while leased.
#[derive(Default)]
pub(super) struct Closed {
    pub(super) rows: Vec<ClosedRow>,
}

/// See [`Closed`].
pub(super) struct ClosedRow {
    pub(super) customer: Uuid,
    pub(super) at: Timestamp,
    pub(super) id: MessageId,
    pub(super) done_at: Timestamp,
    /// The status it must have now.
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) reason: &'static str,
    pub(super) error: Option<String>,
    /// The reason that it is counted under.
    pub(super) counts_as: Cow<'static, str>,
}

impl Closed {
    fn recall(&mut self, customer: CustomerId, send: &PastSend, now: Option<Timestamp>) {
        self.rows.push(ClosedRow {
            customer: customer.0,
            at: send.at,
            id: send.message,
            done_at: now.unwrap_or(send.at),
            from: "queued",
            to: "recalled",
            reason: Reason::Recalled.as_str(),
            error: None,
            counts_as: Cow::Borrowed(Reason::Recalled.as_str()),
        });
    }

    fn settle(&mut self, customer: CustomerId, settled: &Settled, now: Option<Timestamp>) {
        self.rows.push(ClosedRow {
            customer: customer.0,
            at: settled.at,
            id: settled.message,
            done_at: now.unwrap_or(settled.at),
            from: "leased",
            to: settled_status(settled.reason),
            reason: settled.reason.as_str(),
            error: Some(settled.detail.kept()),
            counts_as: match settled_status(settled.reason) {
                "failed" => Cow::Owned(failure_kind(&settled.detail)),
                _ => Cow::Borrowed(settled.reason.as_str()),
            },
        });
    }

    /// In the order in which everybody locks messages.
    fn sort(&mut self) {
        self.rows.sort_by_key(|r| (r.customer, r.at, r.id));
    }
}
