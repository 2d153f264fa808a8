//! What the conditions and steps of a journey read of a customer and of events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::ALL;
use crate::{
    expr::{Expr, Operand, Root, types::Type},
    machine::{Ask, By, Machine, Op, Send, Wait, Zone},
    schema::Schemas,
};

/// What is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    /// Traits; `*`: all.
    pub(super) traits: BTreeSet<Arc<str>>,
    /// Fields by event; `*`: all.
    pub(super) events: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// The first name of a path as templates write it: `cart.items[].name` is `cart`.
pub(super) fn first(path: &str) -> Arc<str> {
    Arc::from(path.split(['.', '[']).next().unwrap_or(path))
}

/// What a machine reads. Events that it only listens to are there without fields.
pub(super) fn of(machine: &Machine, schemas: &Schemas) -> Read {
    let entries = machine.entries.iter().filter_map(|e| e.event().cloned());
    let mut walk = Walk {
        entries: entries.collect(),
        listens: machine.listens(),
        schemas,
        read: Read::default(),
    };
    for event in walk.listens.clone() {
        walk.read.events.entry(event).or_default();
    }
    walk.head(machine);
    for node in &machine.nodes {
        walk.step(&node.op);
    }
    walk.read
}

struct Walk<'a> {
    /// Events that `run.event` may be.
    entries: Vec<Arc<str>>,
    /// Events that `event` may be in a step.
    listens: Vec<Arc<str>>,
    schemas: &'a Schemas,
    read: Read,
}

impl Walk<'_> {
    fn head(&mut self, machine: &Machine) {
        for entry in &machine.entries {
            let event = entry.event().cloned();
            let own = event.as_slice();
            self.exprs(own, entry.condition.iter().chain(&entry.key));
            match &entry.by {
                By::Segment { condition, .. } => self.exprs(&[], [condition]),
                By::Schedule {
                    segment: Some((_, condition)),
                    ..
                } => self.exprs(&[], [condition]),
                By::Date { of, zone, .. } => {
                    self.read
                        .traits
                        .insert(first(of.strip_prefix("customer.").unwrap_or(of)));
                    self.zone(zone);
                }
                _ => {}
            }
        }
        if let Some(goal) = &machine.goal {
            self.exprs(goal.event.as_slice(), &goal.condition);
        }
        for exit in &machine.exits {
            self.exprs(exit.event.as_slice(), &exit.condition);
        }
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Wait(wait) => self.wait(wait),
            Op::WaitFor(wait) => {
                for arm in &wait.arms {
                    self.exprs(arm.event.as_slice(), &arm.condition);
                }
            }
            Op::Choose { arms, .. } => {
                let listens = self.listens.clone();
                self.exprs(&listens, arms.iter().map(|(condition, _)| condition));
            }
            Op::Send(send) => self.send(send),
            Op::Ask(ask) => self.ask(ask),
            Op::Set(values) => {
                for (_, value) in values {
                    self.operand(value);
                }
            }
            Op::Call(call) => self.operands(&call.with),
            Op::HandOver(call) => self.operands(&call.with),
            Op::Repeat(repeat) => {
                let listens = self.listens.clone();
                self.exprs(&listens, &repeat.until);
            }
            Op::Emit { with, .. } | Op::Start { with, .. } => self.operands(with),
            Op::Split { .. } | Op::Exit { .. } | Op::Stop { .. } | Op::Use { .. } => {}
        }
    }

    fn wait(&mut self, wait: &Wait) {
        let listens = self.listens.clone();
        self.exprs(&listens, &wait.moment);
        if wait.at.is_some() || !wait.days.is_empty() {
            self.zone(&wait.zone);
        }
    }

    fn zone(&mut self, zone: &Zone) {
        if *zone == Zone::Customer {
            self.read
                .traits
                .extend(["timezone", "phone"].map(Arc::from));
        }
    }

    fn send(&mut self, send: &Send) {
        self.operands(&send.with);
        self.operands(&send.key);
    }

    fn ask(&mut self, ask: &Ask) {
        self.send(&ask.send);
        let text = BTreeSet::from([Arc::from("text")]);
        let replied = Arc::from(crate::machine::REPLIED);
        self.read.events.entry(replied).or_default().extend(text);
    }

    fn operands(&mut self, operand: &Option<Operand>) {
        if let Some(operand) = operand {
            self.operand(operand);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Literal(_) => {}
            Operand::Computed(expr) => {
                let listens = self.listens.clone();
                self.exprs(&listens, [expr]);
            }
            Operand::List(items) => items.iter().for_each(|o| self.operand(o)),
            Operand::Map(fields) => fields.values().for_each(|o| self.operand(o)),
        }
    }

    /// `event` is one of `current` in these.
    fn exprs<'e>(&mut self, current: &[Arc<str>], exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            for (root, names, _) in expr.paths() {
                self.path(current, root, &names);
            }
        }
    }

    fn path(&mut self, current: &[Arc<str>], root: Root, names: &[Arc<str>]) {
        let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| Arc::from(ALL));
        match root {
            Root::Customer => drop(self.read.traits.insert(name(0))),
            Root::Event => self.field(current, &name(0)),
            Root::Run if names.first().is_none_or(|n| &**n == "event") => {
                self.field(&self.entries.clone(), &name(1));
            }
            _ => {}
        }
    }

    /// A field of one of these events: of those that declare it, or of all where none does.
    fn field(&mut self, events: &[Arc<str>], field: &Arc<str>) {
        let declares = |event: &&Arc<str>| {
            let kind = self.schemas.event(event);
            matches!(&kind, Type::Map { fields, .. } if fields.contains_key(field))
        };
        let mut of: Vec<_> = events.iter().filter(declares).cloned().collect();
        if of.is_empty() {
            of = events.to_vec();
        }
        for event in of {
            let fields = self.read.events.entry(event).or_default();
            fields.insert(field.clone());
        }
    }
}
