//! Rule 53: pausing.

use journey::{customer::ConsentState, message::Reason, world::Pausing};

use crate::play::{FREE, Play, at, json};

/// A journey in the service purpose that is entered by `go`.
fn service(steps: &str) -> Play {
    Play::new(
        &format!(
            "journey: demo\npurpose: service\nenter: {{ event: go, key: event.k }}\nexit: [ {{ event: bought }} ]\nsteps:\n{steps}"
        ),
        FREE,
    )
}

/// What Ana does, or what is done for her.
type Hears = fn(&mut Play);

const SEND: &str = "  - { id: hi, send: email, template: t }\n";

#[test]
fn rule_53_pausing_stops_durations() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).waits("4h").log();
    play.pauses();
    assert_eq!(play.log(), ["paused since 2026-01-05T12:00:00Z"]);
    assert_eq!(play.run().due_at, None);
    play.waits("100d");
    assert_eq!(play.log(), [""; 0], "nothing is due, however long it takes");
    play.resumes();
    let until = play.now + crate::play::span("6h");
    let wanted = [
        "resumed, paused since 2026-01-05T12:00:00Z".to_owned(),
        format!("waits until {until}"),
    ];
    assert_eq!(play.log(), wanted, "six of the ten hours are left");
    assert_eq!(play.waits("5h").log(), [""; 0]);
    assert_eq!(play.waits("1h").sent(), ["hi email"]);
}

#[test]
fn rule_53_pausing_does_not_stop_moments() {
    let moments = [
        "{ until: \"18:00\" }",
        "{ until: run.event.at }",
        "{ until: 18:00-20:00 }",
    ];
    for wait in moments {
        let start = |play: &mut Play| {
            play.does("go", json!({ "k": "a", "at": "2026-01-05T17:00:00Z" }));
        };
        let steps = format!("  - wait: {wait}\n{SEND}");
        // It comes while the journey is paused: on resume it fires.
        let mut play = service(&steps);
        start(&mut play);
        play.waits("1h").pauses().waits("30h");
        assert!(play.sent().is_empty(), "{wait}");
        play.resumes();
        assert_eq!(play.sent(), ["hi email"], "{wait}");
        // It comes later: it is where it was.
        let mut play = service(&steps);
        start(&mut play);
        play.waits("1h").pauses().waits("2h").resumes();
        assert_eq!(play.run().due_at, Some(at("2026-01-05T17:00Z")), "{wait}");
    }
}

#[test]
fn rule_53_a_duration_before_a_moment_stops_and_the_moment_does_not() {
    let steps = format!("  - wait: {{ for: 2h, at: \"18:00\" }}\n{SEND}");
    // Nine o'clock in Paris; an hour is left of the two when it goes on at six: that is too late for six.
    let mut play = service(&steps);
    play.does("go", json!({ "k": "a" })).waits("1h").pauses();
    play.waits("8h").resumes();
    assert_eq!(play.run().due_at, Some(at("2026-01-06T18:00+01:00")));
    // The two hours are over, and six o'clock comes in the pause.
    let mut play = service(&steps);
    play.does("go", json!({ "k": "a" })).waits("3h").pauses();
    play.waits("9h").resumes();
    assert_eq!(play.sent(), ["hi email"]);
}

#[test]
fn rule_53_the_longest_stay_within_and_rounds_are_durations_too() {
    let text = |steps: &str| {
        format!(
            "journey: demo\npurpose: service\nenter: {{ event: go }}\nexit: [ {{ after: 10d }} ]\nsteps:\n{steps}"
        )
    };
    let stays = [
        ("  - wait_for: { event: never, within: 4d }\n", "4d"),
        ("  - { id: c, call: vouchers, within: 4d }\n", "4d"),
        ("  - { id: c, hand_over: support, within: 4d }\n", "4d"),
        (
            "  - { id: q, ask: sms, template: t, expect: text, within: 4d }\n",
            "4d",
        ),
        (
            "  - { id: r, repeat: { every: 4d, times: 2, steps: [ { set: { run.x: 1 } } ] } }\n",
            "4d",
        ),
        ("  - wait_for: { event: never, within: 30d }\n", "10d"),
    ];
    for (steps, length) in stays {
        let mut play = Play::new(&text(steps), FREE);
        play.does("go", json!({})).waits("1d").pauses().waits("20d");
        assert_eq!(play.run().due_at, None, "{steps}");
        play.resumes();
        let due = at(crate::play::START) + crate::play::span("20d") + crate::play::span(length);
        assert_eq!(play.run().due_at, Some(due), "{steps}");
        // A second pause counts as well.
        play.waits("1m").pauses().waits("2d").resumes();
        let due = due + crate::play::span("2d");
        assert_eq!(play.run().due_at, Some(due), "{steps}");
    }
}

#[test]
fn rule_53_exits_goals_and_consent_act_in_a_pause() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play.does("go", json!({ "k": "a" })).pauses().log();
    play.does("bought", json!({}));
    assert_eq!(play.log(), ["left bought"]);

    let mut play = Play::new(
        &format!(
            "enter: {{ event: go }}\ngoal: {{ event: paid, within: 3d }}\nsteps:\n  - wait: 1d\n{SEND}"
        ),
        FREE,
    );
    play.does("go", json!({})).pauses().waits("2d").log();
    play.does("paid", json!({}));
    play.does("consent.withdrawn", json!({ "channel": "email" }));
    assert_eq!(play.log(), ["goal", "consent withdrawn"]);
    let state = |play: &mut Play| {
        let consents = &play.ana().ledger.consents["marketing"];
        consents[&journey::message::Channel::Email].state
    };
    assert_eq!(state(&mut play), ConsentState::Withdrawn);
    play.resumes().waits("1d");
    assert_eq!(play.log_of("suppressed"), ["suppressed hi no_consent"]);
}

#[test]
fn rule_53_what_is_heard_in_a_pause_is_acted_on_when_it_goes_on() {
    let heard: [(&str, Hears); 4] = [
        ("  - wait_for: { event: answer }\n", |play| {
            play.does("answer", json!({}));
        }),
        ("  - { id: c, call: vouchers, within: 4d }\n", |play| {
            play.answers(0, json!({}));
        }),
        ("  - { id: c, hand_over: support, within: 4d }\n", |play| {
            play.does("hand_over.ended", json!({ "answer": 1 }));
        }),
        (
            "  - { id: q, ask: sms, template: t, expect: text, within: 4d }\n",
            |play| {
                play.replies("sms", "yes");
            },
        ),
    ];
    for (steps, hear) in heard {
        let mut play = service(&format!("{steps}{SEND}"));
        play.does("go", json!({ "k": "a" })).pauses();
        let before = play.sent();
        hear(&mut play);
        assert_eq!(play.sent(), before, "{steps}");
        play.waits("2d");
        assert_eq!(play.sent(), before, "{steps}");
        play.resumes();
        assert_eq!(play.sent().len(), before.len() + 1, "{steps}");
    }
}

#[test]
fn rule_53_a_held_send_is_decided_anew_and_expires_later() {
    let policies = "purposes: { marketing: { consent: opt_in } }\ncaps: [ { name: one, per: 1d, max: 1, window: rolling } ]\n";
    let steps = "  - { id: a, send: email, template: t }\n  - { id: b, send: email, template: t, capped: hold, expires: 2d }\n";
    let mut play = Play::new(
        &format!("enter: {{ event: go }}\nsteps:\n{steps}"),
        policies,
    );
    play.does("go", json!({})).waits("1h").pauses();
    play.waits("30d");
    assert_eq!(play.sent(), ["a email"]);
    play.resumes();
    assert_eq!(play.sent(), ["a email", "b email"]);
}

#[test]
fn rule_53_nobody_enters_a_paused_journey_and_a_run_inside_takes_what_refreshes_it() {
    let text = "journey: demo\npurpose: service\nenter: { event: cart, key: event.k, inside: INSIDE }\nsteps:\n  - wait: 10h\n";
    let mut play = Play::new(&text.replace("INSIDE", "refresh"), FREE);
    play.does("cart", json!({ "k": "a", "n": 1 }))
        .pauses()
        .log();
    play.does("cart", json!({ "k": "b" }));
    play.does("cart", json!({ "k": "a", "n": 2 }));
    assert_eq!(play.log(), ["not entered: Paused", "refreshed"]);
    let mut play = Play::new(&text.replace("INSIDE", "restart"), FREE);
    play.does("cart", json!({ "k": "a", "n": 1 }))
        .pauses()
        .log();
    play.does("cart", json!({ "k": "a", "n": 2 }));
    assert_eq!(
        play.log(),
        ["not entered: Paused"],
        "the run that is inside stays"
    );
    play.resumes().log();
    play.does("cart", json!({ "k": "b" }));
    assert_eq!(play.log_of("entered"), ["entered b"]);
}

#[test]
fn rule_53_a_message_that_fails_in_a_pause_is_not_tried_on_the_next_channel() {
    let mut play = service("  - { id: hi, send: [email, sms], template: t }\n  - wait: 5d\n");
    play = play.on_the_wall_clock();
    play.does("go", json!({ "k": "a" })).pauses();
    play.fails(0, Reason::Failed);
    assert_eq!(play.sent(), ["hi email"]);
}

#[test]
fn rule_53_whoever_is_touched_before_they_have_heard_of_it_hears_of_it_first() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play = play.on_the_wall_clock();
    play.does("go", json!({ "k": "a" })).sleeps("9h");
    let paused = Pausing::Paused(play.now);
    play.world.pause("demo".into(), paused);
    play.sleeps("3h").log();
    // Two hours after the wait was over: but the pause came first.
    play.does("other", json!({}));
    assert_eq!(
        play.log(),
        [
            "paused since 2026-01-05T17:00:00Z",
            "ignored: nothing listened"
        ]
    );
    play.sleeps("9h");
    let resumed = Pausing::Resumed(play.now);
    play.world.pause("demo".into(), resumed);
    play.sleeps("30m");
    play.does("other", json!({}));
    assert_eq!(
        play.run().due_at,
        Some(at("2026-01-06T06:00:00Z")),
        "an hour since it goes on"
    );
    // What an engine let in that had not heard of the pause has its time from then on.
    let paused = Pausing::Paused(play.now);
    play.sleeps("1m");
    play.does("go", json!({ "k": "late" })).log();
    play.world.pause("demo".into(), paused);
    play.does("other", json!({}));
    assert!(
        play.log()
            .contains(&"paused since 2026-01-06T05:31:00Z".to_owned())
    );
}

#[test]
fn rule_53_a_question_is_not_repeated_in_a_pause_and_stays_open() {
    let steps = "  - { id: q, ask: sms, template: t, expect: number, retry: 1, within: 4d }\n";
    let mut play = service(&format!("{steps}{SEND}"));
    play.does("go", json!({ "k": "a" })).pauses();
    play.replies("sms", "what?");
    assert_eq!(play.sent(), ["q sms"]);
    play.replies("sms", "7").waits("1m").resumes();
    assert_eq!(play.sent(), ["q sms", "hi email"]);
}

/// An engine that has not heard of the last word does not undo it.
#[test]
fn rule_53_an_earlier_word_does_not_undo_a_later_one() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play = play.on_the_wall_clock();
    play.does("go", json!({ "k": "a" })).waits("4h").pauses();
    let paused = Pausing::Paused(play.now);
    play.waits("50h").resumes();
    let resumed = Pausing::Resumed(play.now);
    let due = play.run().due_at;
    play.sleeps("1h");
    play.world.forget_pauses();
    play.world.pause("demo".into(), paused);
    play.does("other", json!({}));
    assert_eq!(
        play.run().due_at,
        due,
        "it was paused once and for all by that word"
    );
    play.pauses();
    assert_eq!(play.run().due_at, None);
    play.world.forget_pauses();
    play.world.pause("demo".into(), paused);
    play.world.pause("demo".into(), resumed);
    play.sleeps("1h").does("other", json!({}));
    assert_eq!(
        play.run().due_at,
        None,
        "it was resumed from the first pause only"
    );
    play.resumes();
    assert_eq!(
        play.run().due_at,
        due.map(|due| due + crate::play::span("1h"))
    );
}

/// Rule 19: what ended the wait in the pause is the event that the next steps see.
#[test]
fn rule_53_the_steps_behind_a_wait_see_the_event_that_ended_it_in_the_pause() {
    let steps = "  - wait_for: { event: paid }\n    then: [ { set: { run.total: event.total } } ]\n  - wait: 5d\n";
    let mut play = service(steps);
    play.does("go", json!({ "k": "a" })).pauses();
    play.does("paid", json!({ "total": 40 })).waits("2d");
    play.does("paid", json!({ "total": 7 })).log();
    play.resumes();
    assert_eq!(play.log_of("run.total"), ["run.total=40"]);
    assert!(play.run().state.heard.is_null());
}

/// Whoever hears of several words at once takes no step between them.
#[test]
fn rule_53_a_pause_that_is_over_before_a_run_hears_of_it_counts() {
    let mut play = service(&format!("  - wait: 10h\n{SEND}"));
    play = play.on_the_wall_clock();
    play.does("go", json!({ "k": "a" })).sleeps("4h");
    play.world.pause("demo".into(), Pausing::Paused(play.now));
    play.sleeps("20h");
    play.world.pause("demo".into(), Pausing::Resumed(play.now));
    play.sleeps("1h");
    play.world.pause("demo".into(), Pausing::Paused(play.now));
    play.sleeps("7h").does("other", json!({}));
    assert_eq!(play.run().due_at, None);
    play.world.pause("demo".into(), Pausing::Resumed(play.now));
    play.does("other", json!({}));
    let due = at(crate::play::START) + crate::play::span("37h");
    assert_eq!(play.run().due_at, Some(due), "ten hours, and 27 of pauses");
    // Who enters later has nothing to do with all that.
    play.waits("1h").does("go", json!({ "k": "b" })).log();
    play.does("other", json!({}));
    assert_eq!(play.log_of("aused"), [""; 0]);
}

#[test]
fn rule_53_the_longest_stay_that_was_over_comes_before_the_wait_that_was() {
    let text = format!(
        "journey: demo\npurpose: service\nenter: {{ event: go }}\nexit: [ {{ after: 10h }} ]\nsteps:\n  - wait: 9h\n{SEND}"
    );
    let mut play = Play::new(&text, FREE).on_the_wall_clock();
    play.does("go", json!({})).sleeps("11h").pauses();
    play.sleeps("5h").resumes();
    assert_eq!(play.log_of("left"), ["left too_long"]);
    assert!(play.sent().is_empty());
}

/// A moment that is moved into the pause fires when the journey goes on, and is not missed.
#[test]
fn rule_53_a_moment_that_changes_in_the_pause_is_not_missed() {
    let steps = format!("  - wait: {{ until: customer.renews_at, missed: exit }}\n{SEND}");
    let mut play = service(&steps);
    play.is(json!({ "renews_at": "2026-02-01T09:00:00Z" }));
    play.does("go", json!({ "k": "a" })).pauses().waits("5d");
    play.is(json!({ "renews_at": "2026-01-08T09:00:00Z" }));
    assert!(play.sent().is_empty());
    play.resumes();
    assert_eq!(play.sent(), ["hi email"]);
}
