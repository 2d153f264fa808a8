//! One customer under watch: every turn is looked at from all sides.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock, Turn},
    call::{Answer, Call, Outcome},
    customer::{Customer, Ledger, RunState},
    failure::Failure,
    ids::{InputId, MessageId, RunId},
    input::{Input, InputKind, Receipt, Sweep, SweepKind},
    machine::Op,
    message::{Message, Reason},
    time,
    trace::Fact,
    value::{Map, Value},
    world::{Pausing, World},
};

use crate::{
    count::{applies, full_pace, used},
    laws::{Act, EVENTS, properties, traits},
    play::{at, customer, event, json},
};

/// One customer under watch.
pub struct Watched {
    world: Rc<World>,
    clock: Clock,
    now: Timestamp,
    pub customer: Customer,
    count: usize,
    inputs: BTreeSet<InputId>,
    ended: BTreeSet<RunId>,
    /// Every message that was decided; those given back are refused now.
    pub history: BTreeMap<MessageId, Message>,
    /// Every call that was decided and not answered.
    calls: Vec<Call>,
    /// What has happened, and how often.
    pub facts: BTreeMap<String, usize>,
}

impl Watched {
    pub fn new(world: &World, clock: Clock) -> Self {
        let mut customer = customer("ana");
        customer.traits.insert(Arc::from("country"), "FR".into());
        Self {
            world: Rc::new(world.clone()),
            clock,
            // Three days before the clocks change in Europe.
            now: at("2026-03-26T17:00Z"),
            customer,
            count: 0,
            inputs: BTreeSet::new(),
            ended: BTreeSet::new(),
            history: BTreeMap::new(),
            calls: Vec::new(),
            facts: BTreeMap::new(),
        }
    }

    pub fn input(&mut self, act: Act) -> Option<Input> {
        self.count += 1;
        match act {
            Act::Event(which, n) => Some(event(
                "ana",
                EVENTS[which],
                properties(which, n),
                self.now,
                self.count,
            )),
            Act::Trait(which) => {
                let mut input = event("ana", "identify", json!({}), self.now, self.count);
                if let InputKind::Event(event) = &mut input.kind {
                    event.traits = Value::from(traits()[which].clone())
                        .as_map()
                        .unwrap()
                        .clone();
                }
                Some(input)
            }
            Act::Receipt(n, failed) => self.receipt(usize::from(n), failed),
            Act::Answer(n, good) => self.answer(usize::from(n), good),
            Act::Sweep(n) => self.sweep(n),
            _ => None,
        }
    }

    /// Recorded clocks hand over at once, but providers may fail later all the same.
    fn receipt(&self, n: usize, failed: bool) -> Option<Input> {
        let going: Vec<_> = self
            .history
            .values()
            .filter(|m| m.refused.is_none())
            .collect();
        let message = (*going.get(n % going.len().max(1))?).clone();
        let reason = if failed {
            Reason::Failed
        } else {
            Reason::NoConsent
        };
        let (attempt, detail) = (1, Failure::from("550"));
        Some(Input {
            id: InputId::of_receipt(message.id, attempt),
            now: self.now,
            kind: InputKind::Receipt(Box::new(Receipt {
                message,
                attempt,
                reason,
                detail,
            })),
        })
    }

    fn answer(&mut self, n: usize, good: bool) -> Option<Input> {
        if self.calls.is_empty() {
            return None;
        }
        let call = self.calls.remove(n % self.calls.len());
        let outcome = if good {
            Outcome::Answered(Value::text(format!("g{}", n % 4)))
        } else {
            Outcome::Failed(Failure::from("503"))
        };
        let answer = Answer {
            call: call.id,
            run: call.run,
            outcome,
        };
        Some(Input {
            id: InputId::of_answer(call.id),
            now: self.now,
            kind: InputKind::Answer(Box::new(answer)),
        })
    }

    fn sweep(&self, n: u8) -> Option<Input> {
        let journeys = ["rounds", "dates", "talker", "nowhere"];
        let journey: Arc<str> = Arc::from(journeys[usize::from(n % 4)]);
        let entry = u16::from(n / 4 % 3);
        let kind = match n / 12 % 3 {
            0 => SweepKind::Backfill,
            1 => SweepKind::Dates(self.now),
            _ => SweepKind::Tick(self.now),
        };
        // Two of one moment are the same.
        let at = self.now + SignedDuration::from_micros(i64::try_from(self.count).ok()?);
        let id = InputId::of_sweep(self.customer.id, &journey, entry, at);
        let sweep = Sweep {
            journey,
            entry,
            kind,
        };
        Some(Input {
            id,
            now: self.now,
            kind: InputKind::Sweep(sweep),
        })
    }

    pub fn act(&mut self, act: Act) {
        match act {
            Act::Minutes(minutes) => self.now += SignedDuration::from_mins(minutes.into()),
            Act::HandedOver => self
                .customer
                .sends
                .iter_mut()
                .for_each(|s| s.queued = false),
            Act::Pause(n) => self.pause(n),
            Act::Timer => {
                if let Some((_, due)) = advance::next_due(&self.world, &self.customer) {
                    self.now = self.now.max(due);
                    let (world, now, clock) = (self.world.clone(), self.now, self.clock);
                    self.turn(|customer| advance::take_due(&world, customer, now, clock));
                }
            }
            _ => {
                if let Some(input) = self.input(act) {
                    let (world, clock) = (self.world.clone(), self.clock);
                    self.turn(|c| advance::take(&world, c, vec![input.clone()], clock));
                }
            }
        }
    }

    /// Only on the wall clock: past events are played without pauses.
    fn pause(&mut self, n: u8) {
        if self.clock != Clock::Wall {
            return;
        }
        // No two words are of one moment.
        self.now += SignedDuration::from_micros(1);
        let all: Vec<_> = self.world.currents().map(|m| m.journey.clone()).collect();
        // Of those that are paused, if there are any: pauses are to end as well.
        let paused = all.iter().filter(|j| self.world.is_paused(j)).cloned();
        let paused: Vec<_> = paused.collect();
        let journeys = if paused.is_empty() { all } else { paused };
        let journey = journeys[usize::from(n / 2) % journeys.len()].clone();
        let pausing = match self.world.is_paused(&journey) {
            true => Pausing::Resumed(self.now),
            false => Pausing::Paused(self.now),
        };
        Rc::make_mut(&mut self.world).pause(journey, pausing);
        if n.is_multiple_of(2) {
            let (world, now, clock) = (self.world.clone(), self.now, self.clock);
            self.turn(|customer| advance::take_passages(&world, customer, now, clock));
        }
    }

    /// Nothing is paused any more.
    pub fn goes_on(&mut self) {
        self.now += SignedDuration::from_micros(1);
        let now = self.now;
        let world = Rc::make_mut(&mut self.world);
        let paused: Vec<_> = world.currents().map(|m| m.journey.clone()).collect();
        for journey in paused {
            world.pause(journey, Pausing::Resumed(now));
        }
        let (world, clock) = (self.world.clone(), self.clock);
        self.turn(|customer| advance::take_passages(&world, customer, now, clock));
    }

    fn turn(&mut self, decide: impl Fn(Customer) -> Turn) {
        let before = self.customer.clone();
        let turn = decide(before.clone());
        let again = decide(before.clone());
        assert_same(&turn, &again, "same input, same output");
        let reloaded = decide(reload(&before));
        assert_same(&turn, &reloaded, "saving and loading changes nothing");
        self.look(&before, &turn);
        self.calls.extend(turn.effects.calls);
        self.calls
            .retain(|c| !turn.effects.cancelled.contains(&c.id));
        self.customer = turn.customer;
    }

    fn look(&mut self, before: &Customer, turn: &Turn) {
        for (input, trace) in &turn.effects.inputs {
            assert!(self.inputs.insert(input.id), "an input id is there twice");
            assert!(!trace.is_empty(), "support sees every input");
            for line in trace {
                let kind = format!("{:?}", line.fact);
                let kind = kind
                    .split([' ', '{', '('])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                *self.facts.entry(kind).or_default() += 1;
            }
        }
        let same = before.ledger == turn.customer.ledger;
        assert!(same || turn.effects.profile, "what is kept is written");
        self.questions(turn);
        for run in &turn.effects.ended {
            assert!(self.ended.insert(run.id), "a run ends twice");
            assert!(run.due_at.is_none() && run.left.is_some());
        }
        let open: BTreeSet<_> = turn.customer.runs.iter().map(|r| r.id).collect();
        assert!(self.ended.is_disjoint(&open), "finished stays finished");
        assert!(turn.effects.touched.is_subset(&open));
        for run in &turn.customer.runs {
            let was = before.runs.iter().find(|r| r.id == run.id);
            if let Some(was) = was {
                assert!(was.left.is_none() || was.left == run.left, "out stays out");
                assert!(was.goal_at.is_none() || was.goal_at == run.goal_at);
                let touched = turn.effects.touched.contains(&run.id);
                assert_eq!(
                    touched,
                    was != run,
                    "what is touched is written, and nothing else"
                );
                assert_eq!(was.revision < run.revision, touched);
            }
            self.timer_belongs(run);
        }
        self.messages(before, turn);
    }

    /// One question is open per channel, and every open one was asked.
    fn questions(&self, turn: &Turn) {
        let pending = turn
            .customer
            .runs
            .iter()
            .filter_map(|r| r.state.pending.as_ref());
        let asked: Vec<_> = pending.filter_map(|p| p.asked).collect();
        let channels: BTreeSet<_> = asked.iter().map(|a| a.channel).collect();
        assert_eq!(channels.len(), asked.len(), "two questions on one channel");
    }

    /// Every pending timer belongs to a wait, a longest stay or an open goal.
    fn timer_belongs(&self, run: &journey::customer::Run) {
        let machine = self.world.machine(run.machine).unwrap();
        if run.left.is_some() {
            let within = machine.goal.as_ref().unwrap().within.unwrap();
            assert_eq!(run.due_at, Some(run.entered_at + within));
            assert!(run.goal_at.is_none() && run.state.pending.is_none());
            return;
        }
        if run.state.paused.is_some() {
            assert_eq!(run.due_at, None, "the time of a paused run stands still");
            return;
        }
        let pending = run.state.pending.as_ref().expect("whoever is inside waits");
        let node = machine.node(run.node).expect("at a step");
        let waits = match node.op {
            Op::Send(_) => pending.held.is_some(),
            Op::Ask(_) => pending.held.is_none() || pending.asked.is_none(),
            Op::Call(_) | Op::HandOver(_) => pending.call.is_some(),
            Op::Wait(_) | Op::WaitFor(_) | Op::Repeat(_) => {
                pending.held.is_none() && pending.asked.is_none() && pending.call.is_none()
            }
            _ => false,
        };
        assert!(waits, "at a step that waits: {node:?} {pending:?}");
        let paused = run.state.paused_for;
        let stay = machine.stay.as_ref();
        let stay = stay.map(|s| run.entered_at + s.after + paused);
        let due = [pending.until, stay].into_iter().flatten().min();
        assert_eq!(run.due_at, due);
    }

    fn messages(&mut self, before: &Customer, turn: &Turn) {
        for settled in &turn.effects.settled {
            self.give_back(settled.message, settled.reason);
        }
        for send in &turn.effects.recalled {
            assert!(send.queued, "only what is queued is recalled");
            self.give_back(send.message, Reason::Recalled);
        }
        let early = sent_by_timers(turn);
        for message in &turn.effects.messages {
            let was_out = before
                .runs
                .iter()
                .any(|r| r.id == message.run && r.left.is_some());
            assert!(!was_out, "whoever is out sends nothing");
            let paused = self.world.is_paused(&message.journey);
            assert!(!paused, "whoever is paused sends nothing");
            assert!(
                self.history.insert(message.id, message.clone()).is_none(),
                "a message id twice"
            );
            if message.refused.is_none() {
                // What was due before an event was decided before the event changed the zone.
                let who = if early.contains(&message.id) {
                    before
                } else {
                    &turn.customer
                };
                let zone = time::of_customer(who, &self.world.policies.defaults).zone;
                let full = full_pace(&self.world.policies);
                for cap in self.world.policies.caps.iter().chain(&full) {
                    assert!(
                        used(cap, &self.world, &self.history, message.at, &zone)
                            <= cap.max as usize
                            || !applies(cap, &self.world, message),
                        "{} is exceeded by {}",
                        cap.name,
                        message.step
                    );
                }
            }
        }
        self.sends_are_the_history(turn);
    }

    fn sends_are_the_history(&self, turn: &Turn) {
        let kept: BTreeSet<_> = turn.customer.sends.iter().map(|s| s.message).collect();
        let going = self.history.values().filter(|m| m.refused.is_none());
        assert_eq!(
            kept,
            going.map(|m| m.id).collect(),
            "caps see what was sent, and nothing else"
        );
    }

    pub fn give_back(&mut self, message: MessageId, reason: Reason) {
        if let Some(message) = self.history.get_mut(&message) {
            message.refused = Some(reason);
        }
    }
}

/// The messages of a turn that timers decided.
fn sent_by_timers(turn: &Turn) -> BTreeSet<MessageId> {
    let inputs = turn.effects.inputs.iter();
    let timers = inputs.filter(|(input, _)| matches!(input.kind, InputKind::Timer { .. }));
    let facts = timers.flat_map(|(_, trace)| trace).map(|line| &line.fact);
    facts
        .filter_map(|fact| match fact {
            Fact::Sends { message, .. } => Some(*message),
            _ => None,
        })
        .collect()
}

/// As the store writes and reads a customer.
fn reload(customer: &Customer) -> Customer {
    let mut copy = customer.clone();
    copy.traits =
        serde_json::from_str::<Map>(&serde_json::to_string(&customer.traits).unwrap()).unwrap();
    copy.ledger =
        serde_json::from_str::<Ledger>(&serde_json::to_string(&customer.ledger).unwrap()).unwrap();
    for run in &mut copy.runs {
        run.state =
            serde_json::from_str::<RunState>(&serde_json::to_string(&run.state).unwrap()).unwrap();
    }
    copy.runs.sort_by_key(|r| r.id);
    copy.sends.sort_by_key(|s| (s.at, s.message));
    copy
}

fn assert_same(a: &Turn, b: &Turn, law: &str) {
    assert_eq!(a.customer, b.customer, "{law}");
    assert_eq!(
        format!("{:?}", a.effects),
        format!("{:?}", b.effects),
        "{law}"
    );
}
