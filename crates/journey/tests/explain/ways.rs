//! Runs that wait and runs that left, and customers who did not enter.

use std::sync::Arc;

use jiff::SignedDuration;
use journey::{
    customer::{Asked, Pending, RunState},
    explain::{
        EntryCase, Explanation, KeptOut, Occasion, RunCase, Told, Tongue, explain_entry,
        explain_run,
    },
    failure::Whom,
    ids::{CallId, InputId, MessageId},
    machine::Machine,
    message::{Channel, Reason},
    trace::{Fact, Line, NotEntered},
    value::{Map, Value},
    waiting::{Progress, Waiting},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    facts::{at, refusal},
    failures,
};

fn machine() -> Machine {
    let end = u32::MAX;
    let content = json!({
        "journey": "cart-rescue", "title": "Panier", "priority": 50, "tags": [],
        "entries": [
            { "by": { "event": { "name": "cart.updated", "fresh": "PT24H" } }, "condition": "event.total >= 20", "key": null },
            { "by": { "segment": { "name": "gold", "condition": "customer.vip", "change": "entered", "backfill": false } },
              "condition": null, "key": null },
            { "by": { "segment": { "name": "gold", "condition": "customer.vip", "change": "left", "backfill": false } },
              "condition": null, "key": null },
            { "by": { "schedule": { "cron": "0 9 * * mon", "zone": "Europe/Paris", "segment": null } }, "condition": null, "key": null },
            { "by": { "date": { "of": "birthday", "yearly": true, "offset": "PT0S", "at": null, "zone": "customer" } },
              "condition": "customer.vip", "key": null },
            { "by": "api", "condition": null, "key": null }
        ],
        "inside": "ignore", "again": "always",
        "goal": { "event": "order.placed", "condition": null, "within": "PT336H" },
        "exits": [
            { "event": "order.placed", "condition": "event.total > 0", "reason": "acheteur" },
            { "event": null, "condition": "customer.unwilling", "reason": "paix" }
        ],
        "stay": { "after": "PT720H", "reason": "trop_long" },
        "nodes": [
            { "id": "reprise", "next": 1, "line": 20, "op": { "wait_for": {
                "arms": [ { "event": "checkout", "condition": "event.id == run.key", "then": end },
                          { "event": "call", "condition": null, "then": end },
                          { "event": null, "condition": "customer.vip", "then": end } ],
                "within": "PT2H", "otherwise": 1 } } },
            { "id": "pause", "next": 2, "line": 23, "op": { "wait": { "span": "PT1H", "moment": null, "offset": "PT0S",
                "at": null, "days": [], "zone": "customer", "missed": "go_on" } } },
            { "id": "taille", "next": 3, "line": 25, "op": { "ask": {
                "send": { "channels": ["chat"], "purpose": "service", "template": "size", "with": null,
                          "capped": null, "quiet": null, "expires": null },
                "expect": "text", "within": "PT1H", "retry": 1, "save": null, "not_understood": 3, "otherwise": 3 } } },
            { "id": "bon", "next": 4, "line": 30, "op": { "call": { "endpoint": "vouchers", "with": null, "save": null,
                "within": "PT1H", "otherwise": 4 } } },
            { "id": "relais", "next": 5, "line": 33, "op": { "hand_over": { "endpoint": "desk", "with": null,
                "within": null, "otherwise": 5 } } },
            { "id": "tours", "next": 6, "line": 36, "op": { "repeat": { "first": 0, "every": "PT24H", "times": 3, "until": null } } },
            { "id": "envoi", "next": 7, "line": 40, "op": { "send": { "channels": ["sms"], "purpose": "marketing",
                "template": "t", "with": null, "capped": null, "quiet": null, "expires": null } } },
            { "id": "fin", "next": end, "line": 44, "op": { "exit": { "reason": "fini" } } }
        ]
    });
    Machine::from_content(&serde_json::to_vec(&content).unwrap()).unwrap()
}

fn told(occasion: Occasion, facts: Vec<Fact>) -> Told {
    let line = |fact| Line {
        journey: None,
        run: None,
        step: None,
        fact,
    };
    Told {
        at: at(),
        occasion,
        input: InputId(Uuid::nil()),
        lines: facts.into_iter().map(line).collect(),
    }
}

fn event(name: &str) -> Occasion {
    Occasion::Event(Arc::from(name))
}

/// What a run waits for at each node that waits, and how.
fn waits() -> Vec<(usize, RunState, Option<Progress>)> {
    let pending = |until| Pending::until(at(), until);
    let state = |pending| RunState {
        pending: Some(pending),
        ..RunState::default()
    };
    let asked = |repeats| Pending {
        asked: Some(Asked {
            channel: Channel::Chat,
            message: MessageId(Uuid::nil()),
            repeats,
        }),
        ..pending(Some(at()))
    };
    let called = Pending {
        call: Some(CallId(Uuid::nil())),
        ..pending(None)
    };
    let held = Pending {
        held: Some(refusal(Reason::Quiet, "night")),
        ..pending(Some(at()))
    };
    let error = || Some(failures::http(Whom::Endpoint, 503, None));
    vec![
        (0, state(pending(Some(at()))), None),
        (1, state(pending(Some(at()))), None),
        (2, state(asked(0)), None),
        (2, state(asked(1)), None),
        (2, state(asked(2)), None),
        (2, state(pending(None)), None),
        (3, state(called.clone()), None),
        (3, state(called.clone()), Some((1, error()))),
        (4, state(called), Some((3, error()))),
        (5, state(pending(Some(at()))), None),
        (6, state(held), None),
    ]
}

fn case<'a>(machine: &'a Machine) -> RunCase<'a> {
    RunCase {
        title: &machine.title,
        version: Some(3),
        key: "",
        entered_at: at(),
        left: None,
        watches: false,
        goal_at: None,
        paused: None,
        by_person: false,
        paused_for: SignedDuration::ZERO,
        machine: Some(machine),
        step: None,
        waiting: None,
        told: vec![told(
            event("cart.updated"),
            vec![Fact::Entered { key: Arc::from("") }],
        )],
    }
}

fn inside(machine: &Machine, tongue: &Tongue) -> Vec<Explanation> {
    let mut all = Vec::new();
    for (node, state, progress) in waits() {
        let node = &machine.nodes[node];
        let waiting = Waiting::of(&state, Some(node), progress.as_ref());
        let case = RunCase {
            step: Some((&node.id, node.line)),
            waiting: waiting.as_ref(),
            ..case(machine)
        };
        all.push(explain_run(&case, tongue));
    }
    let state = &waits()[1].1;
    let waiting = Waiting::of(state, Some(&machine.nodes[1]), None);
    all.push(explain_run(
        &RunCase {
            key: "c-17",
            step: Some(("pause", 23)),
            waiting: waiting.as_ref(),
            paused: Some(at()),
            goal_at: Some(at()),
            told: vec![
                told(Occasion::Passage, vec![Fact::Paused { since: at() }]),
                told(Occasion::Time, vec![Fact::Woke { matched: false }]),
            ],
            ..case(machine)
        },
        tongue,
    ));
    all.push(explain_run(
        &RunCase {
            step: Some(("pause", 23)),
            waiting: waiting.as_ref(),
            paused: Some(at()),
            by_person: true,
            ..case(machine)
        },
        tongue,
    ));
    all.push(explain_run(&case(machine), tongue));
    all.push(explain_run(
        &RunCase {
            step: Some(("pause", 23)),
            ..case(machine)
        },
        tongue,
    ));
    all
}

fn left(machine: &Machine, tongue: &Tongue) -> Vec<Explanation> {
    let mut all = Vec::new();
    for reason in [
        "completed",
        "missed",
        "restarted",
        "stopped",
        "migrated",
        "by_hand",
        "acheteur",
        "paix",
        "fini",
        "trop_long",
        "ancien",
    ] {
        let occasion = match reason {
            "acheteur" => event("order.placed"),
            "stopped" => Occasion::Publication,
            "migrated" => Occasion::Passage,
            "completed" => Occasion::Message,
            "fini" => Occasion::Call,
            _ => Occasion::Date,
        };
        let leaves = Fact::Left {
            reason: Arc::from(reason),
        };
        let case = RunCase {
            left: Some((at(), reason)),
            watches: reason == "acheteur",
            told: vec![told(occasion, vec![leaves])],
            ..case(machine)
        };
        all.push(explain_run(&case, tongue));
    }
    all
}

fn entries(machine: &Machine, tongue: &Tongue) -> Vec<Explanation> {
    let event_fields = Value::map([("total", Value::Int(12))]);
    let kept_out = |why, what: Option<&str>| KeptOut {
        at: at(),
        occasion: event("cart.updated"),
        input: InputId(Uuid::nil()),
        event: Some(event_fields.clone()),
        why,
        what: what.map(Arc::from),
        until: (why == NotEntered::Again).then(at),
    };
    let traits: Map = [(Arc::from("vip"), Value::Bool(false))]
        .into_iter()
        .collect();
    let base = EntryCase {
        title: &machine.title,
        machine: Some(machine),
        paused: None,
        expected: None,
        kept_out: Vec::new(),
        traits: &traits,
        kept_for: None,
    };
    let condition = "event.total >= 20 or event.gift or customer.vip or customer.staff";
    let with = |kept_out: Vec<KeptOut>| EntryCase {
        kept_out,
        machine: None,
        ..base.clone()
    };
    let earlier = kept_out(NotEntered::Stale, None);
    let scheduled = KeptOut {
        occasion: Occasion::Schedule,
        event: None,
        ..kept_out(NotEntered::NotInSegment, Some("gold"))
    };
    let cases = [
        EntryCase {
            kept_for: Some(SignedDuration::from_hours(24 * 400)),
            expected: Some(at()),
            paused: Some(at()),
            ..base.clone()
        },
        with(Vec::new()),
        with(vec![
            kept_out(NotEntered::Condition, Some(condition)),
            earlier,
        ]),
        with(vec![kept_out(NotEntered::Again, None)]),
        with(vec![kept_out(NotEntered::Inside, None)]),
        with(vec![kept_out(NotEntered::Paused, None)]),
        with(vec![scheduled]),
    ];
    cases
        .iter()
        .map(|case| explain_entry(case, tongue))
        .collect()
}

pub fn all(tongue: &Tongue) -> Vec<Explanation> {
    let machine = machine();
    let mut all = inside(&machine, tongue);
    all.extend(left(&machine, tongue));
    all.extend(entries(&machine, tongue));
    all
}
