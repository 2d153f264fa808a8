//! A checked journey as a flat machine: branches stand behind the step that branches, and the
//! last step of a branch goes on behind it.

use std::{collections::BTreeMap, sync::Arc};

use super::env::branches;
use crate::{
    expr::Operand,
    machine::{self, Machine, Node, NodeId, Op},
    parse::ast::{self, Action, Formula, Given, Journey, Step, Word},
};

/// The machine of a journey in which no error stands.
pub(super) fn machine(journey: &Journey, text: &str) -> Machine {
    let mut lower = Lower {
        text,
        purpose: word(journey.purpose.as_ref()),
        nodes: Vec::new(),
        verbs: BTreeMap::new(),
    };
    lower.list(&journey.steps, NodeId::END);
    let name = word(journey.name.as_ref());
    Machine {
        id: crate::ids::MachineId(uuid::Uuid::nil()),
        title: journey
            .title
            .as_ref()
            .map_or_else(|| name.clone(), |t| t.text.clone()),
        journey: name,
        priority: journey.priority,
        tags: journey.tags.iter().map(|t| t.text.clone()).collect(),
        entries: journey.entries.iter().map(entry).collect(),
        inside: journey.inside,
        again: journey.again,
        goal: journey.goal.as_ref().map(|g| machine::Goal {
            event: g.event.as_ref().map(|w| w.text.clone()),
            condition: expr(g.condition.as_ref()),
            within: g.within,
        }),
        exits: journey.exits.iter().map(exit).collect(),
        stay: journey.stay.as_ref().map(|(after, reason)| machine::Stay {
            after: *after,
            reason: reason
                .as_ref()
                .map_or_else(|| Arc::from("too_long"), |r| r.text.clone()),
        }),
        nodes: lower.nodes,
    }
}

fn entry(entry: &ast::Entry) -> machine::Entry {
    machine::Entry {
        event: word(entry.event.as_ref()),
        condition: expr(entry.condition.as_ref()),
        key: expr(entry.key.as_ref()),
        fresh: entry.fresh.unwrap_or_default(),
    }
}

fn exit(exit: &ast::Exit) -> machine::Exit {
    let event = exit.event.as_ref().map(|w| w.text.clone());
    machine::Exit {
        reason: exit
            .reason
            .as_ref()
            .map(|r| r.text.clone())
            .or_else(|| event.clone())
            .unwrap_or_default(),
        event,
        condition: expr(exit.condition.as_ref()),
    }
}

fn word(word: Option<&Word>) -> Arc<str> {
    word.map_or_else(|| Arc::from(""), |w| w.text.clone())
}

fn expr(formula: Option<&Formula>) -> Option<crate::expr::Expr> {
    formula.map(|f| f.expr.clone())
}

pub(crate) fn operand(given: &Given) -> Operand {
    match given {
        Given::Literal(value) => Operand::Literal(value.clone()),
        Given::Computed(formula) => Operand::Computed(formula.expr.clone()),
        Given::List(items) => Operand::List(items.iter().map(operand).collect()),
        Given::Map(fields) => Operand::Map(
            fields
                .iter()
                .map(|(k, v)| (k.clone(), operand(v)))
                .collect(),
        ),
    }
}

/// How many nodes a list of steps becomes.
fn size(steps: &[Step]) -> u32 {
    steps
        .iter()
        .map(|s| 1 + branches(s).into_iter().map(size).sum::<u32>())
        .sum()
}

struct Lower<'t> {
    text: &'t str,
    purpose: Arc<str>,
    nodes: Vec<Node>,
    /// How many steps of each verb there are so far.
    verbs: BTreeMap<&'static str, u32>,
}

impl Lower<'_> {
    /// Where the next node goes. The parser's budget keeps the number small.
    fn here(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn list(&mut self, steps: &[Step], next: NodeId) {
        for (i, step) in steps.iter().enumerate() {
            let behind = self.here() + size(std::slice::from_ref(step));
            let last = i + 1 == steps.len();
            self.step(step, if last { next } else { NodeId(behind) });
        }
    }

    fn step(&mut self, step: &Step, next: NodeId) {
        let count = self.verbs.entry(step.verb).or_insert(0);
        *count += 1;
        let id = step.id.as_ref().map_or_else(
            || Arc::from(format!("{}#{count}", step.verb)),
            |w| w.text.clone(),
        );
        let line = self
            .text
            .get(..step.verb_span.start)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1;
        let lists = branches(step);
        let mut firsts = Vec::with_capacity(lists.len());
        let mut at = self.here() + 1;
        for list in &lists {
            firsts.push(if list.is_empty() { next } else { NodeId(at) });
            at += size(list);
        }
        let node = Node {
            id,
            op: self.op(&step.action, &firsts, next),
            next: if matches!(step.action, Action::Exit(_)) {
                NodeId::END
            } else {
                next
            },
            line: u32::try_from(line).unwrap_or(u32::MAX),
        };
        self.nodes.push(node);
        for list in lists {
            self.list(list, next);
        }
    }

    /// `firsts`: where each branch begins, in the order of [`branches`].
    fn op(&self, action: &Action, firsts: &[NodeId], next: NodeId) -> Op {
        let first = |i: usize| firsts.get(i).copied().unwrap_or(next);
        match action {
            Action::Wait(w) => Op::Wait(machine::Wait {
                span: w.span,
                moment: expr(w.moment.as_ref()),
                offset: w.offset,
                at: w.at,
                days: w.days.clone(),
                zone: w.zone.clone(),
                missed: match w.missed {
                    ast::Missed::GoOn => machine::Missed::GoOn,
                    ast::Missed::Exit => machine::Missed::Exit,
                    ast::Missed::Steps(_) => machine::Missed::Steps(first(0)),
                },
            }),
            Action::WaitFor(w) => Op::WaitFor(machine::WaitFor {
                event: w.event.as_ref().map(|w| w.text.clone()),
                condition: expr(w.condition.as_ref()),
                within: w.within,
                then: first(0),
                otherwise: first(1),
            }),
            Action::Choose(arms, _) => Op::Choose {
                arms: arms
                    .iter()
                    .zip(firsts)
                    .filter_map(|((when, _), at)| Some((expr(when.as_ref())?, *at)))
                    .collect(),
                otherwise: first(arms.len()),
            },
            Action::Split(split) => Op::Split {
                salt: split.salt.clone(),
                arms: split
                    .arms
                    .iter()
                    .zip(firsts)
                    .map(|(arm, at)| machine::Arm {
                        name: arm.name.text.clone(),
                        weight: arm.weight.unwrap_or(0),
                        first: *at,
                    })
                    .collect(),
            },
            Action::Send(send) => Op::Send(self.send(send)),
            Action::Set(set) => Op::Set(
                set.iter()
                    .map(|(target, given)| (target.clone(), operand(given)))
                    .collect(),
            ),
            Action::Exit(reason) => Op::Exit {
                reason: word(reason.as_ref()),
            },
            // Reported: no machine is made.
            Action::Unknown(_) => Op::Set(Vec::new()),
        }
    }

    fn send(&self, send: &ast::Send) -> machine::Send {
        machine::Send {
            channels: send.channels.iter().map(|c| c.0).collect(),
            purpose: send
                .purpose
                .as_ref()
                .map_or_else(|| self.purpose.clone(), |p| p.text.clone()),
            template: word(send.template.as_ref()),
            with: send.with.as_ref().map(operand),
            capped: send.capped.as_ref().map(|c| c.0),
            quiet: send.quiet.as_ref().map(|q| q.0),
            expires: send.expires,
        }
    }
}
