//! What a message looks like before it is sent: plausible values for a template, from the journeys
//! that use it and the examples of the schemas. Filling it in is [`crate::render`], as in dispatch.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    expr::{Operand, Root, Scope},
    machine::{Ask, Entry, Expect, Machine, Op, Send, Target},
    schema::Schemas,
    value::{Map, Value},
};

/// A send that uses a template, with what it would pass on.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The journey.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// Its consent purpose.
    pub purpose: Arc<str>,
    /// Its `with`, for an invented run; null where it has none.
    pub with: Value,
    /// The question, if it asks one.
    pub ask: Option<Ask>,
}

/// Every send that uses `template`, in the order of the journeys and their steps. The event that
/// entered is the example of its schema; variables have the value that the journey sets last;
/// `now` is what the clock says.
pub fn uses<'m>(
    template: &str,
    machines: impl IntoIterator<Item = &'m Machine>,
    schemas: &Schemas,
    customer: &Map,
    now: Timestamp,
) -> Vec<Use> {
    let mut found = Vec::new();
    for machine in machines {
        let sends: Vec<(&Arc<str>, &Send, Option<&Ask>)> = sends(machine)
            .filter(|(_, send, _)| *send.template == *template)
            .collect();
        if sends.is_empty() {
            continue;
        }
        let run = run(machine, schemas, customer, now);
        found.extend(sends.into_iter().map(|(step, send, ask)| Use {
            journey: machine.journey.clone(),
            step: step.clone(),
            purpose: send.purpose.clone(),
            with: send.with.as_ref().map_or(Value::Null, |w| w.eval(&run)),
            ask: ask.cloned(),
        }));
    }
    found
}

/// Sends, with the question that each may be.
fn sends(machine: &Machine) -> impl Iterator<Item = (&Arc<str>, &Send, Option<&Ask>)> {
    machine.nodes.iter().filter_map(|node| match &node.op {
        Op::Send(send) => Some((&node.id, send, None)),
        Op::Ask(ask) => Some((&node.id, &ask.send, Some(&**ask))),
        _ => None,
    })
}

/// The names of an invented run.
struct Invented<'m> {
    machine: &'m Machine,
    event: Value,
    key: Value,
    vars: BTreeMap<Arc<str>, Value>,
    customer: Value,
    now: Timestamp,
}

/// A run that entered by the first entry of which something is known, and has set what it sets.
fn run<'m>(
    machine: &'m Machine,
    schemas: &Schemas,
    customer: &Map,
    now: Timestamp,
) -> Invented<'m> {
    let occasion = |entry: &Entry| match entry.event() {
        Some(name) => schemas.sample_event(name),
        None => entry.by.occasion(now),
    };
    let entry = machine.entries.iter().find_map(|e| Some((e, occasion(e)?)));
    let mut run = Invented {
        machine,
        event: entry
            .as_ref()
            .map_or(Value::Null, |(_, event)| event.clone()),
        key: Value::Null,
        vars: BTreeMap::new(),
        customer: Value::Map(Arc::new(customer.clone())),
        now,
    };
    let key = entry.and_then(|(entry, _)| entry.key.as_ref());
    run.key = key.map_or(Value::Null, |key| key.eval(&run));
    for node in &machine.nodes {
        match &node.op {
            Op::Set(set) => set
                .iter()
                .for_each(|(target, value)| run.set(target, value)),
            Op::Ask(ask) => run.save(ask.save.as_ref(), answer(ask)),
            Op::Call(call) => run.save(call.save.as_ref(), Value::Null),
            _ => {}
        }
    }
    run
}

impl Invented<'_> {
    fn set(&mut self, target: &Target, value: &Operand) {
        if let Target::Run(name) = target {
            let value = value.eval(self);
            self.vars.insert(name.clone(), value);
        }
    }

    /// What became of a step, had all gone well: its heaviest arm, its first answer, its first round.
    fn step(&self, path: &[Arc<str>]) -> Value {
        let [id, field] = path else {
            return Value::Null;
        };
        let node = self.machine.nodes.iter().find(|n| n.id == *id);
        match (&**field, node.map(|n| &n.op)) {
            ("arm", Some(Op::Split { arms, .. })) => {
                let first = arms.iter().max_by_key(|a| a.weight);
                first.map_or(Value::Null, |a| Value::Text(a.name.clone()))
            }
            ("answer", Some(Op::Ask(ask))) => answer(ask),
            ("round", Some(Op::Repeat(_))) => Value::Int(1),
            ("sent" | "delivered" | "matched", Some(_)) => Value::Bool(true),
            ("opened" | "clicked" | "replied" | "failed" | "suppressed", Some(_)) => {
                Value::Bool(false)
            }
            _ => Value::Null,
        }
    }

    /// Keeps an answer; where nobody can tell what it would be, its name stands for it.
    fn save(&mut self, target: Option<&Target>, answer: Value) {
        if let Some(Target::Run(name)) = target {
            let value = if answer.is_null() {
                Value::Text(name.clone())
            } else {
                answer
            };
            self.vars.insert(name.clone(), value);
        }
    }
}

/// A plausible answer to a question; null for free text.
fn answer(ask: &Ask) -> Value {
    match &ask.expect {
        Expect::Options(choices) => {
            let first = choices.first();
            first.map_or(Value::Null, |c| Value::Text(c.name.clone()))
        }
        Expect::Number { min, max } => Value::number(max.or(*min).unwrap_or(1.0)),
        Expect::Date => Value::text("2026-01-05"),
        Expect::Email => Value::text("ana@shop.example"),
        Expect::Text => Value::Null,
    }
}

impl Scope for Invented<'_> {
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value {
        match (root, path.split_first()) {
            (Root::Event, _) => self.event.at(path),
            (Root::Customer, _) => self.customer.at(path),
            (Root::Run, Some((first, rest))) => match &**first {
                "key" => self.key.clone(),
                "event" => self.event.at(rest),
                name => self.vars.get(name).map_or(Value::Null, |v| v.at(rest)),
            },
            (Root::Steps, _) => self.step(path),
            (Root::Consent, _) => Value::Bool(true),
            (Root::Now, _) => Value::Moment(self.now),
            _ => Value::Null,
        }
    }
}
