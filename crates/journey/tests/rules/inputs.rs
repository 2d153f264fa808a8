//! Rules 8 to 14: inputs, their order, and what they cause.

use journey::{advance::MAX_CHAINED, customer::MOST_DEVICES, message::Channel};

use crate::play::{FREE, Play, at, json};

const CART: &str = "
enter: { event: cart, key: event.id }
exit: [ { event: order, if: event.id == run.key } ]
steps:
  - wait: 2h
  - { id: nudge, send: email, template: t }
  - { wait_for: { event: checkout, within: 1d } }
  - { id: last, send: sms, template: t }
";

#[test]
fn rule_08_batches_mean_nothing() {
    let steps = [
        ("10m", "cart", "a"),
        ("3h", "cart", "b"),
        ("1h", "order", "a"),
        ("90m", "checkout", "b"),
        ("3d", "order", "b"),
    ];
    let mut batch = Play::new(CART, FREE);
    let mut inputs = Vec::new();
    let mut single = Play::new(CART, FREE);
    for (pause, name, id) in steps {
        batch.sleeps(pause);
        single.sleeps(pause);
        inputs.push(batch.input("ana", name, json!({ "id": id })));
        single.does(name, json!({ "id": id }));
    }
    batch.take("ana", inputs);
    assert_eq!(batch.log(), single.log());
    assert_eq!(batch.customers, single.customers);
    assert_eq!(batch.messages, single.messages);
    assert_eq!(
        single.sent(),
        ["nudge email", "nudge email", "last sms"],
        "timers between the inputs have fired"
    );
}

#[test]
fn rule_09_profile_then_exits_then_waits_then_entries_then_steps() {
    let waiting = "
journey: a-waiting
purpose: marketing
enter: { event: start }
steps:
  - wait_for: { event: go, if: customer.vip }
  - { id: w, send: email, template: t }
";
    let leaving = "
journey: b-leaving
purpose: marketing
enter: { event: start }
exit: [ { if: customer.vip, as: vip } ]
steps: [ { wait: 1d } ]
";
    let entering = "
journey: c-entering
purpose: marketing
enter: { event: go, if: customer.vip }
steps: [ { id: e, send: email, template: t } ]
";
    let mut play = Play::of(&[waiting, leaving, entering], FREE);
    play.does("start", json!({})).log();
    let mut go = play.input("ana", "go", json!({}));
    if let journey::input::InputKind::Event(event) = &mut go.kind {
        event.traits.insert("vip".into(), true.into());
    }
    play.take("ana", vec![go]);
    let log = play.log();
    let first = [
        "traits vip",
        "b-leaving: left vip",
        "a-waiting: matched",
        "c-entering: entered",
    ];
    assert_eq!(log[..4], first);
}

#[test]
fn rule_09_woken_and_new_runs_advance_by_priority_then_entry_then_id() {
    let of = |name: &str, priority: u8| {
        format!(
            "journey: {name}\npurpose: marketing\npriority: {priority}\nenter: {{ event: go }}\n\
             steps: [ {{ id: s, send: email, template: t }} ]"
        )
    };
    let (low, high, middle) = (of("a-low", 10), of("b-high", 90), of("c-middle", 50));
    let late = "
journey: d-early
purpose: marketing
enter: { event: early }
steps: [ { wait_for: { event: go } }, { id: s, send: email, template: t } ]
";
    let mut play = Play::of(&[&low, &high, &middle, late], FREE);
    play.does("early", json!({})).waits("1h").log();
    play.does("go", json!({}));
    assert_eq!(
        play.log_of("sends"),
        [
            "b-high: sends s email",
            "d-early: sends s email",
            "c-middle: sends s email",
            "a-low: sends s email"
        ],
        "priority first; of equal priority, who entered earlier"
    );
}

#[test]
fn rule_10_an_event_that_exits_a_run_enters_the_same_journey_after_it() {
    let mut play = Play::new(
        "enter: { event: order }\nexit: [ { event: order } ]\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.does("order", json!({})).log();
    play.waits("1h").does("order", json!({}));
    assert_eq!(
        play.log(),
        ["left order", "entered", "waits until 2026-01-06T09:00:00Z"]
    );
}

#[test]
fn rule_11_exits_and_waits_do_not_see_the_entering_event() {
    let mut play = Play::new(
        "enter: { event: order }\nexit: [ { event: order } ]\nsteps: [ { wait_for: { event: order, within: 1h } } ]",
        FREE,
    );
    play.does("order", json!({}));
    assert_eq!(play.log(), ["entered", "waits until 2026-01-05T09:00:00Z"]);
}

#[test]
fn rule_11_an_exit_condition_that_holds_prevents_entry() {
    let mut play = Play::new(
        "enter: { event: order }\nexit: [ { if: customer.quiet, as: peace } ]\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.is(json!({ "quiet": true })).log();
    play.does("order", json!({}));
    assert_eq!(play.log(), ["not entered: ExitHolds"]);
    play.is(json!({ "quiet": null })).log();
    play.does("order", json!({}));
    assert_eq!(play.log_of("entered"), ["entered"]);
}

const STAIRS: &str = "
enter: { event: step, key: event.n }
steps:
  - wait_for: { if: customer.level == run.event.n }
  - set: { customer.level: = run.event.n + 1 }
";

fn stairs(steps: usize) -> Play {
    let mut play = Play::new(STAIRS, FREE);
    for n in 1..=steps {
        play.does("step", json!({ "n": n }));
    }
    play.log();
    play.is(json!({ "level": 1 }));
    play
}

#[test]
fn rule_12_changed_traits_are_further_inputs_of_the_same_turn() {
    let mut play = stairs(10);
    assert_eq!(play.log_of("left").len(), 10);
    assert_eq!(play.ana().traits["level"], 11.into());
}

#[test]
fn rule_12_at_most_64_further_inputs_the_rest_is_refused() {
    let mut play = stairs(100);
    let log = play.log();
    // The first step is taken by the event itself.
    assert_eq!(
        log.iter().filter(|l| *l == "left completed").count(),
        MAX_CHAINED + 1
    );
    assert_eq!(log.last().unwrap(), "ignored: chain_too_long");
    assert_eq!(log.iter().filter(|l| l.contains("chain")).count(), 1);
    // Nothing is lost: a condition is tested on every input (rule 27).
    play.does("anything", json!({}));
    assert!(play.ana().runs.is_empty());
}

#[test]
fn rule_12_a_run_that_sets_many_traits_is_tested_to_the_end() {
    let sets: String = (0..100)
        .map(|n| format!("  - set: {{ customer.t{n}: true }}\n"))
        .collect();
    let other = "
journey: other
purpose: marketing
enter: { event: go }
exit: [ { if: customer.t99, as: seen } ]
steps: [ { wait: 1d } ]
";
    let head = "journey: setter\npurpose: marketing\nenter: { event: go }\nsteps:\n";
    let mut play = Play::of(&[&format!("{head}{sets}"), other], FREE);
    play.does("go", json!({}));
    assert_eq!(play.log_of("other: left"), ["other: left seen"]);
}

#[test]
fn rule_12_a_trait_that_makes_an_exit_true_ends_the_run_that_set_it() {
    let mut play = Play::new(
        "enter: { event: go }
exit: [ { if: customer.done, as: enough } ]
steps: [ { wait: 1h }, { set: { customer.done: true } }, { wait: 1d }, { send: email, template: t } ]",
        FREE,
    );
    play.does("go", json!({})).waits("5d");
    assert_eq!(
        play.log(),
        [
            "entered",
            "waits until 2026-01-05T09:00:00Z",
            "time is over",
            "customer.done=true",
            "waits until 2026-01-06T09:00:00Z",
            "left enough"
        ]
    );
}

#[test]
fn rule_13_at_one_instant_events_precede_timers() {
    let journey = "
enter: { event: go }
exit: [ { event: stop } ]
steps: [ { wait: 1h }, { id: s, send: email, template: t } ]
";
    let mut play = Play::new(journey, FREE);
    play.does("go", json!({}))
        .sleeps("1h")
        .does("stop", json!({}));
    assert_eq!(play.log_of("left"), ["left stop"]);
    assert!(play.sent().is_empty());
    let mut play = Play::new(journey, FREE);
    play.does("go", json!({})).sleeps("1h");
    play.now += jiff::SignedDuration::from_micros(1);
    play.does("stop", json!({}));
    assert_eq!(
        play.sent(),
        ["s email"],
        "a microsecond later the timer was first"
    );
}

#[test]
fn rule_13_timers_go_by_due_time_then_run_id() {
    let journey = "
enter: { event: go, key: event.k }
steps: [ { wait: { until: = run.event.t } }, { set: { customer.last: = run.key } } ]
";
    let mut play = Play::new(journey, FREE);
    for (k, t) in [("a", 2), ("b", 1), ("c", 2), ("d", 2)] {
        let t = format!("2026-01-06T0{t}:00:00Z");
        play.does("go", json!({ "k": k, "t": t }));
    }
    let mut same: Vec<_> = play
        .ana()
        .runs
        .iter()
        .map(|r| (r.due_at, r.id, r.key.clone()))
        .collect();
    same.sort();
    let expected: Vec<_> = same
        .iter()
        .map(|(.., k)| format!("customer.last=\"{k}\""))
        .collect();
    assert_eq!(expected[0], "customer.last=\"b\"");
    play.log();
    play.waits("2d");
    assert_eq!(play.log_of("customer.last"), expected);
}

#[test]
fn rule_13_timers_fire_at_their_own_time_on_a_recorded_clock_and_late_on_the_wall() {
    let journey = "enter: { event: go }\nsteps: [ { wait: 1h }, { wait: 1h }, { wait: 1h } ]";
    let mut recorded = Play::new(journey, FREE);
    recorded
        .does("go", json!({}))
        .sleeps("1d")
        .does("x", json!({}));
    assert_eq!(recorded.times_of("left"), [at("2026-01-05T12:00+01:00")]);
    let mut wall = Play::new(journey, FREE).on_the_wall_clock();
    wall.does("go", json!({})).sleeps("1d").does("x", json!({}));
    wall.does("x", json!({}));
    // Late by a day: the second hour counts from then.
    assert_eq!(
        wall.times_of("time is over"),
        [at("2026-01-06T09:00+01:00")]
    );
    wall.waits("2h");
    assert_eq!(wall.times_of("left"), [at("2026-01-06T11:00+01:00")]);
}

#[test]
fn rule_14_an_old_event_enters_nobody_but_exits_and_matches() {
    let journey = "
enter: { event: go, fresh: 1h, key: event.k }
exit: [ { event: stop } ]
steps: [ { wait_for: { event: go } }, { wait: 1d } ]
";
    let mut play = Play::new(journey, FREE);
    play.does("go", json!({ "k": 1 })).log();
    for (name, hours) in [("go", 1), ("go", 2), ("stop", 9)] {
        let mut old = play.input("ana", name, json!({ "k": format!("{name}{hours}") }));
        if let journey::input::InputKind::Event(event) = &mut old.kind {
            event.at -= jiff::SignedDuration::from_hours(hours);
        }
        play.take("ana", vec![old]);
    }
    let log = play.log();
    assert!(log.contains(&"entered go1".to_owned()), "{log:?}");
    assert!(log.contains(&"not entered: Stale".to_owned()));
    assert_eq!(log.iter().filter(|l| *l == "left stop").count(), 2);
}

#[test]
fn rule_14_without_a_word_an_event_is_fresh_for_a_day() {
    let mut play = Play::new(
        "enter: { event: go, key: event.k }\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    for (k, seconds) in [(1, 86_400), (2, 86_401)] {
        let mut old = play.input("ana", "go", json!({ "k": k }));
        if let journey::input::InputKind::Event(event) = &mut old.kind {
            event.at -= jiff::SignedDuration::from_secs(seconds);
        }
        play.take("ana", vec![old]);
    }
    assert_eq!(play.log_of("entered"), ["entered 1", "not entered: Stale"]);
}

#[test]
fn a_customer_has_a_bounded_number_of_traits_and_the_trace_says_what_was_left_out() {
    let mut play = Play::new("enter: { event: go }\nsteps: []", FREE);
    let many: serde_json::Map<_, _> = (0..1_100).map(|n| (format!("t{n}"), json!(n))).collect();
    play.is(many.into());
    assert_eq!(play.ana().traits.len(), 1_000);
    assert_eq!(
        play.log_of("ignored"),
        ["ignored: a customer has at most 1000 traits: some were left out"]
    );
    play.is(json!({ "t0": "changed", "t1": null }))
        .is(json!({ "new": 1 }));
    let traits = &play.ana().traits;
    assert_eq!(
        (&traits["t0"], &traits["new"]),
        (&"changed".into(), &1.into())
    );
}

#[test]
fn support_sees_why_an_address_is_not_used() {
    let mut play = Play::new("enter: { event: go }\nsteps: []", FREE);
    play.does(
        "message.bounced",
        json!({ "channel": "email", "permanent": true }),
    );
    play.does("message.complained", json!({ "channel": "sms" }));
    play.does(
        "message.bounced",
        json!({ "channel": "email", "permanent": false }),
    );
    assert_eq!(
        play.log(),
        [
            "address email bounced",
            "address sms complained",
            "ignored: nothing listened"
        ]
    );
}

#[test]
fn a_device_that_is_gone_is_nobodys_address_any_more() {
    let mut play = Play::new("enter: { event: go }\nsteps: []", FREE);
    play.is(json!({ "push_token": "a", "push_tokens": ["a", "b", "c", "b"] }));
    assert_eq!(play.ana().addresses(Channel::Push), ["a", "b", "c"]);
    play.does("device.unregistered", json!({ "tokens": ["a", "c"] }));
    assert_eq!(play.ana().addresses(Channel::Push), ["b"]);
    assert_eq!(play.ana().traits.get("push_token"), None);
    // Of somebody else's, or of none, nothing changes.
    for tokens in [json!(["x"]), json!(null), json!([])] {
        play.does("device.unregistered", json!({ "tokens": tokens }));
    }
    assert_eq!(play.ana().addresses(Channel::Push), ["b"]);
    play.does("device.unregistered", json!({ "tokens": "b" }));
    assert_eq!(play.ana().traits.get("push_tokens"), None);
    assert_eq!(play.ana().address(Channel::Push), None);
}

#[test]
fn a_device_that_is_registered_joins_the_others_and_the_oldest_leaves() {
    let mut play = Play::new("enter: { event: go }\nsteps: []", FREE);
    play.is(json!({ "push_token": "a", "push_tokens": "b" }));
    for token in ["a", "b", "c", "c"] {
        play.does("device.registered", json!({ "token": token }));
    }
    assert_eq!(play.ana().addresses(Channel::Push), ["a", "b", "c"]);
    for token in [json!(null), json!(""), json!(7), json!(["d"])] {
        play.does("device.registered", json!({ "token": token }));
    }
    assert_eq!(play.ana().addresses(Channel::Push), ["a", "b", "c"]);
    for number in 1..=MOST_DEVICES {
        let token = format!("d{number}");
        play.does("device.registered", json!({ "token": token }));
    }
    let all = play.ana().addresses(Channel::Push);
    assert_eq!(all.len(), MOST_DEVICES);
    assert_eq!((all[0], all[1], all[19]), ("a", "d2", "d20"));
}

#[test]
fn whoever_writes_from_an_address_that_bounced_is_there_again() {
    let mut play = Play::new("enter: { event: go }\nsteps: []", FREE);
    play.is(json!({ "chat_id": "telegram:42", "phone": "+33612345678" }));
    play.does("message.bounced", json!({ "channel": "chat" }));
    play.does("message.complained", json!({ "channel": "sms" }));
    let suppressed = |play: &mut Play| -> Vec<Channel> {
        play.ana().ledger.suppressed.keys().copied().collect()
    };
    assert_eq!(suppressed(&mut play), [Channel::Sms, Channel::Chat]);
    for channel in ["sms", "chat", "chat"] {
        play.does(
            "message.replied",
            json!({ "channel": channel, "text": "hello" }),
        );
    }
    assert_eq!(suppressed(&mut play), [Channel::Sms], "a complaint stays");
    assert_eq!(
        play.log_of("address chat"),
        ["address chat bounced", "address chat used again"]
    );
}
