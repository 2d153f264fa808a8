//! Whatever stands in the database: a machine, a run's state, a ledger or a trace is read or
//! refused, and a turn over what was read does not panic.

#![no_main]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock},
    customer::{Customer, Ledger, Run, RunState},
    ids::{InputId, RunId},
    input::{Event, Input, InputKind},
    machine::{Machine, NodeId},
    message::Channel,
    policies::{Fatigue, Heed, Policies},
    policy,
    trace::Line,
    value::{Map, Value},
    world::World,
};
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    // A machine, a line of its own, and a state; or a ledger; or a trace.
    match first % 3 {
        0 => {
            let mut parts = rest.splitn(2, |b| *b == b'\n');
            let machine = parts.next().and_then(|b| Machine::from_content(b).ok());
            let state = parts.next().and_then(read);
            if let Some(machine) = machine {
                assert!(Machine::from_content(&machine.content()).is_ok());
                play(machine, state.unwrap_or_default(), *first, Ledger::default());
            }
        }
        1 => {
            if let Some(ledger) = read::<Ledger>(rest) {
                play(small(), RunState::default(), *first, ledger);
            }
        }
        _ => {
            for line in read::<Vec<Line>>(rest).unwrap_or_default() {
                assert!(!line.fact.sentence().is_empty());
            }
        }
    }
});

/// JSON, or else MessagePack, as the database keeps it.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).or_else(|_| rmp_serde::from_slice(bytes)).ok()
}

/// A journey that any ledger may meet.
fn small() -> Machine {
    const CONTENT: &str = r#"{"journey":"demo","title":"demo","priority":50,"tags":[],"entries":[{"by":{"date":{"of":"birthday","yearly":true,"offset":"PT0S","at":null,"zone":"customer"}},"condition":null,"key":null}],"inside":"ignore","again":"always","goal":null,"exits":[],"stay":null,"nodes":[]}"#;
    Machine::from_content(CONTENT.as_bytes()).expect("a machine")
}

fn fatigue() -> Fatigue {
    let per = SignedDuration::from_hours(48);
    Fatigue {
        max: 9,
        per,
        least: 1,
        after: 1,
        rest: per,
        purposes: Vec::new(),
        channels: vec![Channel::Email],
        heeds: Heed::ALL.to_vec(),
        capped: None,
    }
}

/// A run at some node, some events, and what is due.
fn play(machine: Machine, state: RunState, node: u8, ledger: Ledger) {
    let now = Timestamp::from_second(1_780_000_000).expect("in range");
    let machine = Arc::new(machine);
    let mut customer = Customer::new("ana");
    customer.ledger = ledger;
    customer.traits.insert(Arc::from("birthday"), Value::text("1992-02-29"));
    customer.runs.push(Run {
        id: RunId(uuid::Uuid::nil()),
        journey: machine.journey.clone(),
        machine: machine.id,
        key: Arc::from(""),
        entered_at: now,
        revision: 1,
        node: NodeId(u32::from(node / 3)),
        due_at: Some(now),
        left: None,
        goal_at: None,
        state,
    });
    let listens = machine.listens();
    let policies = Policies { fatigue: Some(fatigue()), ..Policies::default() };
    let pace = policy::pace(&policies, &customer.ledger, now).expect("fatigue is declared");
    assert!((1..=9).contains(&pace.max));
    let world = World::new([machine], [], policies);
    let mut customer = advance::take_due(&world, customer, now, Clock::Wall).customer;
    for (n, name) in listens.iter().take(4).enumerate() {
        let now = now + SignedDuration::from_hours(9 * (i64::try_from(n).unwrap_or(0) + 1));
        let input = Input {
            id: InputId::of_event("fuzz", name),
            now,
            kind: InputKind::Event(Event {
                customer: Arc::from("ana"),
                name: name.clone(),
                at: now,
                properties: Value::from(serde_json::json!({ "a": 1, "text": "7", "channel": "chat" })),
                traits: Map::from([(Arc::from("birthday"), Value::text("2026-06-01"))]),
                message_id: Arc::from("m"),
                source: Arc::from(""),
            }),
        };
        customer = advance::take(&world, customer, vec![input], Clock::Recorded).customer;
    }
}
