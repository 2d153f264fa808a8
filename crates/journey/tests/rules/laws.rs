//! Laws of the turn over generated sequences of events, receipts and timers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use jiff::{SignedDuration, Timestamp, ToSpan};
use journey::{
    advance::{self, Clock, Turn},
    customer::{Customer, Ledger, RunState},
    ids::{InputId, MessageId, RunId},
    input::{Input, InputKind, Receipt},
    machine::Op,
    message::{Message, Reason},
    policies::{Cap, ConsentRule, Period, Window},
    time,
    trace::Fact,
    value::{Map, Value},
    world::World,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    play::{at, customer, event, json},
    samples::{samples, tangled},
};

static SAMPLES: LazyLock<World> = LazyLock::new(samples);
static TANGLED: LazyLock<World> = LazyLock::new(tangled);

/// What may happen to a customer.
#[derive(Clone, Copy, Debug)]
enum Act {
    Event(usize, u8),
    Trait(usize),
    /// One of the messages that are still queued ends.
    Receipt(u8, bool),
    /// The provider takes what is queued.
    HandedOver,
    /// What is due next fires, when it is due.
    Timer,
    Minutes(u16),
}

const EVENTS: [&str; 11] = [
    "cart.updated",
    "cart.updated",
    "cart.emptied",
    "checkout.started",
    "order.placed",
    "customer.signed_up",
    "consent.granted",
    "consent.withdrawn",
    "message.opened",
    "message.clicked",
    "message.bounced",
];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..EVENTS.len(), any::<u8>()).prop_map(|(e, n)| Act::Event(e, n)),
        2 => (0..traits().len()).prop_map(Act::Trait),
        1 => any::<(u8, bool)>().prop_map(|(n, b)| Act::Receipt(n, b)),
        1 => Just(Act::HandedOver),
        5 => Just(Act::Timer),
        4 => (0u16..3_000).prop_map(Act::Minutes),
    ];
    prop::collection::vec(act, 1..80)
}

fn traits() -> Vec<serde_json::Value> {
    vec![
        json!({ "timezone": "America/New_York" }),
        json!({ "timezone": "Australia/Lord_Howe" }),
        json!({ "timezone": null, "phone": "+81312345678" }),
        json!({ "phone": null }),
        json!({ "email": "b@shop.example", "phone": "+33639980101" }),
        json!({ "do_not_disturb": true }),
        json!({ "do_not_disturb": null, "country": "FR" }),
        json!({ "renews_at": "2026-03-29T01:30:00Z" }),
        json!({ "renews_at": "2026-04-02", "level": 1 }),
        json!({ "renews_at": null, "level": 3.5, "lapsed": false }),
        json!({ "level": 0, "loyalty": "gold" }),
    ]
}

fn properties(event: usize, n: u8) -> serde_json::Value {
    let steps = ["nudge", "story", "first", "up", "last", "account"];
    let journeys = [
        "cart-rescue",
        "welcome",
        "knot",
        "ladder",
        "holder",
        "welcome",
    ];
    match EVENTS[event] {
        "consent.granted" | "consent.withdrawn" => {
            let channel = ["email", "sms", "push", "chat"][usize::from(n % 4)];
            json!({ "channel": channel, "confirmed": n % 3 > 0 })
        }
        name if name.starts_with("message.") => {
            let which = usize::from(n % 6);
            json!({ "journey": journeys[which], "step": steps[which], "channel": "email", "permanent": n % 2 == 0 })
        }
        _ => json!({ "cart_id": format!("c{}", n % 3), "total": n % 100, "n": n % 2 }),
    }
}

/// One customer under watch.
struct Watched<'w> {
    world: &'w World,
    clock: Clock,
    now: Timestamp,
    customer: Customer,
    count: usize,
    inputs: BTreeSet<InputId>,
    ended: BTreeSet<RunId>,
    /// Every message that was decided; those given back are refused now.
    history: BTreeMap<MessageId, Message>,
    /// What has happened, and how often.
    facts: BTreeMap<String, usize>,
}

impl<'w> Watched<'w> {
    fn new(world: &'w World, clock: Clock) -> Self {
        let mut customer = customer("ana");
        customer.traits.insert(Arc::from("country"), "FR".into());
        Self {
            world,
            clock,
            // Three days before the clocks change in Europe.
            now: at("2026-03-26T17:00Z"),
            customer,
            count: 0,
            inputs: BTreeSet::new(),
            ended: BTreeSet::new(),
            history: BTreeMap::new(),
            facts: BTreeMap::new(),
        }
    }

    fn input(&mut self, act: Act) -> Option<Input> {
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
        let (attempt, detail) = (1, Arc::from(""));
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

    fn act(&mut self, act: Act) {
        match act {
            Act::Minutes(minutes) => self.now += SignedDuration::from_mins(minutes.into()),
            Act::HandedOver => self
                .customer
                .sends
                .iter_mut()
                .for_each(|s| s.queued = false),
            Act::Timer => {
                if let Some((_, due)) = advance::next_due(self.world, &self.customer) {
                    self.now = self.now.max(due);
                    let (world, now, clock) = (self.world, self.now, self.clock);
                    self.turn(|customer| advance::take_due(world, customer, now, clock));
                }
            }
            _ => {
                if let Some(input) = self.input(act) {
                    let (world, clock) = (self.world, self.clock);
                    self.turn(|c| advance::take(world, c, vec![input.clone()], clock));
                }
            }
        }
    }

    fn turn(&mut self, decide: impl Fn(Customer) -> Turn) {
        let before = self.customer.clone();
        let turn = decide(before.clone());
        let again = decide(before.clone());
        assert_same(&turn, &again, "same input, same output");
        let reloaded = decide(reload(&before));
        assert_same(&turn, &reloaded, "saving and loading changes nothing");
        self.look(&before, &turn);
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

    /// Every pending timer belongs to a wait, a longest stay or an open goal.
    fn timer_belongs(&self, run: &journey::customer::Run) {
        let machine = self.world.machine(run.machine).unwrap();
        if run.left.is_some() {
            let within = machine.goal.as_ref().unwrap().within.unwrap();
            assert_eq!(run.due_at, Some(run.entered_at + within));
            assert!(run.goal_at.is_none() && run.state.pending.is_none());
            return;
        }
        let pending = run.state.pending.as_ref().expect("whoever is inside waits");
        let node = machine.node(run.node).expect("at a step");
        assert!(matches!(
            node.op,
            Op::Wait(_) | Op::WaitFor(_) | Op::Send(_)
        ));
        assert_eq!(matches!(node.op, Op::Send(_)), pending.held.is_some());
        let stay = machine.stay.as_ref().map(|s| run.entered_at + s.after);
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
                for cap in &self.world.policies.caps {
                    assert!(
                        used(cap, self.world, &self.history, message.at, &zone) <= cap.max as usize
                            || !applies(cap, self.world, message),
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

    fn give_back(&mut self, message: MessageId, reason: Reason) {
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

/// Whether a cap is about such a message: written from rule 44 alone.
fn applies(cap: &Cap, world: &World, m: &Message) -> bool {
    let needs_none = world.policies.purposes[&m.purpose].consent_on(m.channel) == ConsentRule::None;
    let purpose = match &cap.purpose {
        Some(named) => *named == m.purpose,
        None => !needs_none,
    };
    let channel = cap.channel.is_none() || cap.channel == Some(m.channel);
    let journey = cap.journey.is_none() || cap.journey.as_ref() == Some(&m.journey);
    let tag = cap.tag.as_ref().is_none_or(|t| m.decision.tags.contains(t));
    purpose && channel && journey && tag
}

/// How many messages of the history a cap counts at `now`: written from rules 44 and 45 alone.
fn used(
    cap: &Cap,
    world: &World,
    history: &BTreeMap<MessageId, Message>,
    now: Timestamp,
    customers: &jiff::tz::TimeZone,
) -> usize {
    let inside = |then: Timestamp| match &cap.window {
        Window::Rolling { per } => then + *per > now,
        Window::Calendar { per, zone } => {
            let zone = match zone {
                journey::machine::Zone::Customer => customers.clone(),
                journey::machine::Zone::Named(name) => time::named(name).unwrap(),
            };
            let (a, b) = (
                then.to_zoned(zone.clone()).date(),
                now.to_zoned(zone).date(),
            );
            match per {
                Period::Day => a == b,
                Period::Week => {
                    let monday = |d: jiff::civil::Date| {
                        d - i64::from(d.weekday().to_monday_zero_offset()).days()
                    };
                    monday(a) == monday(b)
                }
                Period::Month => (a.year(), a.month()) == (b.year(), b.month()),
            }
        }
    };
    let sent = history
        .values()
        .filter(|m| m.refused.is_none() && m.at <= now);
    sent.filter(|m| applies(cap, world, m) && inside(m.at))
        .count()
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

fn watch(world: &World, clock: Clock, acts: Vec<Act>) -> BTreeMap<String, usize> {
    let mut watched = Watched::new(world, clock);
    for act in acts {
        watched.act(act);
    }
    // At the end everything that is due comes to its end, and nothing is due for ever.
    for _ in 0..5_000 {
        if advance::next_due(world, &watched.customer).is_none() {
            return watched.facts;
        }
        watched.act(Act::Timer);
    }
    panic!("a timer that never ends: {:#?}", watched.customer.runs);
}

/// Events alone, taken in batches of `size`: what became of the customer and of every message.
fn in_batches(world: &World, clock: Clock, acts: &[Act], size: usize) -> (Customer, String) {
    let mut watched = Watched::new(world, clock);
    let mut inputs = Vec::new();
    for act in acts {
        match act {
            Act::Minutes(_) => watched.act(*act),
            Act::Event(..) | Act::Trait(_) => inputs.extend(watched.input(*act)),
            _ => {}
        }
    }
    let mut trace = Vec::new();
    for batch in inputs.chunks(size) {
        let turn = advance::take(world, watched.customer, batch.to_vec(), clock);
        watched.customer = turn.customer;
        for message in turn.effects.messages {
            watched.history.insert(message.id, message);
        }
        for send in turn.effects.recalled {
            watched.give_back(send.message, Reason::Recalled);
        }
        trace.extend(turn.effects.inputs);
    }
    (watched.customer, format!("{:?}{trace:?}", watched.history))
}

/// The laws are no worth if nothing happens: every kind of fact does, and often.
#[test]
fn generated_inputs_reach_every_kind_of_fact() {
    let mut runner = TestRunner::deterministic();
    let mut facts: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..60 {
        let acts = acts().new_tree(&mut runner).unwrap().current();
        let (world, clock) = if n % 2 == 0 {
            (&*SAMPLES, Clock::Wall)
        } else {
            (&*TANGLED, Clock::Wall)
        };
        for (kind, count) in watch(world, clock, acts) {
            *facts.entry(kind).or_default() += count;
        }
    }
    let kinds = "Entered NotEntered Refreshed Waits Woke Chose Split Set Sends Suppressed Held Recalled Failed Noted Goal Left Profile Consent";
    for kind in kinds.split(' ') {
        let count = facts.get(kind).copied().unwrap_or_default();
        assert!(count > 5, "{kind}: {count} of {facts:?}");
    }
    eprintln!("{facts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_samples_keep_the_laws(acts in acts(), wall: bool) {
        watch(&SAMPLES, if wall { Clock::Wall } else { Clock::Recorded }, acts);
    }

    #[test]
    fn tangled_journeys_keep_the_laws(acts in acts(), wall: bool) {
        watch(&TANGLED, if wall { Clock::Wall } else { Clock::Recorded }, acts);
    }

    #[test]
    fn batches_mean_nothing(acts in acts(), wall: bool, size in 2usize..20) {
        let clock = if wall { Clock::Wall } else { Clock::Recorded };
        for world in [&*SAMPLES, &*TANGLED] {
            prop_assert_eq!(in_batches(world, clock, &acts, 1), in_batches(world, clock, &acts, size));
        }
    }
}
