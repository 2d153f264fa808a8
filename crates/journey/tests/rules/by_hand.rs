//! What people do to a run by hand: pause it, let it go on, skip its wait, take it out; and to consents.

use journey::{
    action::{Act, MAX_REASON, Undone},
    customer::ConsentState,
    ids::RunId,
    machine::SUPPORT_ACTION,
    message::Channel,
};

use crate::play::{FREE, Play, at, json, span};

const SEND: &str = "  - { id: hi, send: email, template: t }\n";

/// A journey in the service purpose that is entered by `go`.
fn service(steps: &str) -> Play {
    Play::new(
        &format!(
            "journey: demo\npurpose: service\nenter: {{ event: go, key: event.k }}\nexit: [ {{ event: bought }} ]\nsteps:\n{steps}"
        ),
        FREE,
    )
}

fn pause(run: RunId) -> Act {
    Act::Pause { run }
}

fn resume(run: RunId) -> Act {
    Act::Resume { run }
}

fn exit(run: RunId) -> Act {
    Act::Exit { run }
}

fn skip(run: RunId) -> Act {
    Act::Advance { run }
}

/// What was not done, and why.
fn ignored(undone: Undone) -> String {
    format!("ignored: {}", undone.as_str())
}

#[test]
fn a_person_pauses_a_run_and_its_durations_stop_until_a_person_lets_it_go_on() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).waits("4h").log();
    play.acts_on_run(pause);
    let said = [
        "by hand Pause: she called",
        "paused since 2026-01-05T12:00:00Z",
    ];
    assert_eq!(play.log(), said);
    assert_eq!(play.run().due_at, None);
    play.waits("100d");
    assert_eq!(play.log(), [""; 0], "nothing is due, however long it takes");
    play.acts_on_run(resume);
    let until = play.now + span("6h");
    let wanted = [
        "by hand Resume: she called".to_owned(),
        "resumed, paused since 2026-01-05T12:00:00Z".to_owned(),
        format!("waits until {until}"),
    ];
    assert_eq!(play.log(), wanted, "six of the ten hours are left");
    assert_eq!(play.waits("5h").log(), [""; 0]);
    assert_eq!(play.waits("1h").sent(), ["hi email"]);
}

#[test]
fn a_person_and_a_journey_pause_the_same_run_and_it_goes_on_when_both_say_so() {
    // Who pauses first and who lets go first, by their hours; the time that stands still is from the first to the last.
    type Does = fn(&mut Play);
    let by_hand: [Does; 2] = [
        |p| drop(p.acts_on_run(pause).log()),
        |p| drop(p.acts_on_run(resume).log()),
    ];
    let journey: [Does; 2] = [|p| drop(p.pauses().log()), |p| drop(p.resumes().log())];
    let orders: [[Does; 4]; 4] = [
        [by_hand[0], journey[0], journey[1], by_hand[1]],
        [by_hand[0], journey[0], by_hand[1], journey[1]],
        [journey[0], by_hand[0], by_hand[1], journey[1]],
        [journey[0], by_hand[0], journey[1], by_hand[1]],
    ];
    for (n, order) in orders.into_iter().enumerate() {
        let mut play = service(&format!("  - wait: 10h\n{SEND}"));
        play.does("go", json!({ "k": "a" })).waits("4h");
        for (hours, does) in ["0h", "1h", "1h", "1h"].into_iter().zip(order) {
            play.waits(hours);
            assert_eq!(play.run().due_at.is_some(), hours == "0h", "{n}");
            does(&mut play);
        }
        let due = at(crate::play::START) + span("13h");
        assert_eq!(play.run().due_at, Some(due), "{n}");
        assert_eq!(play.run().state.paused_for, span("3h"), "{n}");
        assert!(play.run().state.by_person.is_none(), "{n}");
    }
}

#[test]
fn what_a_person_has_paused_stays_so_when_its_journey_goes_on() {
    let mut play = service(&format!("  - wait: 1h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).acts_on_run(pause);
    play.waits("1h").pauses().waits("1h").log();
    play.resumes();
    assert_eq!(play.log(), [ignored(Undone::STAYS)]);
    play.waits("10d");
    assert!(play.sent().is_empty());
    // The next pause of the journey finds it as it is, and a second look finds nothing to do.
    play.pauses().waits("1m").resumes().log();
    let run = play.run();
    assert_eq!(play.world.pausing(&run), None);
    play.acts_on_run(resume).waits("1h");
    assert_eq!(play.sent(), ["hi email"]);
}

#[test]
fn a_run_that_its_journey_alone_has_paused_does_not_go_on_by_hand() {
    let mut play = service(&format!("  - wait: 1h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).pauses().log();
    play.acts_on_run(resume);
    assert_eq!(
        play.log(),
        [
            "by hand Resume: she called".to_owned(),
            ignored(Undone::JOURNEY_PAUSED)
        ]
    );
    assert!(play.run().state.paused.is_some());
}

#[test]
fn exits_goals_and_what_is_heard_act_in_a_pause_by_hand() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" }))
        .acts_on_run(pause)
        .log();
    play.does("bought", json!({}));
    assert_eq!(play.log(), ["left bought"]);

    let steps = format!(
        "  - wait_for: {{ event: paid }}\n    then: [ {{ set: {{ run.total: event.total }} }} ]\n{SEND}  - wait: 1d\n"
    );
    let mut play = service(&steps);
    play.does("go", json!({ "k": "a" })).acts_on_run(pause);
    play.does("paid", json!({ "total": 40 })).waits("1d").log();
    assert!(play.sent().is_empty());
    play.acts_on_run(resume);
    assert_eq!(play.log_of("run.total"), ["run.total=40"]);
    assert_eq!(play.sent(), ["hi email"]);
}

#[test]
fn a_second_pause_and_an_end_of_no_pause_change_nothing() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).acts_on_run(resume);
    assert!(play.log().contains(&ignored(Undone::NOT_PAUSED)));
    play.acts_on_run(pause).log();
    let before = play.run();
    play.waits("1h").acts_on_run(pause);
    assert!(play.log().contains(&ignored(Undone::PAUSED_BEFORE)));
    assert_eq!(play.run(), before);
}

#[test]
fn a_wait_that_is_skipped_ends_as_if_its_time_had_come() {
    let waits = [
        "  - wait: 10h\n",
        "  - wait: { until: \"18:00\" }\n",
        "  - wait_for: { event: never, within: 4d }\n",
        "  - { id: c, call: vouchers, within: 4d }\n",
        "  - { id: c, hand_over: support, within: 4d }\n",
    ];
    for wait in waits {
        let mut play = service(&format!("{wait}{SEND}  - wait: 1d\n"));
        play.does("go", json!({ "k": "a" })).waits("1h").log();
        play.acts_on_run(skip);
        let log = play.log();
        assert_eq!(
            log[..2],
            ["by hand Advance: she called", "time is over"],
            "{wait}"
        );
        assert_eq!(play.sent(), ["hi email"], "{wait}");
        assert_eq!(play.cancelled > 0, wait.contains("id: c"), "{wait}");
        assert_eq!(play.run().due_at, Some(play.now + span("1d")), "{wait}");
    }
    let mut play = service(
        "  - { id: q, ask: sms, template: t, expect: text, within: 4d, else: [ { id: no, send: email, template: t } ] }\n",
    );
    play.does("go", json!({ "k": "a" })).acts_on_run(skip);
    assert_eq!(play.sent(), ["q sms", "no email"]);
}

#[test]
fn the_next_round_begins_at_once_when_its_wait_is_skipped() {
    let mut play = service(
        "  - { id: r, repeat: { every: 4d, times: 2, steps: [ { id: hi, send: email, template: t } ] } }\n",
    );
    play.does("go", json!({ "k": "a" })).waits("1d");
    assert_eq!(play.sent(), ["hi email"]);
    play.acts_on_run(skip);
    assert_eq!(play.sent(), ["hi email", "hi email"]);
}

#[test]
fn an_exit_that_holds_by_now_comes_before_the_end_of_the_wait() {
    let text = format!(
        "journey: demo\npurpose: service\nenter: {{ event: go }}\nexit: [ {{ if: 'now >= \"2026-01-06T08:00:00Z\"', as: late }} ]\nsteps:\n  - wait: 30d\n{SEND}"
    );
    let mut play = Play::new(&text, FREE);
    play.does("go", json!({})).waits("2d");
    let run = play.run().id;
    play.acts(skip(run));
    assert!(play.sent().is_empty());
    assert_eq!(play.log_of("left"), ["left late"]);
}

#[test]
fn what_a_rule_holds_back_is_not_hurried() {
    let night = "quiet_hours: [ { name: night, from: \"20:00\", to: \"08:00\", quiet: hold } ]\n";
    let text = format!("enter: {{ event: go }}\nsteps:\n{SEND}");
    let mut play = Play::new(&text, night).starting("2026-01-05T22:00+01:00");
    play.does("go", json!({})).log();
    play.acts_on_run(skip);
    assert!(play.log().contains(&ignored(Undone::HELD)));
    assert!(play.sent().is_empty());
    // Neither is a run that is paused.
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).acts_on_run(pause);
    play.acts_on_run(skip);
    assert!(play.log().contains(&ignored(Undone::PAUSED)));
    assert!(play.sent().is_empty());
}

#[test]
fn a_question_behind_another_is_not_hurried() {
    let text = "journey: demo\npurpose: service\nenter: { event: go, key: event.k }\nsteps:\n  - { id: q, ask: sms, template: t, expect: text, within: 4d }\n";
    let mut play = Play::new(text, FREE);
    play.does("go", json!({ "k": "a" }))
        .does("go", json!({ "k": "b" }));
    let runs = play.ana().runs.clone();
    let queued = runs
        .iter()
        .find(|r| r.state.pending.as_ref().is_some_and(|p| p.asked.is_none()));
    let queued = queued.unwrap().id;
    play.acts(skip(queued));
    assert!(play.log().contains(&ignored(Undone::QUEUED)));
}

#[test]
fn a_run_that_is_taken_out_leaves_by_hand_and_its_marketing_is_recalled() {
    let text = "enter: { event: go }\ngoal: { event: paid, within: 3d }\nsteps:\n  - { id: hi, send: email, template: t }\n  - wait: 1d\n";
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({})).log();
    play.acts_on_run(exit);
    assert_eq!(
        play.log(),
        ["by hand Exit: she called", "left by_hand", "recalled"]
    );
    assert_eq!(play.recalled, 1);
    // It goes on watching for its goal, and cannot leave twice.
    play.acts_on_run(exit);
    assert!(play.log().contains(&ignored(Undone::LEFT)));
    play.does("paid", json!({}));
    assert_eq!(play.log(), ["goal"]);
}

#[test]
fn an_action_on_a_run_that_is_over_or_never_was_says_so() {
    let run = RunId(uuid::Uuid::from_u128(7));
    for act in [pause, resume, exit, skip] {
        let mut play = service(SEND);
        play.acts(act(run));
        assert_eq!(play.log()[1], ignored(Undone::OVER));
    }
}

#[test]
fn no_journey_hears_of_an_action_nor_acts_by_emitting_one() {
    let text = format!(
        "journey: demo\npurpose: service\nenter: {{ event: go }}\nsteps:\n  - wait_for: {{ event: {SUPPORT_ACTION}, within: 1d }}\n    then: [ {{ id: hi, send: email, template: t }} ]\n  - emit: {SUPPORT_ACTION}\n"
    );
    let mut play = Play::new(&text, FREE);
    play.does("go", json!({})).log();
    play.acts(Act::OptOut {
        purpose: "marketing".into(),
        channel: None,
    });
    assert!(play.sent().is_empty());
    play.waits("1d");
    assert!(
        !play
            .log()
            .iter()
            .any(|line| line.contains("cannot be read"))
    );
}

#[test]
fn an_action_that_cannot_be_read_is_ignored() {
    let long = "é".repeat(MAX_REASON * 2);
    let surprising = [
        json!(null),
        json!({ "action": "dance", "by": "x", "reason": "y" }),
        json!({ "action": "pause", "run": 7, "by": "x", "reason": "y" }),
        json!({ "action": "opt_out", "purpose": "marketing", "channel": "fax", "by": "x", "reason": "y" }),
        json!({ "action": "opt_out", "purpose": "marketing", "by": "x", "reason": "" }),
    ];
    for fields in surprising {
        let mut play = service(&format!("  - wait: 10h\n{SEND}"));
        play.does("go", json!({ "k": "a" })).log();
        let before = play.ana().clone();
        play.does(SUPPORT_ACTION, fields.clone());
        let log = play.log();
        assert!(
            log[0].starts_with("ignored: the action cannot be read: "),
            "{fields}: {log:?}"
        );
        assert_eq!(*play.ana(), before, "{fields}");
    }
    let mut play = service(SEND);
    play.does(
        SUPPORT_ACTION,
        json!({ "action": "opt_out", "purpose": "marketing", "by": "x", "reason": long }),
    );
    assert!(play.log()[0].chars().count() < MAX_REASON + 40);
}

#[test]
fn an_opt_out_takes_the_consent_back_as_the_customers_word_to_support() {
    let text = format!("enter: {{ event: go }}\nsteps:\n  - wait: 1h\n{SEND}");
    let mut play = Play::new(&text, FREE);
    play.does("go", json!({})).log();
    play.acts(Act::OptOut {
        purpose: "marketing".into(),
        channel: Some(Channel::Email),
    });
    assert_eq!(
        play.log(),
        ["by hand OptOut: she called", "consent withdrawn"]
    );
    let consents = play.ana().ledger.consents["marketing"].clone();
    assert_eq!(consents[&Channel::Email].state, ConsentState::Withdrawn);
    assert_eq!(consents[&Channel::Email].how.as_deref(), Some("support"));
    assert_eq!(consents[&Channel::Sms].state, ConsentState::Granted);
    play.waits("1h");
    assert_eq!(play.log_of("suppressed"), ["suppressed hi no_consent"]);
    // On all channels; and a word of a new beginning gives none of it back.
    play.acts(Act::OptOut {
        purpose: "marketing".into(),
        channel: None,
    });
    play.replies("sms", "START");
    let consents = &play.ana().ledger.consents["marketing"];
    assert!(
        consents
            .values()
            .all(|c| c.state == ConsentState::Withdrawn)
    );
    play.log();
    play.acts(Act::OptOut {
        purpose: "nothing".into(),
        channel: None,
    });
    assert!(play.log().contains(&ignored(Undone::NO_PURPOSE)));
}
