//! What a test sets up: the customer, the world, and when things happen.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::written::{Happening, Person, Test, When};
use crate::{
    customer::{Attention, Consent, Customer, PastSend},
    expr::{Operand, Root, Scope},
    ids::{InputId, MessageId, RunId},
    input::Event,
    machine::{Machine, Op, Target},
    message::Channel,
    policies::Policies,
    schema::Schemas,
    time,
    value::{Map, Value},
    world::World,
};

/// What the customer of a test is called where the test does not say.
pub const SOMEBODY: &str = "somebody";
/// The Monday on which a test begins where it does not say.
const MONDAY: civil::Date = civil::date(2026, 1, 5);

/// What the values of a test may name.
pub(super) struct Here<'h> {
    pub(super) now: Timestamp,
    pub(super) traits: &'h Map,
}

impl Scope for Here<'_> {
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value {
        match (root, path.split_first()) {
            (Root::Now, _) => Value::Moment(self.now),
            (Root::Customer, Some((first, rest))) => {
                self.traits.get(first).map_or(Value::Null, |v| v.at(rest))
            }
            _ => Value::Null,
        }
    }
}

/// When a test begins where it does not say: Monday 2026-01-05, 09:00, in the default zone.
pub fn default_start(policies: &Policies) -> Timestamp {
    let zone = time::named(&policies.defaults.zone).unwrap_or(TimeZone::UTC);
    time::instant(MONDAY, civil::time(9, 0, 0, 0), &zone)
}

/// When the test begins, and when each of its events happens, in the order of the file.
pub(crate) fn schedule(test: &Test, policies: &Policies) -> (Timestamp, Vec<Timestamp>) {
    let zone = zone(&test.customer, policies);
    let midnight = time::instant(MONDAY, civil::Time::MIN, &zone);
    let start = match &test.at {
        Some(at) => at.value.resolve(midnight, &zone),
        None => default_start(policies),
    };
    (start, moments(&test.events, start, &zone))
}

/// When each event happens, in the order of the file.
pub(super) fn moments(events: &[Happening], start: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let mut last = start;
    let moments = events.iter().map(|happening| {
        last = match &happening.when {
            Some(when) => moment(when, start, last, zone),
            None => last,
        };
        last
    });
    moments.collect()
}

/// The moment that is meant, where `last` is the one before it.
fn moment(when: &When, start: Timestamp, last: Timestamp, zone: &TimeZone) -> Timestamp {
    match when {
        When::After(span) => time::plus(start, *span),
        When::At(stamp) => stamp.resolve(last, zone),
    }
}

fn zone(person: &Person, policies: &Policies) -> TimeZone {
    let mut customer = Customer::new(SOMEBODY);
    customer.traits = traits(person, default_start(policies));
    time::of_customer(&customer, &policies.defaults).zone
}

fn traits(person: &Person, now: Timestamp) -> Map {
    let none = Map::new();
    let here = Here { now, traits: &none };
    let values = person
        .traits
        .iter()
        .map(|(name, value)| (name.clone(), value.eval(&here)));
    values.filter(|(_, value)| !value.is_null()).collect()
}

/// The customer as the test begins.
pub(super) fn customer(
    test: &Test,
    start: Timestamp,
    machines: &BTreeMap<Arc<str>, Arc<Machine>>,
    policies: &Policies,
) -> Customer {
    person(&test.customer, start, machines, policies)
}

/// A customer as they are written.
pub(super) fn person(
    person: &Person,
    start: Timestamp,
    machines: &BTreeMap<Arc<str>, Arc<Machine>>,
    policies: &Policies,
) -> Customer {
    let mut customer = Customer::new(person.id.as_deref().unwrap_or(SOMEBODY));
    customer.traits = traits(person, start);
    for (purpose, channels) in &person.consents {
        let since = time::plus(start, -SignedDuration::from_hours(24));
        let consents = channels.iter().map(|(channel, state)| {
            let consent = Consent {
                state: *state,
                at: since,
                how: None,
            };
            (*channel, consent)
        });
        customer
            .ledger
            .consents
            .entry(purpose.clone())
            .or_default()
            .extend(consents);
    }
    customer.ledger.assumed_reachable = reachable(person);
    customer.ledger.assumed_control = Some(person.control);
    customer.sends = past(person, start, machines);
    customer.ledger.attention = attention(&customer.sends, person, policies);
    customer
}

/// What is kept of how they took what they were sent before.
fn attention(sends: &[PastSend], person: &Person, policies: &Policies) -> Attention {
    let mut attention = Attention::default();
    let Some(fatigue) = &policies.fatigue else {
        return attention;
    };
    for send in sends {
        if fatigue.covers(policies, &send.purpose, send.channel) {
            let counted = fatigue.channels.contains(&send.channel);
            attention.sent(send.message, send.at, send.channel, counted);
            let written = (0..).zip(&person.sent);
            let mut heeded = written.filter(|(_, past)| past.heeded);
            if heeded.any(|(n, _)| message_before(n) == send.message) {
                attention.heed();
            }
        }
    }
    attention
}

/// The id of a message of before, by its place in the test.
fn message_before(n: u32) -> MessageId {
    MessageId::of(RunId(uuid::Uuid::nil()), 0, n)
}

/// All channels, but for those whose address is written and empty.
fn reachable(person: &Person) -> Vec<Channel> {
    if let Some(channels) = &person.reachable {
        return channels.clone();
    }
    let empty = |name: &str| {
        let found = person.traits.iter().find(|t| &*t.0 == name);
        found.is_some_and(|(_, value)| match value {
            Operand::Literal(Value::Text(text)) => text.trim().is_empty(),
            Operand::Literal(value) => value.is_null(),
            _ => false,
        })
    };
    let mut all = Channel::ALL.to_vec();
    all.retain(|channel| !addresses(*channel).iter().any(|name| empty(name)));
    all
}

/// The traits that hold the address of a channel.
pub(super) fn addresses(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Email => &["email"],
        Channel::Sms => &["phone"],
        Channel::Push => &["push_token", "push_tokens"],
        Channel::Chat => &["chat_id"],
    }
}

fn past(
    person: &Person,
    start: Timestamp,
    machines: &BTreeMap<Arc<str>, Arc<Machine>>,
) -> Vec<PastSend> {
    let run = RunId(uuid::Uuid::nil());
    let mut sends: Vec<PastSend> = (0..)
        .zip(&person.sent)
        .map(|(n, past)| {
            let machine = past.journey.as_ref().and_then(|j| machines.get(j));
            PastSend {
                message: message_before(n),
                at: time::plus(start, -past.ago),
                channel: past.channel,
                purpose: past.purpose.clone(),
                journey: past.journey.clone().unwrap_or_default(),
                tags: machine.map_or_else(Vec::new, |m| m.tags.clone()),
                run,
                queued: false,
                repeats: None,
            }
        })
        .collect();
    sends.sort_by_key(|s| (s.at, s.message));
    sends
}

/// The journey under test and those beside it, with the policies of the workspace. An arm is
/// forced by giving it all the weight: what decides is the code of production.
pub(super) fn world(
    test: &Test,
    journey: &str,
    machines: &BTreeMap<Arc<str>, Arc<Machine>>,
    policies: &Policies,
) -> World {
    let own = machines.get(journey).map(|m| forced(m, &test.arms));
    let beside = test
        .with
        .iter()
        .filter_map(|name| machines.get(name).cloned());
    World::new(own.into_iter().chain(beside), [], policies.clone())
}

/// The machine in which these arms are taken.
pub(super) fn forced(machine: &Arc<Machine>, wanted: &[(Arc<str>, Arc<str>)]) -> Arc<Machine> {
    if wanted.is_empty() {
        return machine.clone();
    }
    let mut machine = Machine::clone(machine);
    for node in &mut machine.nodes {
        let arm = wanted.iter().find(|(split, _)| *split == node.id);
        if let (Op::Split { arms, .. }, Some((_, wanted))) = (&mut node.op, arm) {
            for arm in arms {
                arm.weight = u32::from(arm.name == *wanted);
            }
        }
    }
    Arc::new(machine.sealed())
}

/// Whether a step of the journey sets that trait.
pub(super) fn sets_trait(machine: &Machine, name: &str) -> bool {
    machine.nodes.iter().any(|node| match &node.op {
        Op::Set(targets) => targets
            .iter()
            .any(|(target, _)| matches!(target, Target::Customer(n) if &**n == name)),
        _ => false,
    })
}

/// Why intake would refuse that trait.
pub(super) fn refused_trait(schemas: &Schemas, name: &Arc<str>, value: &Value) -> Option<String> {
    let mut event = event(
        SOMEBODY,
        Arc::from("identify"),
        Map::new(),
        Timestamp::UNIX_EPOCH,
        0,
    );
    event.traits.insert(name.clone(), value.clone());
    schemas.refuse(&event)
}

/// Why intake would refuse the event, if all its fields are written out.
pub(super) fn refused_event(
    schemas: &Schemas,
    name: &Arc<str>,
    with: &[(Arc<str>, Operand)],
) -> Option<String> {
    if !with.iter().all(|f| written_out(&f.1)) {
        return None;
    }
    let none = Map::new();
    let here = Here {
        now: Timestamp::UNIX_EPOCH,
        traits: &none,
    };
    let fields = with
        .iter()
        .map(|(name, value)| (name.clone(), value.eval(&here)))
        .collect();
    schemas.refuse(&event(
        SOMEBODY,
        name.clone(),
        fields,
        Timestamp::UNIX_EPOCH,
        0,
    ))
}

fn written_out(value: &Operand) -> bool {
    match value {
        Operand::Literal(_) => true,
        Operand::Computed(_) => false,
        Operand::List(items) => items.iter().all(written_out),
        Operand::Map(fields) => fields.values().all(written_out),
    }
}

/// An event of the customer called `key`; `number` tells it from all others of the test.
pub(super) fn event(key: &str, name: Arc<str>, fields: Map, at: Timestamp, number: u32) -> Event {
    Event {
        customer: Arc::from(key),
        name,
        at,
        properties: Value::Map(Arc::new(fields)),
        traits: Map::new(),
        message_id: Arc::from(format!("test-{number}")),
        source: Arc::from("test"),
    }
}

/// The id of an event of a test.
pub(super) fn event_id(event: &Event) -> InputId {
    InputId::of_event(&event.source, &event.message_id)
}
