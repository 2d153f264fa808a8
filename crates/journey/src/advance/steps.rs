//! Steps: a run walks from node to node until it waits or leaves.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Chained, Stepper, View, Visit, calls::Calling, send::Place};
use crate::{
    customer::{Pending, StepState},
    expr::{Expr, Operand},
    ids::RunId,
    machine::{Arm, Awaited, Hours, Machine, Missed, Node, NodeId, Op, Target, Wait, WaitFor},
    plan::drawn,
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
        // Steps lead forward, but for rounds, of which each waits: no walk goes twice through them.
        for _ in 0..=machine.nodes.len().saturating_mul(2) {
            let Some(run) = self.run(id).filter(|r| r.left.is_none()) else {
                return;
            };
            let Some(node) = machine.node(run.node) else {
                return self.leave(id, Arc::from("completed"), false);
            };
            let number = run.node;
            match self.perform(id, &machine, number, node) {
                Flow::To(next) => self.move_on(id, next),
                Flow::Stay => {
                    self.visit(id, number, None);
                    return self.schedule(id);
                }
                Flow::Left => return,
            }
        }
    }

    /// Remembers that the run went through a step.
    pub(super) fn visit(&mut self, id: RunId, node: NodeId, to: Option<NodeId>) {
        let Some(machine) = self.run(id).map(|r| r.machine) else {
            return;
        };
        self.effects.path.push(Visit {
            run: id,
            machine,
            node,
            to,
        });
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
                self.visit(id, number, None);
                self.leave(id, reason.clone(), false);
                Flow::Left
            }
            Op::Ask(ask) => {
                let send = &ask.send;
                let place = Place {
                    machine,
                    number,
                    node,
                    send,
                };
                self.ask(id, place, ask)
            }
            Op::Call(call) => self.call(id, node, Calling::of_call(call)),
            Op::HandOver(call) => self.call(id, node, Calling::of_hand_over(call)),
            Op::Repeat(repeat) => self.repeat(id, node, repeat),
            Op::Emit { event, with } => self.emit(id, node, event, with.as_ref()),
            Op::Start { journey, with } => self.start(id, node, journey, with.as_ref()),
            Op::Stop { journey } => self.stop(id, node, journey),
            Op::Use { .. } => Flow::To(node.next),
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
                Some(at) => at,
                None => return Some(End::Never),
            },
        };
        let moved = time::plus(from, wait.offset);
        let local = wait.at.is_some() || !wait.days.is_empty();
        let zoned =
            local.then(|| time::resolve(&wait.zone, self.customer, &self.world.policies.defaults));
        let at = match &zoned {
            Some(zoned) => time::opening(
                self.of_the_day(from, moved, wait, &zoned.zone),
                wait.at,
                &wait.days,
                &zoned.zone,
            ),
            None => moved,
        };
        Some(End::Until {
            at,
            zone: zoned.map(|z| z.explained()),
        })
    }

    /// A moment with a time of day means that time of its own day: a birthday at 10:00. With a
    /// window, it is the moment itself that lies within it or not. `moved`: `from` with the offset.
    fn of_the_day(
        &self,
        from: Timestamp,
        moved: Timestamp,
        wait: &Wait,
        zone: &jiff::tz::TimeZone,
    ) -> Timestamp {
        if wait.moment.is_none() || !matches!(wait.at, Some(Hours::At(_))) {
            return moved;
        }
        let day = time::day_after(from, wait.offset, zone);
        time::instant(day, jiff::civil::Time::MIN, zone)
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
        // What comes in a pause is over when the run goes on, and not before (rule 53).
        let clock = self.clock_of(id);
        match self.end_of(id, wait, pending.since) {
            Some(End::Until { at, .. }) if pending.until == Some(at) => false,
            Some(End::Until { at, zone }) if at > clock => {
                self.stay_since(id, node, pending.since, Some(at), None, zone);
                self.schedule(id);
                false
            }
            Some(End::Until { at, .. }) if !is_missed(wait, at, clock) => {
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
        self.move_on(id, next);
        true
    }

    /// The wait is over: the run moves behind it.
    pub(super) fn finish_wait(&mut self, id: RunId, node: &Node) {
        self.move_on(id, node.next);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Woke { matched: false },
        );
    }

    fn start_wait_for(&mut self, id: RunId, node: &Node, wait: &WaitFor) -> Flow {
        // A condition alone is tested on arrival; an event must come later (rule 27).
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let view = self.view(run);
        let holds = |arm: &&Awaited| {
            let condition = arm.condition.as_ref();
            arm.event.is_none() && condition.is_some_and(|c| c.eval(&view).holds())
        };
        if let Some(arm) = wait.arms.iter().find(holds) {
            self.step_state(id, &node.id, |s| s.matched = true);
            self.note(
                Some(id),
                Some(node.id.clone()),
                Fact::Woke { matched: true },
            );
            return Flow::To(arm.then);
        }
        let until = wait.within.map(|within| time::plus(self.now, within));
        let events: Vec<&str> = wait
            .arms
            .iter()
            .filter_map(|a| a.event.as_deref())
            .collect();
        let event = (!events.is_empty()).then(|| Arc::from(events.join(" or ")));
        self.stay(id, node, until, event, None)
    }

    pub(super) fn stay(
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
            run.state.pending = Some(Pending::until(since, until));
        }
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Waits { until, event, zone },
        );
    }

    /// Says that the step waits, and for nothing but its time.
    pub(super) fn note_wait(&mut self, id: RunId, step: &Arc<str>, until: Option<Timestamp>) {
        let fact = Fact::Waits {
            until,
            event: None,
            zone: None,
        };
        self.note(Some(id), Some(step.clone()), fact);
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
        let chosen = drawn(self.customer.id, &run.journey, &node.id, salt, arms);
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
            self.put(id, &node.id, target, value);
        }
        Flow::To(node.next)
    }

    /// Sets a variable or a trait.
    pub(super) fn put(&mut self, id: RunId, step: &Arc<str>, target: &Target, value: Value) {
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
        self.note(Some(id), Some(step.clone()), Fact::Set { name, value });
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
        self.remember_members();
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
