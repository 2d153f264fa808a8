//! A message that failed, and that a person has sent again: a decision of its own.

use journey::{
    action::{Act, Undone},
    explain::Status,
    ids::MessageId,
    message::Reason,
};

use crate::play::{FREE, Play, json};

const SEND: &str = "  - { id: hi, send: email, template: t }\n";

fn ignored(undone: Undone) -> String {
    format!("ignored: {}", undone.as_str())
}

/// Ana's message has failed; her run goes on for another day.
fn failed(policies: &str) -> Play {
    let text = format!("enter: {{ event: go }}\nsteps:\n{SEND}  - wait: 1d\n");
    let mut play = Play::new(&text, policies).on_the_wall_clock();
    play.does("go", json!({})).fails(0, Reason::Failed).log();
    play
}

#[test]
fn a_message_that_failed_is_decided_anew_under_an_id_of_its_own() {
    let mut play = failed(FREE);
    play.sends_again(0, Status::Failed);
    assert_eq!(play.log(), ["by hand Resend: she called", "sends hi email"]);
    let [first, again] = &play.messages[..] else {
        panic!("{:?}", play.messages)
    };
    assert_ne!(first.id, again.id);
    assert_eq!(again.decision.repeats, Some(first.id));
    assert_eq!((&again.step, again.run), (&first.step, first.run));
    assert_eq!(again.decision.template, first.decision.template);
    let (id, hi) = (again.id, play.run().state.steps.get("hi").unwrap().clone());
    assert!(hi.sent && !hi.failed && hi.message == Some(id));
}

#[test]
fn it_goes_though_its_run_is_over() {
    let text = format!("enter: {{ event: go }}\nsteps:\n{SEND}");
    let mut play = Play::new(&text, FREE).on_the_wall_clock();
    play.does("go", json!({})).fails(0, Reason::Failed).log();
    assert!(play.ana().runs.is_empty());
    play.sends_again(0, Status::Failed);
    assert_eq!(play.sent(), ["hi email", "hi email"]);
}

#[test]
fn consent_caps_and_quiet_hours_hold_for_it() {
    let mut play = failed(FREE);
    play.does("consent.withdrawn", json!({})).log();
    play.sends_again(0, Status::Failed);
    assert_eq!(play.log_of("suppressed"), ["suppressed hi no_consent"]);

    let caps = "caps: [ { name: one, per: 1d, max: 1, window: rolling, capped: hold } ]\n";
    let text = format!("enter: {{ event: go, key: event.k }}\nsteps:\n{SEND}  - wait: 1d\n");
    let mut play = Play::new(&text, caps).on_the_wall_clock();
    play.does("go", json!({ "k": "a" }))
        .fails(0, Reason::Failed);
    play.does("go", json!({ "k": "b" })).log();
    play.sends_again(0, Status::Failed);
    assert_eq!(
        play.log_of("suppressed"),
        ["suppressed hi capped"],
        "nothing holds it"
    );

    let night = "quiet_hours: [ { name: night, from: \"20:00\", to: \"08:00\", quiet: hold } ]\n";
    let mut play = failed(night);
    play.sleeps("12h").sends_again(0, Status::Failed);
    assert_eq!(play.log_of("suppressed"), ["suppressed hi quiet"]);
    // It stands there with its reason, and says what it repeats.
    let refused = play.messages.last().unwrap();
    assert_eq!(refused.refused, Some(Reason::Quiet));
    assert_eq!(refused.decision.repeats, Some(play.messages[0].id));
}

#[test]
fn it_counts_in_caps_once_it_goes() {
    let caps = "caps: [ { name: one, per: 1d, max: 1, window: rolling } ]\n";
    let text = format!("enter: {{ event: go, key: event.k }}\nsteps:\n{SEND}");
    let mut play = Play::new(&text, caps).on_the_wall_clock();
    play.does("go", json!({ "k": "a" }))
        .fails(0, Reason::Failed);
    play.sends_again(0, Status::Failed).log();
    play.does("go", json!({ "k": "b" }));
    assert_eq!(play.log_of("suppressed"), ["suppressed hi capped"]);
}

#[test]
fn what_was_sent_again_is_not_sent_once_more_unless_it_fails() {
    let mut play = failed(FREE);
    play.sends_again(0, Status::Failed).log();
    play.sends_again(0, Status::Failed);
    assert!(play.log().contains(&ignored(Undone::AGAIN)));
    // It fails as well: then either of the two may be sent again, and one of them only.
    play.fails(1, Reason::Failed)
        .sends_again(1, Status::Failed)
        .log();
    assert_eq!(play.messages[2].decision.repeats, Some(play.messages[0].id));
    play.sends_again(0, Status::Failed);
    assert!(play.log().contains(&ignored(Undone::AGAIN)));
    play.sleeps("25h").sends_again(0, Status::Failed);
    assert_eq!(play.sent().len(), 4);
}

#[test]
fn one_that_fails_again_does_not_go_by_the_next_channel() {
    let text = "enter: { event: go }\nsteps:\n  - { id: hi, send: [email, sms], template: t }\n  - wait: 1d\n";
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({})).fails(0, Reason::Failed);
    assert_eq!(play.sent(), ["hi email", "hi sms"]);
    play.sends_again(0, Status::Failed).fails(2, Reason::Failed);
    assert_eq!(play.sent(), ["hi email", "hi sms", "hi email"]);
}

#[test]
fn a_key_that_was_sent_meanwhile_is_not_sent_again() {
    let text = "enter: { event: go, key: event.k }\nsteps:\n  - { id: hi, send: email, template: t, key: '\"welcome\"' }\n  - wait: 1d\n";
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({ "k": "a" }))
        .fails(0, Reason::Failed);
    play.does("go", json!({ "k": "b" })).log();
    play.sends_again(0, Status::Failed);
    assert_eq!(play.log_of("suppressed"), ["suppressed hi already_sent"]);
    // And the other way about.
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({ "k": "a" }))
        .fails(0, Reason::Failed);
    play.sends_again(0, Status::Failed).log();
    play.does("go", json!({ "k": "b" }));
    assert_eq!(play.log_of("suppressed"), ["suppressed hi already_sent"]);
}

#[test]
fn what_cannot_be_sent_again_says_why() {
    for status in [
        Status::Sent,
        Status::Queued,
        Status::Leased,
        Status::Suppressed,
        Status::Recalled,
    ] {
        let mut play = failed(FREE);
        play.sends_again(0, status);
        assert!(
            play.log().contains(&ignored(Undone::NOT_FAILED)),
            "{status:?}"
        );
        assert_eq!(play.messages.len(), 1);
    }
    let mut play = failed(FREE);
    let nobody = MessageId(uuid::Uuid::from_u128(1));
    play.acts(Act::Resend {
        message: nobody,
        kept: None,
    });
    assert!(play.log().contains(&ignored(Undone::NO_MESSAGE)));

    let text = "journey: demo\npurpose: service\nenter: { event: go }\nsteps:\n  - { id: q, ask: sms, template: t, expect: text, within: 4d }\n";
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({})).fails(0, Reason::Failed);
    play.sends_again(0, Status::Failed);
    assert!(play.log().contains(&ignored(Undone::QUESTION)));

    let text = "journey: demo\npurpose: service\nenter: { event: go }\nsteps:\n  - { id: h, hand_over: support, within: 4d }\n";
    let mut play = Play::new(text, FREE).on_the_wall_clock();
    play.does("go", json!({})).does(
        "hand_over.said",
        json!({ "text": "Hello", "channel": "chat" }),
    );
    play.sends_again(0, Status::Failed);
    assert!(play.log().contains(&ignored(Undone::WRITTEN)));

    // The machine that decided it is gone.
    let mut play = failed(FREE);
    let nowhere = journey::ids::MachineId(uuid::Uuid::from_u128(1));
    play.messages[0].decision.machine = nowhere;
    play.sends_again(0, Status::Failed);
    assert!(play.log().contains(&ignored(Undone::NO_SEND)));
}
