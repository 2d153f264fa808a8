//! A person puts one run on another version.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    action::{Act, Action, Undone},
    advance::{self, Clock, Turn},
    customer::{Customer, Run},
    ids::{InputId, MachineId},
    input::{Event, Input, InputKind, Passage},
    machine::{Lost, Machine, SUPPORT_ACTION},
    policies::Policies,
    value::{Map, Value},
    world::World,
};

use super::machine;

fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

fn version(rest: &str) -> Arc<Machine> {
    machine(&format!(
        "journey: demo\npurpose: service\nenter: {{ event: start }}\n{rest}"
    ))
}

fn input(name: &str, properties: Value, now: Timestamp) -> Input {
    let id = format!("{name}-{now}");
    Input {
        id: InputId::of_event("test", &id),
        now,
        kind: InputKind::Event(Event {
            customer: Arc::from("ana"),
            name: Arc::from(name),
            at: now,
            properties,
            traits: Map::new(),
            message_id: Arc::from(id),
            source: Arc::from("test"),
        }),
    }
}

/// Ana is in that version, in a world that knows both.
fn inside(world: &World) -> Customer {
    let start = input("start", Value::Null, at(0));
    advance::take(world, Customer::new("ana"), vec![start], Clock::Wall).customer
}

fn run(turn: &Turn) -> &Run {
    turn.customer.runs.first().expect("an open run")
}

fn moves(world: &World, customer: &Customer, to: MachineId, now: Timestamp) -> Turn {
    let action = Action {
        act: Act::Move {
            run: customer.runs[0].id,
            version: 1,
            to,
        },
        by: Arc::from("user:1"),
        reason: Arc::from("try"),
    };
    let properties = Value::from(action.properties().unwrap());
    let input = input(SUPPORT_ACTION, properties, now);
    advance::take(world, customer.clone(), vec![input], Clock::Wall)
}

fn sentences(turn: &Turn) -> Vec<String> {
    let lines = turn.effects.inputs.iter().flat_map(|(_, trace)| trace);
    lines.map(|line| line.fact.sentence()).collect()
}

#[test]
fn a_run_is_put_on_an_older_version_and_an_apply_that_is_over_does_not_take_it_back() {
    let old = version("steps:\n  - { id: pause, wait: 9h }\n");
    let new = version("steps:\n  - { id: pause, wait: 5h }\n");
    let mut world = World::new([new.clone()], [old.clone()], Policies::default());
    let (to, version, lost) = (new.id, 2, Lost::Finish);
    world.pass(old.id, Passage::Move { to, version, lost });
    let turn = moves(&world, &inside(&world), old.id, at(1));
    assert_eq!(
        sentences(&turn),
        [
            "by hand, another version was asked for: try",
            "moved to version 1",
            "waits until 2026-01-05T18:00:00Z"
        ]
    );
    assert_eq!(
        (run(&turn).machine, run(&turn).due_at),
        (old.id, Some(at(9)))
    );
    let again = advance::take_passages(&world, turn.customer, at(2), Clock::Wall);
    assert!(again.effects.inputs.is_empty());
}

#[test]
fn a_wait_that_is_over_by_the_other_words_goes_on_at_once() {
    let old = version("steps:\n  - { id: pause, wait: 1h }\n  - exit: old\n");
    let new = version("steps:\n  - { id: pause, wait: 5h }\n");
    let world = World::new([new], [old.clone()], Policies::default());
    let turn = moves(&world, &inside(&world), old.id, at(2));
    assert_eq!(sentences(&turn)[2..], ["the wait is over", "left: old"]);
}

#[test]
fn a_move_that_makes_no_sense_leaves_the_run_where_it_is() {
    let new = version("steps:\n  - { id: pause, wait: 5h }\n");
    let lost = version("steps:\n  - { id: other, wait: 5h }\n");
    let ended = version("steps:\n  - { id: pause, wait: 7h }\n");
    let other =
        machine("journey: other\npurpose: service\nenter: { event: x }\nsteps:\n  - wait: 2h\n");
    let older = [lost.clone(), ended.clone()];
    let mut world = World::new([new.clone(), other.clone()], older, Policies::default());
    world.pass(ended.id, Passage::Stop);
    let before = inside(&world);
    let nowhere = MachineId(uuid::Uuid::from_u128(1));
    for (to, why) in [
        (lost.id, Undone::NO_STEP),
        (ended.id, Undone::VERSION_ENDS),
        (other.id, Undone::NO_VERSION),
        (nowhere, Undone::NO_VERSION),
        (new.id, Undone::SAME_VERSION),
    ] {
        let turn = moves(&world, &before, to, at(1));
        let said = sentences(&turn);
        assert_eq!(said[1], format!("no effect: {}", why.as_str()));
        assert_eq!(run(&turn), &before.runs[0]);
    }
}

/// Promise 5: the recorded inputs alone give the same again.
#[test]
fn promise_5_a_move_by_hand_is_replayed_from_its_input() {
    let old = version("steps:\n  - { id: pause, wait: 9h }\n");
    let new = version("steps:\n  - { id: pause, wait: 5h }\n");
    let world = World::new([new], [old.clone()], Policies::default());
    let before = inside(&world);
    let turn = moves(&world, &before, old.id, at(1));
    let mut customer = before;
    for (input, trace) in &turn.effects.inputs {
        let again = advance::advance(&world, customer, input.clone());
        assert_eq!(again.effects.inputs, [(input.clone(), trace.clone())]);
        customer = again.customer;
    }
    assert_eq!(customer, turn.customer);
}
