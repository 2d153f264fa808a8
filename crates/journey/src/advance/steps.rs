//! Steps: a run walks from node to node until it waits or leaves.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Chained, Stepper, View, send::Place};
use crate::{
    customer::{Pending, StepState},
    expr::{Expr, Operand},
    ids::{RunId, sticky},
    machine::{Arm, Hours, Machine, Missed, Node, NodeId, Op, Target, Wait, WaitFor},
    time,
    trace::Fact,
    value::Value,
};

/// What a step asks for.
pub(super) enum Flow {
    /// Go on there.
    To(NodeId),
    /// Stay until something happens.
    Stay,
    /// The run has left.
    Left,
}

/// When a wait ends.
enum End {
    Until {
        at: Timestamp,
        zone: Option<Arc<str>>,
    },
    /// Its moment is null.
    Never,
}

/// Whether that end is missed (rule 25): a moment that is over; a plain wait cannot be.
fn is_missed(wait: &Wait, at: Timestamp, now: Timestamp) -> bool {
    wait.moment.is_some() && at < now
}

impl Stepper<'_> {
    /// Walks the run to its next wait, its exit or its end.
    pub(super) fn walk(&mut self, id: RunId) {
        let Some(machine) = self
            .run(id)
            .and_then(|r| self.world.machine(r.machine))
            .cloned()
        else {
            return;
        };
        // Steps lead forward only, so no walk is longer than the journey.
        for _ in 0..=machine.nodes.len() {
            let Some(run) = self.run(id).filter(|r| r.left.is_none()) else {
                return;
            };
            let Some(node) = machine.node(run.node) else {
                return self.leave(id, Arc::from("completed"), false);
            };
            match self.perform(id, &machine, run.node, node) {
                Flow::To(next) => {
                    if let Some(run) = self.touch(id) {
                        run.node = next;
                        run.state.pending = None;
                    }
                }
                Flow::Stay => return self.schedule(id),
                Flow::Left => return,
            }
        }
    }

    fn perform(&mut self, id: RunId, machine: &Machine, number: NodeId, node: &Node) -> Flow {
        match &node.op {
            Op::Wait(wait) => self.start_wait(id, node, wait),
            Op::WaitFor(wait) => self.start_wait_for(id, node, wait),
            Op::Choose { arms, otherwise } => self.choose(id, node, arms, *otherwise),
            Op::Split { salt, arms } => self.split(id, node, salt, arms),
            Op::Send(send) => self.send(
                id,
                Place {
                    machine,
                    number,
                    node,
                    send,
                },
            ),
            Op::Set(targets) => self.set(id, node, targets),
            Op::Exit { reason } => {
                self.leave(id, reason.clone(), false);
                Flow::Left
            }
        }
    }

    fn start_wait(&mut self, id: RunId, node: &Node, wait: &Wait) -> Flow {
        match self.end_of(id, wait, self.now) {
            Some(End::Until { at, .. }) if is_missed(wait, at, self.now) => {
                self.missed(id, node, &wait.missed)
            }
            Some(End::Until { at, .. }) if at <= self.now => Flow::To(node.next),
            Some(End::Until { at, zone }) => self.stay(id, node, Some(at), None, zone),
            Some(End::Never) => self.missed(id, node, &wait.missed),
            None => Flow::Stay,
        }
    }

    fn missed(&mut self, id: RunId, node: &Node, missed: &Missed) -> Flow {
        match missed {
            Missed::GoOn => Flow::To(node.next),
            Missed::Steps(first) => Flow::To(*first),
            Missed::Exit => {
                self.leave(id, Arc::from("missed"), false);
                Flow::Left
            }
        }
    }

    /// When a wait that began at `since` ends. Its moment is what it was then, but for traits and
    /// `run.event`: the passage of `now` is no change (rule 27).
    fn end_of(&self, id: RunId, wait: &Wait, since: Timestamp) -> Option<End> {
        let run = self.run(id)?;
        let then = View {
            now: since,
            ..self.view(run)
        };
        let from = match &wait.moment {
            None => time::plus(since, wait.span),
            Some(moment) => match self.moment(&moment.eval(&then), wait) {
                Some(at) => time::plus(at, wait.offset),
                None => return Some(End::Never),
            },
        };
        let local = wait.at.is_some() || !wait.days.is_empty();
        let zoned =
            local.then(|| time::resolve(&wait.zone, self.customer, &self.world.policies.defaults));
        let at = match &zoned {
            Some(zoned) => time::opening(
                self.of_the_day(from, wait, &zoned.zone),
                wait.at,
                &wait.days,
                &zoned.zone,
            ),
            None => from,
        };
        Some(End::Until {
            at,
            zone: zoned.map(|z| z.explained()),
        })
    }

    /// A moment with a time of day means that time of its own day: a birthday at 10:00. With a
    /// window, it is the moment itself that lies within it or not.
    fn of_the_day(&self, from: Timestamp, wait: &Wait, zone: &jiff::tz::TimeZone) -> Timestamp {
        if wait.moment.is_none() || !matches!(wait.at, Some(Hours::At(_))) {
            return from;
        }
        time::instant(
            from.to_zoned(zone.clone()).date(),
            jiff::civil::Time::MIN,
            zone,
        )
    }

    /// A value as a moment: an instant, or a date, which is its local midnight.
    fn moment(&self, value: &Value, wait: &Wait) -> Option<Timestamp> {
        value.as_moment().or_else(|| {
            let date: jiff::civil::Date = value.as_text()?.parse().ok()?;
            let zone = time::resolve(&wait.zone, self.customer, &self.world.policies.defaults).zone;
            Some(time::instant(date, jiff::civil::Time::MIN, &zone))
        })
    }

    /// Computes a wait anew from when it began, after its trait or `run.event` changed (rule 26).
    /// True if it is over, and the run ready to go on.
    pub(super) fn recompute_wait(&mut self, id: RunId) -> bool {
        let world = self.world;
        let Some(machine) = self.run(id).and_then(|r| world.machine(r.machine)).cloned() else {
            return false;
        };
        let Some(node) = self.waiting_node(id, &machine) else {
            return false;
        };
        let Op::Wait(wait) = &node.op else {
            return false;
        };
        let pending = self.run(id).and_then(|r| r.state.pending.clone());
        let Some(pending) = pending else { return false };
        match self.end_of(id, wait, pending.since) {
            Some(End::Until { at, .. }) if pending.until == Some(at) => false,
            Some(End::Until { at, zone }) if at > self.now => {
                self.stay_since(id, node, pending.since, Some(at), None, zone);
                self.schedule(id);
                false
            }
            Some(End::Until { at, .. }) if !is_missed(wait, at, self.now) => {
                self.finish_wait(id, node);
                true
            }
            Some(_) => self.miss(id, node, wait),
            None => false,
        }
    }

    /// An input has moved the moment into the past, or taken it away. True if the run goes on.
    fn miss(&mut self, id: RunId, node: &Node, wait: &Wait) -> bool {
        let Flow::To(next) = self.missed(id, node, &wait.missed) else {
            return false;
        };
        if let Some(run) = self.touch(id) {
            run.state.pending = None;
            run.node = next;
        }
        true
    }

    /// The wait is over: the run moves behind it.
    pub(super) fn finish_wait(&mut self, id: RunId, node: &Node) {
        if let Some(run) = self.touch(id) {
            run.state.pending = None;
            run.node = node.next;
        }
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Woke { matched: false },
        );
    }

    fn start_wait_for(&mut self, id: RunId, node: &Node, wait: &WaitFor) -> Flow {
        // A condition alone is tested on arrival; an event must come later (rule 27).
        let holds = wait.event.is_none()
            && self.run(id).is_some_and(|run| {
                wait.condition
                    .as_ref()
                    .is_some_and(|c| c.eval(&self.view(run)).holds())
            });
        if holds {
            self.finish_wait_for(id, &node.id, wait, true);
            return Flow::To(wait.then);
        }
        let until = wait.within.map(|within| time::plus(self.now, within));
        self.stay(id, node, until, wait.event.clone(), None)
    }

    fn stay(
        &mut self,
        id: RunId,
        node: &Node,
        until: Option<Timestamp>,
        event: Option<Arc<str>>,
        zone: Option<Arc<str>>,
    ) -> Flow {
        self.stay_since(id, node, self.now, until, event, zone);
        Flow::Stay
    }

    fn stay_since(
        &mut self,
        id: RunId,
        node: &Node,
        since: Timestamp,
        until: Option<Timestamp>,
        event: Option<Arc<str>>,
        zone: Option<Arc<str>>,
    ) {
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(Pending {
                since,
                until,
                held: None,
            });
        }
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Waits { until, event, zone },
        );
    }

    fn choose(
        &mut self,
        id: RunId,
        node: &Node,
        arms: &[(Expr, NodeId)],
        otherwise: NodeId,
    ) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let view = self.view(run);
        let chosen = arms
            .iter()
            .position(|(condition, _)| condition.eval(&view).holds());
        let arm = chosen.and_then(|i| u32::try_from(i).ok());
        self.note(Some(id), Some(node.id.clone()), Fact::Chose { arm });
        Flow::To(chosen.map_or(otherwise, |i| arms[i].1))
    }

    fn split(&mut self, id: RunId, node: &Node, salt: &str, arms: &[Arm]) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let total: u64 = arms.iter().map(|a| u64::from(a.weight)).sum();
        let drawn = sticky(self.customer.id, &run.journey, &node.id, salt, total);
        let mut sum = 0;
        let chosen = arms.iter().find(|arm| {
            sum += u64::from(arm.weight);
            drawn < sum
        });
        let Some(arm) = chosen else {
            return Flow::To(node.next);
        };
        let name = arm.name.clone();
        self.step_state(id, &node.id, |s| s.arm = Some(name.clone()));
        self.note(Some(id), Some(node.id.clone()), Fact::Split { arm: name });
        Flow::To(arm.first)
    }

    fn set(&mut self, id: RunId, node: &Node, targets: &[(Target, Operand)]) -> Flow {
        for (target, operand) in targets {
            let Some(run) = self.run(id) else {
                return Flow::Left;
            };
            let value = operand.eval(&self.view(run)).storable();
            let name: Arc<str> = match target {
                Target::Run(name) => {
                    self.set_variable(id, name, value.clone());
                    Arc::from(format!("run.{name}"))
                }
                Target::Customer(name) => {
                    self.set_trait(name, value.clone());
                    Arc::from(format!("customer.{name}"))
                }
            };
            self.note(Some(id), Some(node.id.clone()), Fact::Set { name, value });
        }
        Flow::To(node.next)
    }

    fn set_variable(&mut self, id: RunId, name: &Arc<str>, value: Value) {
        let Some(run) = self.touch(id) else { return };
        if value.is_null() {
            run.state.vars.remove(name);
        } else {
            run.state.vars.insert(name.clone(), value);
        }
    }

    /// A changed trait is seen at once by later steps, and tested against exits and waits as a
    /// further input of this turn (rule 12).
    fn set_trait(&mut self, name: &Arc<str>, value: Value) {
        let before = self.customer.traits.get(name);
        if before == Some(&value) || (before.is_none() && value.is_null()) {
            return;
        }
        if value.is_null() {
            self.customer.traits.remove(name);
        } else {
            self.customer.traits.insert(name.clone(), value);
        }
        self.effects.profile = true;
        self.chain(Chained::Traits);
    }

    /// Changes what is remembered of a named step; steps that nobody can name keep nothing.
    pub(super) fn step_state(
        &mut self,
        id: RunId,
        step: &Arc<str>,
        change: impl FnOnce(&mut StepState),
    ) {
        if step.contains('#') {
            return;
        }
        if let Some(run) = self.touch(id) {
            change(run.state.steps.entry(step.clone()).or_default());
        }
    }
}
