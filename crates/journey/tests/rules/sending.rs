//! Rules 39 to 48: held sends, expiry, outcomes, and the next channel.

use journey::message::Reason;

use crate::play::{FREE, Play, at, json};

const NIGHT: &str =
    "quiet_hours: [ { name: night, from: \"21:00\", to: \"08:00\", zone: customer } ]";
const HELD: &str = "
enter: { event: go }
steps: [ { id: s, send: email, template: t, expires: 24h, with: { n: run.event.n } }, { wait: 5d } ]
";
const EVENING: &str = "2026-01-05T22:00+01:00";

#[test]
fn rule_39_a_held_send_holds_the_run_reserves_nothing_and_is_decided_anew() {
    let cap = format!(
        "caps: [ {{ name: one, max: 1, per: 7d, window: rolling, capped: skip }} ]\n{NIGHT}"
    );
    let other = "journey: other\npurpose: marketing\nenter: { event: loud }\nsteps: [ { id: o, send: sms, template: t, quiet: send } ]";
    let policies =
        format!("purposes: {{ marketing: {{ consent: opt_in, overrides: true }} }}\n{cap}");
    let held = HELD.replace("enter", "journey: held\npurpose: marketing\nenter");
    let mut play = Play::of(&[&held, other], &policies).starting(EVENING);
    play.does("go", json!({})).log();
    assert!(play.ana().sends.is_empty(), "nothing is reserved");
    let held = play.run().state.pending.unwrap().held.unwrap();
    assert_eq!(
        (&*held.rule, held.until),
        ("night", Some(at("2026-01-06T08:00+01:00")))
    );
    play.does("loud", json!({}));
    assert_eq!(play.sent(), ["o sms"], "another may take the room");
    play.log();
    play.waits("12h");
    assert_eq!(play.log_of("suppressed"), ["held: suppressed s capped"]);
}

#[test]
fn rule_39_what_changes_nothing_writes_nothing() {
    let mut play = Play::new(HELD, NIGHT).starting(EVENING);
    play.does("go", json!({ "n": 1 })).log();
    let before = play.run();
    play.waits("1h")
        .is(json!({ "colour": "red" }))
        .does("unheard_of", json!({}));
    play.does(
        "consent.granted",
        json!({ "channel": "sms", "confirmed": true }),
    );
    assert_eq!(play.run(), before);
    assert_eq!(play.log_of("held").len(), 0);
}

#[test]
fn rule_39_a_consent_that_is_withdrawn_meanwhile_ends_the_hold() {
    let mut play = Play::new(HELD, NIGHT).starting(EVENING);
    play.does("go", json!({}))
        .does("consent.withdrawn", json!({}))
        .log();
    assert_eq!(play.messages[0].refused, Some(Reason::NoConsent));
    assert_eq!(
        play.run().state.steps["s"].reason.as_deref(),
        Some("no_consent")
    );
}

#[test]
fn rule_39_a_zone_that_changes_ends_or_moves_the_hold() {
    let mut play = Play::new(HELD, NIGHT).starting(EVENING);
    play.does("go", json!({}))
        .is(json!({ "timezone": "America/New_York" }));
    assert_eq!(play.sent(), ["s email"], "it is afternoon there");
}

#[test]
fn rule_40_expires_counts_from_the_first_decision() {
    let night = "quiet_hours: [ { name: long, from: \"08:00\", to: \"07:00\" } ]";
    let step = HELD.replace("24h", "2h");
    let mut play = Play::new(&step, night);
    play.does("go", json!({}));
    assert_eq!(
        play.run().due_at,
        Some(at("2026-01-05T11:00+01:00")),
        "earlier than the morning"
    );
    play.waits("1h").is(json!({ "colour": "red" })).waits("1h");
    assert_eq!(play.messages[0].refused, Some(Reason::Expired));
    assert_eq!(&*play.messages[0].decision.refusals[0].rule, "long");
    assert_eq!(
        play.log_of("waits until"),
        ["waits until 2026-01-10T10:00:00Z"],
        "the run goes on"
    );
    assert_eq!(
        play.run().state.steps["s"].reason.as_deref(),
        Some("expired")
    );
}

#[test]
fn rule_40_the_queue_counts_too() {
    let mut play = Play::new(HELD, NIGHT).starting(EVENING);
    play.does("go", json!({})).waits("12h");
    assert_eq!(
        play.messages[0].decision.expires_at,
        Some(at("2026-01-06T22:00+01:00"))
    );
}

#[test]
fn rule_41_sent_is_true_once_decided_and_false_once_failed() {
    let mut play = Play::new(HELD, FREE).on_the_wall_clock();
    play.does("go", json!({}));
    let step = play.run().state.steps["s"].clone();
    assert!(step.sent && !step.failed && !step.suppressed);
    play.fails(0, Reason::Failed);
    let step = play.run().state.steps["s"].clone();
    assert!(!step.sent && step.failed && !step.suppressed);
    assert_eq!(step.reason.as_deref(), Some("failed"));
    let mut play = Play::new(HELD, FREE).on_the_wall_clock();
    play.does("go", json!({})).fails(0, Reason::NoConsent);
    let step = play.run().state.steps["s"].clone();
    assert!(
        !step.sent && !step.failed && step.suppressed,
        "stopped at dispatch: not a failure"
    );
}

#[test]
fn rule_43_held_sends_are_decided_anew_by_priority_then_held_since_then_run_id() {
    let of = |name: &str, priority: u8| {
        format!(
            "journey: {name}\npurpose: marketing\npriority: {priority}\nenter: {{ event: {name}, key: event.k }}\n\
             steps: [ {{ wait: {{ until: = run.event.t }} }}, {{ id: s, send: email, template: t, capped: hold }} ]"
        )
    };
    let (low, high) = (of("low", 10), of("high", 90));
    let cap = "caps: [ { name: one, max: 1, per: 1d, window: rolling } ]";
    let hour = |h: u32| format!("2026-01-05T{h:02}:00:00Z");
    let entries = [
        ("low", 1, 10),
        ("low", 2, 14),
        ("low", 3, 13),
        ("high", 4, 15),
        ("high", 5, 15),
    ];
    let begin = |clock: fn(Play) -> Play| {
        let mut play = clock(Play::of(&[&low, &high], cap));
        for (name, k, at) in entries {
            play.does(name, json!({ "k": k, "t": hour(at) }))
                .waits("1m");
        }
        play.waits("7h55m").log();
        let mut high: Vec<_> = play
            .ana()
            .runs
            .iter()
            .filter(|r| &*r.journey == "high")
            .map(|r| (r.id, r.key.to_string()))
            .collect();
        high.sort();
        let mut expected: Vec<String> = high.into_iter().map(|(_, k)| k).collect();
        expected.extend(["3".to_owned(), "2".to_owned()]);
        (play, expected)
    };
    // By time: one a day.
    let (mut play, expected) = begin(|p| p);
    play.waits("10d");
    let keys = |play: &Play| -> Vec<String> {
        let sent = play.messages.iter().filter(|m| m.refused.is_none());
        sent.skip(1).map(|m| m.decision.key.to_string()).collect()
    };
    assert_eq!(keys(&play), expected);
    // By room that failures give back.
    let (mut play, expected) = begin(Play::on_the_wall_clock);
    for n in 0..4 {
        play.fails(n, Reason::Failed);
    }
    assert_eq!(keys(&play), expected);
}

const LIST: &str = "
enter: { event: go }
exit: [ { event: stop } ]
steps:
  - { id: s, send: [push, sms, email], template: t, expires: 2h, with: { total: event.total } }
  - wait: 1h
  - { id: later, send: chat, template: u }
  - wait: 9d
";

#[test]
fn rule_47_final_failure_gives_the_cap_back_and_tries_the_next_channel_where_the_run_stands() {
    let cap = "caps: [ { name: two, max: 2, per: 1d, window: rolling } ]";
    let mut play = Play::new(LIST, cap).on_the_wall_clock();
    play.does("go", json!({ "total": 7 })).waits("90m").log();
    let before = play.run();
    play.fails(0, Reason::Failed);
    assert_eq!(play.log(), ["failed s failed", "sends s sms"]);
    let after = play.run();
    assert_eq!(
        (after.node, &after.state.pending, after.due_at),
        (before.node, &before.state.pending, before.due_at)
    );
    assert!(after.state.steps["s"].sent);
    assert_eq!(
        play.ana().sends.len(),
        2,
        "its place in the cap went to the second"
    );
    let (first, second) = (
        play.messages[0].clone(),
        play.messages.last().unwrap().clone(),
    );
    assert_eq!(
        second.decision.node, first.decision.node,
        "the step that decided, not where the run is"
    );
    assert_eq!(
        second.decision.with, first.decision.with,
        "rule 48: with as decided"
    );
    assert_eq!(second.decision.expires_at, first.decision.expires_at);
    let sms = play.messages.len() - 1;
    play.fails(sms, Reason::Failed);
    assert_eq!(play.log(), ["failed s failed", "sends s email"]);
    let email = play.messages.len() - 1;
    play.fails(email, Reason::Failed);
    assert_eq!(play.log(), ["failed s failed"]);
    assert!(play.run().state.steps["s"].failed);
}

#[test]
fn rule_47_not_when_the_run_has_left_or_the_send_expired_or_consent_is_gone() {
    for (what, reason) in [
        ("left", Reason::Failed),
        ("expired", Reason::Failed),
        ("consent", Reason::NoConsent),
    ] {
        let mut play = Play::new(LIST, FREE).on_the_wall_clock();
        play.does("go", json!({})).is_handed_over();
        match what {
            "left" => play.does("stop", json!({})),
            "expired" => play.waits("2h"),
            _ => &mut play,
        };
        play.log();
        play.fails(0, reason);
        assert!(play.log_of("sends").is_empty(), "{what}");
    }
}

#[test]
fn rule_47_a_message_that_failed_makes_room_for_those_held() {
    let cap = "caps: [ { name: one, max: 1, per: 1d, window: rolling, capped: hold } ]";
    let mut play = Play::new(
        "enter: { event: go, key: event.k }\nsteps: [ { id: s, send: email, template: t } ]",
        cap,
    )
    .on_the_wall_clock();
    play.does("go", json!({ "k": 1 }))
        .does("go", json!({ "k": 2 }))
        .log();
    play.fails(0, Reason::Failed);
    assert_eq!(
        play.log(),
        ["failed s failed", "sends s email", "left completed"]
    );
}

#[test]
fn rule_48_with_is_as_decided() {
    let mut play = Play::new(
        "enter: { event: go, inside: refresh }\nsteps: [ { id: s, send: email, template: t, with: { n: run.event.n, who: customer.name } }, { wait: 1d } ]",
        FREE,
    );
    play.is(json!({ "name": "Ana" }))
        .does("go", json!({ "n": 1 }))
        .does("go", json!({ "n": 2 }));
    assert_eq!(
        play.messages[0].decision.with.to_string(),
        r#"{"n":1,"who":"Ana"}"#
    );
}

#[test]
fn receipts_are_noted_at_the_step_that_decided_the_message() {
    let mut play = Play::new(HELD, FREE);
    play.does("go", json!({})).log();
    let id = play.messages[0].id.to_string();
    play.does("message.delivered", json!({ "message_id": id }));
    play.does("message.clicked", json!({ "journey": "demo", "step": "s" }));
    play.does(
        "message.replied",
        json!({ "message_id": "00000000-0000-0000-0000-000000000000" }),
    );
    assert_eq!(
        play.log(),
        [
            "noted s delivered",
            "noted s clicked",
            "ignored: no open run decided that message"
        ]
    );
    let step = play.run().state.steps["s"].clone();
    assert!(
        step.delivered && step.opened && step.clicked && !step.replied,
        "who clicks has opened"
    );
}
