//! Customers, inputs and turns to write.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{Effects, Settled, Turn},
    customer::{
        Asked, AtMost, Attention, ByPerson, Consent, ConsentState, Customer, Expected, Ledger,
        Left, PastSend, Pending, Preferences, Round, Run, RunState, StepState, Suppression,
    },
    failure::Failure,
    fields::Fields,
    ids::{CallId, CustomerId, InputId, MachineId, MessageId, RunId},
    input::{Event, Input, InputKind, Receipt},
    machine::{Again, By, Entry, Inside, Machine, NodeId},
    message::{Channel, Decision, Message, Reason, Refusal},
    policies::{Pace, Period, Rest, Upset},
    trace::{Fact, Line},
    value::{Map, Value},
};
use store::{Arrival, Work};

pub const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 7);
pub const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// So many seconds after a Tuesday in 2026, and some microseconds.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(1_780_000_000_123_456 + seconds * 1_000_000).unwrap()
}

pub fn arc(text: &str) -> Arc<str> {
    Arc::from(text)
}

pub fn event(customer: &str, id: &str, now: Timestamp) -> Arrival {
    let kind = InputKind::Event(Event {
        customer: arc(customer),
        name: arc("order.placed"),
        at: now - MINUTE,
        properties: Value::map([("total", Value::Float(12.5)), ("n", Value::Int(3))]),
        traits: Map::from([(arc("vip"), Value::Bool(true))]),
        message_id: arc(id),
        source: arc("shop"),
    });
    arrival(customer, InputId::of_event("shop", id), now, kind)
}

fn arrival(customer: &str, id: InputId, now: Timestamp, kind: InputKind) -> Arrival {
    Arrival {
        customer: CustomerId::of(customer),
        key: arc(customer),
        input: Input { id, now, kind },
    }
}

pub fn receipt(customer: &str, message: Message, attempt: u16, now: Timestamp) -> Arrival {
    let id = InputId::of_receipt(message.id, attempt);
    let receipt = Receipt {
        message,
        attempt,
        reason: Reason::Failed,
        detail: Failure::from("550 no such mailbox"),
    };
    arrival(customer, id, now, InputKind::Receipt(Box::new(receipt)))
}

pub fn ledger() -> Ledger {
    let consent = Consent {
        state: ConsentState::Granted,
        at: at(-5),
        how: None,
    };
    let suppression = Suppression {
        reason: arc("bounced"),
        at: at(-4),
        address: arc("+33600000000"),
    };
    let expected = Expected {
        at: Some(at(86_400)),
        fired: Some((jiff::civil::date(2026, 5, 17), at(-900))),
    };
    Ledger {
        consents: BTreeMap::from([(
            arc("marketing"),
            BTreeMap::from([(Channel::Email, consent)]),
        )]),
        suppressed: BTreeMap::from([(Channel::Sms, suppression)]),
        entries: BTreeMap::from([(arc("welcome"), BTreeMap::from([(arc(""), at(-3))]))]),
        dates: BTreeMap::from([(arc("birthday"), BTreeMap::from([(0, expected)]))]),
        keys: BTreeMap::from([(
            arc("order-1"),
            MessageId::of(RunId(uuid::Uuid::nil()), 0, 0),
        )]),
        preferences: Preferences {
            pause_until: Some(at(3_600)),
            at_most: Some(AtMost {
                max: 1,
                per: Period::Week,
            }),
            personalised: Some(false),
        },
        attention: attention(),
        assumed_control: None,
        restricted: Some(at(-2)),
        merged_into: None,
        carried: Vec::new(),
        assumed_reachable: Vec::new(),
    }
}

fn attention() -> Attention {
    let run = RunId(uuid::Uuid::nil());
    let mut attention = Attention::default();
    attention.sent(MessageId::of(run, 0, 1), at(-8), Channel::Sms, false);
    attention.sent(MessageId::of(run, 0, 2), at(-7), Channel::Email, true);
    attention
}

/// A run with something in every field.
pub fn run(customer: &str, key: &str, due_at: Option<Timestamp>) -> Run {
    let input = InputId::of_event("shop", "first");
    let id = RunId::of(CustomerId::of(customer), "welcome", key, input);
    let step = StepState {
        message: Some(MessageId::of(id, 1, 0)),
        sent: true,
        reason: Some(arc("capped")),
        arm: Some(arc("a")),
        answer: Value::Int(9),
        round: 2,
        ..StepState::default()
    };
    Run {
        id,
        journey: arc("welcome"),
        machine: MachineId::of(b"machine"),
        key: arc(key),
        entered_at: at(-60),
        revision: 4,
        node: NodeId(2),
        due_at,
        left: None,
        goal_at: Some(at(-30)),
        state: RunState {
            event: Value::map([("total", Value::Float(0.1 + 0.2))]),
            vars: Map::from([(arc("code"), Value::text("BACK10"))]),
            steps: Fields::from([(arc("hello"), step)]),
            pending: Some(Pending {
                since: at(-10),
                until: due_at,
                held: Some(refusal()),
                asked: Some(Asked {
                    channel: Channel::Chat,
                    message: MessageId::of(id, 2, 0),
                    repeats: 1,
                }),
                call: Some(CallId::of(id, 3, 0)),
            }),
            kept_from: Some(MachineId::of(b"newer")),
            paused: Some(at(-5)),
            by_person: Some(ByPerson {
                since: at(-4),
                journey: true,
            }),
            heeded: Some(at(-6)),
            heard: Value::map([("total", Value::Int(7))]),
            paused_for: SignedDuration::from_hours(7),
            rounds: BTreeMap::from([(
                arc("reminders"),
                Round {
                    number: 2,
                    since: at(-20),
                },
            )]),
        },
    }
}

pub fn refusal() -> Refusal {
    Refusal {
        channel: Channel::Push,
        reason: Reason::Capped,
        rule: arc("marketing_week"),
        until: Some(at(900)),
        zone: None,
        pace: Some(Pace {
            max: 1,
            full: 3,
            per: MINUTE,
            unheeded: 4,
            rest: Some(Rest {
                because: Upset::Complained,
                since: at(-9),
                until: at(9),
            }),
        }),
        used_by: vec![MessageId::of(RunId(uuid::Uuid::nil()), 0, 0)],
    }
}

pub fn message(run: &Run, ordinal: u32, decided: Timestamp) -> Message {
    Message {
        id: MessageId::of(run.id, run.revision, ordinal),
        at: decided,
        run: run.id,
        journey: run.journey.clone(),
        step: arc("hello"),
        channel: Channel::Email,
        purpose: arc("marketing"),
        refused: None,
        decision: Decision {
            machine: run.machine,
            node: 2,
            key: run.key.clone(),
            template: arc("welcome/hello"),
            with: Value::map([("name", "Zoé")].map(|(k, v)| (k, Value::from(v)))),
            once: Some(arc("welcome")),
            repeats: None,
            expires_at: Some(at(86_400)),
            priority: 40,
            tags: vec![arc("onboarding")],
            refusals: vec![refusal()],
        },
    }
}

pub fn past(message: &Message, queued: bool) -> PastSend {
    PastSend {
        message: message.id,
        at: message.at,
        channel: message.channel,
        purpose: message.purpose.clone(),
        journey: message.journey.clone(),
        tags: message.decision.tags.clone(),
        run: message.run,
        queued,
        repeats: message.decision.repeats,
    }
}

pub fn settled(message: &Message, reason: Reason) -> Settled {
    Settled {
        message: message.id,
        at: message.at,
        reason,
        detail: Failure::from("the provider's\0words"),
    }
}

pub fn line(fact: Fact) -> Line {
    Line {
        journey: Some(arc("welcome")),
        run: None,
        step: Some(arc("hello")),
        fact,
    }
}

/// The turn that records the inputs and changes nothing.
pub fn heard(work: &Work) -> Turn {
    let inputs = work.inputs.iter().cloned();
    Turn {
        customer: work.customer.clone(),
        effects: Effects {
            inputs: inputs.map(|i| (i, vec![line(Fact::Goal)])).collect(),
            ..Effects::default()
        },
    }
}

/// Lets the runs be as given.
pub fn with_runs(mut turn: Turn, runs: &[Run]) -> Turn {
    turn.customer.runs = runs.to_vec();
    turn.effects.touched = runs.iter().map(|r| r.id).collect();
    turn
}

pub fn left(mut run: Run, when: Timestamp) -> Run {
    run.due_at = None;
    run.left = Some(Left {
        at: when,
        reason: arc("bought"),
    });
    run
}

pub fn machine(journey: &str, priority: u8) -> Arc<Machine> {
    let entry = Entry {
        by: By::Event {
            name: arc("order.placed"),
            fresh: SignedDuration::from_hours(24),
        },
        condition: None,
        key: None,
    };
    let machine = Machine {
        id: MachineId::of(b""),
        journey: arc(journey),
        title: arc(journey),
        priority,
        tags: vec![arc("onboarding")],
        entries: vec![entry],
        inside: Inside::Refresh,
        again: Again::Never,
        goal: None,
        exits: Vec::new(),
        stay: None,
        migrate: None,
        nodes: Vec::new(),
    };
    Arc::new(machine.sealed())
}

/// A customer as nobody but a test would make them.
pub fn rich(mut customer: Customer) -> Customer {
    customer.traits = Map::from([
        (arc("email"), Value::text("zoe@shop.example")),
        (arc("big"), Value::Float(1e16)),
        (arc("bigger"), Value::Float(9.2e18)),
        (arc("beyond"), Value::Float(1e22)),
        (arc("third"), Value::Float(1.0 / 3.0)),
        (arc("whole"), Value::Float(3.0)),
        (arc("count"), Value::Int(i64::MIN)),
        (arc("tiny"), Value::Float(5e-324)),
        (arc("quote"), Value::text("\" \\ \u{1}\u{1f600}")),
        (
            arc("list"),
            Value::List([Value::Null, Value::Bool(false)].into()),
        ),
        (arc("map"), Value::map([("a", Value::Int(1))])),
    ]);
    customer.ledger = ledger();
    customer
}
