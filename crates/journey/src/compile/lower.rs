//! A checked journey as a flat machine: branches stand behind the step that branches, and the
//! last step of a branch goes on behind it.

use std::{collections::BTreeMap, sync::Arc};

use super::{World, entries, env::branches, fragments::Rewrite};
use crate::{
    diagnostics::Sink,
    expr::{Expr, Operand},
    machine::{self, Machine, Node, NodeId, Op},
    parse::ast::{self, Action, Formula, Given, Journey, Step, Word},
    source::Span,
};

/// The machine of a journey in which no error stands, and where its steps stand.
pub(super) fn machine(
    journey: &Journey,
    text: &str,
    world: World<'_>,
    sink: &mut Sink,
) -> (Machine, Vec<Option<Span>>) {
    let mut lower = Lower {
        text,
        purpose: word(journey.purpose.as_ref()),
        nodes: Vec::new(),
        places: Vec::new(),
        verbs: BTreeMap::new(),
        rewrite: None,
        used: None,
        sink,
    };
    lower.list(&journey.steps, NodeId::END);
    let (nodes, places) = (lower.nodes, lower.places);
    let name = word(journey.name.as_ref());
    let machine = Machine {
        id: crate::ids::MachineId(uuid::Uuid::nil()),
        title: journey
            .title
            .as_ref()
            .map_or_else(|| name.clone(), |t| t.text.clone()),
        journey: name,
        priority: journey.priority,
        tags: journey.tags.iter().map(|t| t.text.clone()).collect(),
        entries: journey
            .entries
            .iter()
            .filter_map(|e| entries::lower(e, world))
            .collect(),
        inside: journey.inside,
        again: journey.again,
        goal: journey.goal.as_ref().map(|g| machine::Goal {
            event: g.event.as_ref().map(|w| w.text.clone()),
            condition: expr(g.condition.as_ref()),
            within: g.within.as_ref().map(|w| w.0),
        }),
        exits: journey.exits.iter().map(exit).collect(),
        stay: journey.stay.as_ref().map(|stay| machine::Stay {
            after: stay.after,
            reason: stay
                .reason
                .as_ref()
                .map_or_else(|| Arc::from("too_long"), |r| r.text.clone()),
        }),
        migrate: journey.migrate.clone(),
        nodes,
    };
    (machine, places)
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

fn expr(formula: Option<&Formula>) -> Option<Expr> {
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
        .map(|s| 1 + lists(s).into_iter().map(size).sum::<u32>())
        .sum()
}

/// The lists of steps inside a step, those of a fragment among them, in the order of the machine.
fn lists(step: &Step) -> Vec<&[Step]> {
    match &step.action {
        Action::Use(used) => vec![used.steps.as_slice()],
        _ => branches(step),
    }
}

struct Lower<'t> {
    text: &'t str,
    purpose: Arc<str>,
    nodes: Vec<Node>,
    /// Where each node's step stands in the journey's file; a fragment's stand in another.
    places: Vec<Option<Span>>,
    /// How many steps of each verb there are so far.
    verbs: BTreeMap<&'static str, u32>,
    /// Inside a fragment: what its names are in the journey.
    rewrite: Option<Rewrite>,
    /// Inside a fragment: where it is used, in bytes of the journey's file.
    used: Option<Span>,
    sink: &'t mut Sink,
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
        let id = match (&step.id, &self.rewrite) {
            (None, _) => Arc::from(format!("{}#{count}", step.verb)),
            (Some(id), None) => id.text.clone(),
            (Some(id), Some(rewrite)) => rewrite.id(&id.text),
        };
        let place = self.used.as_ref().map_or(step.verb_span.start, |u| u.start);
        let before = self.text.get(..place).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let lists = lists(step);
        let mut firsts = Vec::with_capacity(lists.len());
        let mut at = self.here() + 1;
        // The last step of a round goes on at the `repeat` itself.
        let behind = match step.action {
            Action::Repeat(_) => NodeId(self.here()),
            _ => next,
        };
        for list in &lists {
            firsts.push(if list.is_empty() { behind } else { NodeId(at) });
            at += size(list);
        }
        let node = Node {
            id: id.clone(),
            op: self.op(&step.action, &firsts, next),
            next: match step.action {
                Action::Exit(_) => NodeId::END,
                Action::Use(_) => firsts.first().copied().unwrap_or(next),
                _ => next,
            },
            line: u32::try_from(line).unwrap_or(u32::MAX),
        };
        self.nodes.push(node);
        let own = self.used.is_none();
        self.places.push(own.then(|| step.verb_span.clone()));
        if let Action::Use(used) = &step.action {
            return self.fragment(step, used, next);
        }
        for list in lists {
            self.list(list, behind);
        }
    }

    /// The steps of a fragment, with the names that they have in the journey.
    fn fragment(&mut self, step: &Step, used: &ast::Use, next: NodeId) {
        let id = step.id.as_ref().map_or("", |w| &w.text);
        let outer = self.rewrite.clone();
        let inner = outer.clone().unwrap_or_default().inner(id, used);
        let place = self.used.clone();
        self.used.get_or_insert_with(|| step.verb_span.clone());
        self.rewrite = Some(inner);
        self.list(&used.steps, next);
        self.rewrite = outer;
        self.used = place;
    }

    fn expr(&mut self, formula: Option<&Formula>) -> Option<Expr> {
        let expr = formula.map(|f| f.expr.clone())?;
        let Some(rewrite) = &self.rewrite else {
            return Some(expr);
        };
        let rewritten = rewrite.expr(&expr);
        if rewritten.is_none() {
            self.too_long();
        }
        rewritten
    }

    /// A fragment whose expressions do not fit once its parameters are put in.
    fn too_long(&mut self) {
        let place = self.used.clone().unwrap_or_default();
        if !self.sink.has("J209", &place) {
            self.sink
                .error("J209", place, "an expression of this fragment becomes too long")
                .labelled("with these parameters")
                .noted("an expression has at most 8 kB and 64 levels: keep the parameter in a variable first, `set: { run.NAME: … }`, and pass that on");
        }
    }

    fn operand(&self, given: &Given) -> Operand {
        match &self.rewrite {
            Some(rewrite) => operand(&rewrite.given(given)),
            None => operand(given),
        }
    }

    /// `firsts`: where each branch begins, in the order of [`branches`].
    fn op(&mut self, action: &Action, firsts: &[NodeId], next: NodeId) -> Op {
        let first = |i: usize| firsts.get(i).copied().unwrap_or(next);
        match action {
            Action::Wait(w) => Op::Wait(machine::Wait {
                span: w.span,
                moment: self.expr(w.moment.as_ref()),
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
                arms: w
                    .arms
                    .iter()
                    .zip(firsts)
                    .map(|(arm, then)| machine::Awaited {
                        event: arm.event.as_ref().map(|w| w.text.clone()),
                        condition: self.expr(arm.condition.as_ref()),
                        then: *then,
                    })
                    .collect(),
                within: w.within,
                otherwise: first(w.arms.len()),
            }),
            Action::Choose(arms, _) => Op::Choose {
                arms: arms
                    .iter()
                    .zip(firsts)
                    .filter_map(|((when, _), at)| Some((self.expr(when.as_ref())?, *at)))
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
                    .map(|(target, given, _)| (target.clone(), self.operand(given)))
                    .collect(),
            ),
            Action::Exit(reason) => Op::Exit {
                reason: word(reason.as_ref()),
            },
            Action::Ask(ask) => Op::Ask(Box::new(self.ask(ask, &first))),
            Action::Call(call) => Op::Call(machine::Call {
                endpoint: word(call.endpoint.as_ref()),
                with: call.with.as_ref().map(|g| self.operand(g)),
                save: call.save.clone(),
                within: call.within,
                due: call.due,
                otherwise: first(0),
            }),
            Action::HandOver(call) => Op::HandOver(machine::HandOver {
                endpoint: word(call.endpoint.as_ref()),
                with: call.with.as_ref().map(|g| self.operand(g)),
                save: call.save.clone(),
                due: call.due,
                purpose: call.purpose.as_ref().map(|p| p.text.clone()),
                within: call.within,
                otherwise: first(0),
            }),
            Action::Repeat(repeat) => Op::Repeat(machine::Repeat {
                every: repeat.every.unwrap_or_default(),
                times: repeat.times.unwrap_or(1),
                until: self.expr(repeat.until.as_ref()),
                first: first(0),
            }),
            Action::Emit(event, with) => Op::Emit {
                event: word(event.as_ref()),
                with: with.as_ref().map(|g| self.operand(g)),
            },
            Action::Start(journey, with) => Op::Start {
                journey: word(journey.as_ref()),
                with: with.as_ref().map(|g| self.operand(g)),
            },
            Action::Stop(journey) => Op::Stop {
                journey: word(journey.as_ref()),
            },
            Action::Use(used) => Op::Use {
                fragment: used.fragment.text.clone(),
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
            with: send.with.as_ref().map(|g| self.operand(g)),
            capped: send.capped.as_ref().map(|c| c.0),
            quiet: send.quiet.as_ref().map(|q| q.0),
            expires: send.expires,
            key: send.key.as_ref().map(|g| self.operand(g)),
        }
    }

    fn ask(&self, ask: &ast::Ask, first: &dyn Fn(usize) -> NodeId) -> machine::Ask {
        let expect = match &ask.expect {
            Some(ast::Expect::Options(choices)) => machine::Expect::Options(
                choices
                    .iter()
                    .enumerate()
                    .map(|(i, c)| machine::Choice {
                        name: c.name.text.clone(),
                        label: c.label.clone(),
                        synonyms: c.synonyms.iter().map(|s| s.text.clone()).collect(),
                        then: first(2 + i),
                    })
                    .collect(),
            ),
            Some(ast::Expect::Number { min, max }) => machine::Expect::Number {
                min: *min,
                max: *max,
            },
            Some(ast::Expect::Date) => machine::Expect::Date,
            Some(ast::Expect::Email) => machine::Expect::Email,
            Some(ast::Expect::Text) | None => machine::Expect::Text,
        };
        machine::Ask {
            send: self.send(&ask.send),
            expect,
            save: ask.save.clone(),
            within: ask.within,
            retry: ask.retry,
            not_understood: first(0),
            otherwise: first(1),
        }
    }
}
