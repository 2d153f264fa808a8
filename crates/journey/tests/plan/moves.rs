//! Rules 51 to 54, pure: what a passage does to one run.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock, Turn},
    customer::{Customer, Run},
    ids::InputId,
    input::{Event, Input, InputKind, Passage},
    machine::{Lost, Machine},
    policies::Policies,
    trace::Fact,
    value::{Map, Value},
    world::{Pausing, World},
};

use super::machine;

const START: &str = "2026-01-05T09:00:00Z";

fn at(hours: i64) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

fn version(rest: &str) -> Arc<Machine> {
    machine(&format!(
        "journey: demo\npurpose: service\nenter: {{ event: start }}\n{rest}"
    ))
}

fn input(name: &str, now: Timestamp) -> Input {
    let id = format!("{name}-{now}");
    Input {
        id: InputId::of_event("test", &id),
        now,
        kind: InputKind::Event(Event {
            customer: Arc::from("ana"),
            name: Arc::from(name),
            at: now,
            properties: Value::map::<&str>([]),
            traits: Map::new(),
            message_id: Arc::from(id),
            source: Arc::from("test"),
        }),
    }
}

/// Ana enters the old version, and then that is in store for its runs.
struct Scene {
    world: World,
    customer: Customer,
}

impl Scene {
    fn of(old: &Arc<Machine>, new: &Arc<Machine>, passage: Passage) -> Self {
        let before = World::new([old.clone()], [], Policies::default());
        let mut customer = Customer::new("ana");
        customer
            .traits
            .insert(Arc::from("phone"), Value::text("+33639980101"));
        let turn = advance::take(&before, customer, vec![input("start", at(0))], Clock::Wall);
        let mut world = World::new([new.clone()], [old.clone()], Policies::default());
        world.pass(old.id, passage);
        Self {
            world,
            customer: turn.customer,
        }
    }

    fn moving(old: &Arc<Machine>, new: &Arc<Machine>, lost: Lost) -> Self {
        let (to, version) = (new.id, 2);
        Self::of(old, new, Passage::Move { to, version, lost })
    }

    fn passes(&mut self, now: Timestamp) -> Turn {
        let turn = advance::take_passages(&self.world, self.customer.clone(), now, Clock::Wall);
        self.customer = turn.customer.clone();
        turn
    }

    fn run(&self) -> &Run {
        self.customer.runs.first().expect("an open run")
    }
}

fn sentences(turn: &Turn) -> Vec<String> {
    let lines = turn.effects.inputs.iter().flat_map(|(_, trace)| trace);
    lines.map(|line| line.fact.sentence()).collect()
}

/// Rule 52 and 26: the wait is the same step; it is computed anew from when it began.
#[test]
fn rule_52_a_moved_wait_keeps_its_beginning_and_takes_its_new_length() {
    let old = version("steps:\n  - { id: pause, wait: 2h }\n");
    let new = version("steps:\n  - set: { run.a: 1 }\n  - { id: pause, wait: 3h }\n");
    let mut scene = Scene::moving(&old, &new, Lost::Finish);
    assert_eq!(scene.run().due_at, Some(at(2)));
    let turn = scene.passes(at(1));
    assert_eq!(
        sentences(&turn),
        ["moved to version 2", "waits until 2026-01-05T12:00:00Z"]
    );
    assert_eq!(scene.run().machine, new.id);
    assert_eq!(scene.run().due_at, Some(at(3)));
    // Nothing is left to do, and nothing is done twice.
    assert!(scene.passes(at(1)).effects.inputs.is_empty());
}

#[test]
fn a_moved_wait_that_is_over_by_the_new_words_goes_on_at_once() {
    let old = version("steps:\n  - { id: pause, wait: 5h }\n  - exit: old\n");
    let new = version("steps:\n  - { id: pause, wait: 1h }\n  - exit: new\n");
    let mut scene = Scene::moving(&old, &new, Lost::Finish);
    let turn = scene.passes(at(2));
    let end = "left: new".to_owned();
    assert_eq!(
        sentences(&turn),
        ["moved to version 2".into(), "the wait is over".into(), end]
    );
}

#[test]
fn rule_52_a_run_whose_step_is_gone_finishes_and_is_not_asked_again() {
    let old = version("steps:\n  - { id: pause, wait: 2h }\n  - exit: old\n");
    let new = version("steps:\n  - { id: other, wait: 2h }\n  - exit: new\n");
    let mut scene = Scene::moving(&old, &new, Lost::Finish);
    let turn = scene.passes(at(1));
    assert!(sentences(&turn)[0].starts_with("finishes on its version"));
    assert_eq!(
        (scene.run().machine, scene.run().due_at),
        (old.id, Some(at(2)))
    );
    assert!(scene.passes(at(1)).effects.inputs.is_empty());
    let turn = advance::take_due(&scene.world, scene.customer, at(2), Clock::Wall);
    assert_eq!(sentences(&turn), ["the wait is over", "left: old"]);
}

#[test]
fn rule_52_lost_exit_lets_a_run_leave_whose_step_is_gone() {
    let old = version("steps:\n  - { id: pause, wait: 2h }\n");
    let new = version("steps:\n  - { id: pause, send: sms, template: hello }\n");
    let mut scene = Scene::moving(&old, &new, Lost::Exit);
    assert_eq!(sentences(&scene.passes(at(1))), ["left: migrated"]);
    assert!(scene.customer.runs.is_empty());
}

#[test]
fn rule_52_a_variable_of_another_type_becomes_null() {
    let old =
        version("steps:\n  - set: { run.a: '1', run.b: 2, run.c: x }\n  - { id: p, wait: 2h }\n");
    let new = version("steps:\n  - set: { run.a: '= 1 + 1', run.b: 3 }\n  - { id: p, wait: 2h }\n");
    let mut scene = Scene::moving(&old, &new, Lost::Finish);
    let before = scene.run().state.vars.clone();
    assert_eq!(before.len(), 3);
    let turn = scene.passes(at(1));
    let left: Vec<_> = scene
        .run()
        .state
        .vars
        .keys()
        .map(ToString::to_string)
        .collect();
    let forgot = sentences(&turn)[0].contains("run.a");
    // `a` was text and is a number; of `c` the new version says nothing.
    assert_eq!(
        (left, forgot),
        (vec!["b".to_owned(), "c".into()], true),
        "{before:?}"
    );
}

/// Rule 51: `exit`, and rule 35: what was queued is taken back.
#[test]
fn rule_35_leaving_by_a_new_version_takes_queued_marketing_back() {
    let marketing = |rest: &str| {
        machine(&format!(
            "journey: demo\npurpose: marketing\nenter: {{ event: start }}\n{rest}"
        ))
    };
    let old = marketing("steps:\n  - { id: hi, send: sms, template: hello }\n  - wait: 2h\n");
    let new = marketing("steps:\n  - wait: 9h\n");
    let consent = |world: &World, customer: Customer| {
        let mut granted = input("consent.granted", at(0));
        if let InputKind::Event(event) = &mut granted.kind {
            event.properties = Value::map([
                ("purpose", Value::text("marketing")),
                ("confirmed", Value::Bool(true)),
            ]);
        }
        let inputs = vec![granted, input("start", at(0))];
        advance::take(world, customer, inputs, Clock::Wall).customer
    };
    let mut customer = Customer::new("ana");
    customer
        .traits
        .insert(Arc::from("phone"), Value::text("+33639980101"));
    let before = World::new([old.clone()], [], Policies::default());
    let customer = consent(&before, customer);
    assert_eq!(customer.sends.len(), 1, "it is queued");
    let mut world = World::new([new.clone()], [old.clone()], Policies::default());
    let (to, version) = (new.id, 2);
    world.pass(old.id, Passage::Exit { to, version });
    let turn = advance::take_passages(&world, customer, at(1), Clock::Wall);
    assert_eq!(turn.effects.recalled.len(), 1);
    assert_eq!(
        sentences(&turn)[..2],
        ["left: migrated", "the queued message was taken back"]
    );
    assert_eq!(turn.customer.sends, []);
}

/// Rule 54.
#[test]
fn rule_54_a_stopped_journey_s_runs_leave_as_stopped() {
    let old = version("steps:\n  - wait: 2h\n");
    let other =
        machine("journey: other\npurpose: service\nenter: { event: x }\nsteps:\n  - wait: 2h\n");
    let mut scene = Scene::of(&old, &other, Passage::Stop);
    assert_eq!(sentences(&scene.passes(at(1))), ["left: stopped"]);
}

/// No lost event, no surprise: who is touched meanwhile passes first, in the same turn, and then
/// the event is decided by the new version.
#[test]
fn an_event_for_a_run_that_has_not_passed_yet_finds_it_on_the_new_version() {
    let old = version("steps:\n  - { id: w, wait_for: { event: a, within: 5h } }\n  - exit: old\n");
    let new = version("steps:\n  - { id: w, wait_for: { event: b, within: 5h } }\n  - exit: new\n");
    let scene = Scene::moving(&old, &new, Lost::Finish);
    let turn = advance::take(
        &scene.world,
        scene.customer,
        vec![input("b", at(1))],
        Clock::Wall,
    );
    assert_eq!(
        sentences(&turn),
        ["moved to version 2", "what it waited for came", "left: new"]
    );
    let kinds: Vec<_> = turn.effects.inputs.iter().map(|(i, _)| &i.kind).collect();
    assert!(matches!(
        kinds[..],
        [InputKind::Passage { .. }, InputKind::Event(_)]
    ));
}

/// Promise 5: the recorded inputs alone give the same again.
#[test]
fn promise_5_a_passage_is_replayed_from_its_input() {
    let old = version("steps:\n  - { id: p, wait: 2h }\n");
    let new = version("steps:\n  - { id: p, wait: 3h }\n  - exit: new\n");
    let scene = Scene::moving(&old, &new, Lost::Finish);
    let before = scene.customer.clone();
    let turn = advance::take_due(&scene.world, scene.customer, at(4), Clock::Wall);
    // The replaying world has no order any more: the input says it all.
    let world = World::new([new], [old], Policies::default());
    let mut customer = before;
    for (input, trace) in &turn.effects.inputs {
        let again = advance::advance(&world, customer, input.clone());
        assert_eq!(again.effects.inputs, [(input.clone(), trace.clone())]);
        customer = again.customer;
    }
    assert_eq!(customer, turn.customer);
    let left = turn.effects.inputs.iter().flat_map(|(_, trace)| trace);
    assert!(
        left.map(|l| &l.fact)
            .any(|f| matches!(f, Fact::Left { .. }))
    );
}

/// A run that passes to a version which is over itself passes on.
#[test]
fn passages_follow_each_other() {
    let versions = [2, 3, 4].map(|h| version(&format!("steps:\n  - {{ id: p, wait: {h}h }}\n")));
    let [one, two, three] = &versions;
    let mut scene = Scene::moving(one, two, Lost::Finish);
    let current = [three.clone()];
    scene.world = World::new(current, [one.clone(), two.clone()], Policies::default());
    let lost = Lost::Finish;
    for (from, to, version) in [(one, two, 2), (two, three, 3)] {
        let to = to.id;
        scene
            .world
            .pass(from.id, Passage::Move { to, version, lost });
    }
    scene.passes(at(1));
    assert_eq!(scene.run().machine, three.id);
    assert_eq!(scene.run().due_at, Some(at(4)));
}

/// Rule 53: whoever is paused and moves does not go on, though their wait is over by the new words.
#[test]
fn rule_53_a_run_is_paused_before_it_moves_and_goes_on_after_it_has() {
    let old = version("steps:\n  - { id: pause, wait: 5h }\n");
    let new = version("steps:\n  - { id: pause, wait: 1h }\n  - exit: new\n");
    let mut scene = Scene::moving(&old, &new, Lost::Finish);
    scene.world.pause("demo".into(), Pausing::Paused(at(2)));
    let turn = scene.passes(at(3));
    assert_eq!(
        sentences(&turn),
        [
            "paused since 2026-01-05T11:00:00Z: it stays where it is",
            "moved to version 2",
            "the wait is over"
        ]
    );
    scene.world.pause("demo".into(), Pausing::Resumed(at(9)));
    let turn = scene.passes(at(9));
    let last = sentences(&turn).pop();
    assert_eq!(last.as_deref(), Some("left: new"));
}
