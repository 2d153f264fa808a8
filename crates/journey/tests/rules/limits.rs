//! Rules 38, 42 and 46: consent, reachability, suppression, caps and quiet hours, and whose word counts.

use journey::{
    message::{Channel, Reason},
    value::Value,
};

use crate::play::{FREE, Play, at, json};

const ALL: &str = "
purposes: { marketing: { consent: opt_in }, service: { consent: none } }
caps: [ { name: none_at_all, max: 0, per: 1d, window: rolling }, { name: never, channel: email, max: 0, per: day, window: calendar } ]
quiet_hours: [ { name: night, from: \"00:00\", to: \"23:59\" }, { name: noon, channels: [sms], from: \"09:00\", to: \"13:00\" } ]
";

fn sends(step: &str, policies: &str) -> Play {
    Play::new(
        &format!("enter: {{ event: go }}\nsteps: [ {step}, {{ wait: 1h }} ]"),
        policies,
    )
}

#[test]
fn rule_38_all_refusals_are_recorded_in_order_and_the_first_is_the_reason() {
    let mut play = sends("{ id: s, send: email, template: t }", ALL);
    play.does("message.bounced", json!({ "channel": "email" }));
    play.does("consent.withdrawn", json!({})).log();
    play.does("go", json!({}));
    let message = &play.messages[0];
    assert_eq!(message.refused, Some(Reason::NoConsent));
    let found: Vec<_> = message
        .decision
        .refusals
        .iter()
        .map(|r| (r.reason, &*r.rule))
        .collect();
    assert_eq!(
        found,
        [
            (Reason::NoConsent, "marketing"),
            (Reason::SuppressionList, "bounced"),
            (Reason::Capped, "none_at_all"),
            (Reason::Capped, "never"),
            (Reason::Quiet, "night"),
        ]
    );
    let step = &play.run().state.steps["s"];
    assert_eq!(step.reason.as_deref(), Some("no_consent"));
    assert!(step.suppressed && !step.sent);
}

#[test]
fn rule_38_an_address_is_missed_before_caps_and_quiet_hours_are() {
    let mut play = sends("{ id: s, send: sms, template: t }", ALL);
    play.is(json!({ "phone": null })).does("go", json!({}));
    let found: Vec<_> = play.messages[0]
        .decision
        .refusals
        .iter()
        .map(|r| r.reason)
        .collect();
    assert_eq!(
        found,
        [
            Reason::Unreachable,
            Reason::Capped,
            Reason::Quiet,
            Reason::Quiet
        ]
    );
    assert_eq!(play.messages[0].refused, Some(Reason::Unreachable));
}

#[test]
fn rule_38_consent_is_what_the_purpose_asks_for() {
    for (rule, states) in [
        ("none", [true, true, true, true]),
        ("opt_out", [true, true, true, false]),
        ("opt_in", [false, true, true, false]),
        ("double_opt_in", [false, false, true, false]),
    ] {
        let policies = format!("purposes: {{ marketing: {{ consent: {rule} }} }}");
        for (state, expected) in ["", "unconfirmed", "confirmed", "withdrawn"]
            .into_iter()
            .zip(states)
        {
            let mut play = sends("{ id: s, send: email, template: t }", &policies);
            play.ana().ledger.consents.clear();
            match state {
                "unconfirmed" => play.does("consent.granted", json!({ "channel": "email" })),
                "confirmed" => play.does(
                    "consent.granted",
                    json!({ "channels": ["email"], "confirmed": true }),
                ),
                "withdrawn" => play.does("consent.withdrawn", json!({})),
                _ => &mut play,
            };
            play.does("go", json!({}));
            assert_eq!(!play.sent().is_empty(), expected, "{rule} {state}");
        }
    }
}

#[test]
fn rule_38_a_consent_is_one_channels_and_a_second_grant_takes_nothing_away() {
    let policies =
        "purposes: { marketing: { consent: opt_in, channels: { email: double_opt_in } } }";
    let mut play = sends(
        "{ id: e, send: email, template: t }, { id: s, send: sms, template: t }",
        policies,
    );
    play.ana().ledger.consents.clear();
    play.does(
        "consent.granted",
        json!({ "channel": "email", "confirmed": true }),
    );
    play.does("consent.granted", json!({ "channels": ["email", "sms"] }))
        .does("go", json!({}));
    assert_eq!(play.sent(), ["e email", "s sms"]);
    play.does("consent.granted", json!({ "channel": "carrier_pigeon" }));
    assert_eq!(
        play.log().last().unwrap(),
        "ignored: the event names no channel that there is"
    );
}

#[test]
fn rule_38_a_new_address_lifts_its_suppression() {
    let mut play = sends("{ id: s, send: email, template: t }", FREE);
    play.does(
        "message.bounced",
        json!({ "channel": "email", "permanent": false }),
    );
    play.does("go", json!({})).waits("1h");
    assert_eq!(
        play.sent().len(),
        1,
        "a bounce that may pass suppresses nothing"
    );
    play.does("message.complained", json!({ "channel": "email" }))
        .does("go", json!({}))
        .waits("1h");
    assert_eq!(play.sent().len(), 1);
    play.is(json!({ "email": "new@shop.example" }))
        .does("go", json!({}));
    assert_eq!(play.sent().len(), 2);
}

/// What a send does that the cap `full` or the quiet hours `night` refuse, by the three words.
fn word(kind: &str, send: &str, rule: &str, default: &str, purpose: &str) -> &'static str {
    let says = |word: &str| {
        if word.is_empty() {
            String::new()
        } else {
            format!(", {kind}: {word}")
        }
    };
    let rule = if kind == "capped" {
        format!(
            "caps: [ {{ name: full, purpose: {purpose}, max: 1, per: 1d, window: rolling{} }} ]",
            says(rule)
        )
    } else {
        format!(
            "quiet_hours: [ {{ name: night, from: \"00:00\", to: \"12:00\"{} }} ]",
            says(rule)
        )
    };
    let defaults = if default.is_empty() {
        String::new()
    } else {
        format!("defaults: {{ {kind}: {default} }}\n")
    };
    let policies = format!(
        "purposes: {{ marketing: {{ consent: opt_in }}, service: {{ consent: none }} }}\n{rule}\n{defaults}"
    );
    let first = if kind == "capped" {
        "{ id: first, send: sms, template: t }, "
    } else {
        ""
    };
    let journey = format!(
        "journey: demo\npurpose: {purpose}\nenter: {{ event: go }}\nsteps: [ {first}{{ id: s, send: email, template: t{} }}, {{ wait: 9d }} ]",
        says(send)
    );
    let mut play = Play::new(&journey, &policies);
    play.does("go", json!({}));
    let log = play.log();
    let is = |start: &str| log.iter().any(|l| l.starts_with(start));
    match () {
        () if is("sends s") => "sends",
        () if is("held") => "holds",
        () if is("suppressed s") => "skips",
        () => panic!("{log:?}"),
    }
}

#[test]
fn rule_42_the_sends_word_beats_the_rules_and_the_rules_the_defaults() {
    let words = ["", "skip", "hold", "fallback", "send"];
    for purpose in ["marketing", "service"] {
        for kind in ["capped", "quiet"] {
            for send in words {
                for rule in words {
                    for default in words {
                        let unsaid = if kind == "capped" { "skip" } else { "hold" };
                        let deciding = [send, rule, default, unsaid]
                            .into_iter()
                            .find(|w| !w.is_empty())
                            .unwrap();
                        let expected = match (deciding, purpose) {
                            ("hold", _) => "holds",
                            // Only a purpose that needs no consent may pass a limit.
                            ("send", "service") => "sends",
                            _ => "skips",
                        };
                        let found = word(kind, send, rule, default, purpose);
                        assert_eq!(
                            found, expected,
                            "{purpose} {kind} send={send} rule={rule} default={default}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn rule_42_a_purpose_may_permit_or_forbid_to_pass_its_limits() {
    for (purposes, sends) in [
        ("marketing: { consent: opt_in, overrides: true }", true),
        ("marketing: { consent: none, overrides: false }", false),
    ] {
        let policies = format!(
            "purposes: {{ {purposes} }}\nquiet_hours: [ {{ name: night, from: \"00:00\", to: \"12:00\" }} ]"
        );
        let mut play = self::sends(
            "{ id: s, send: email, template: t, quiet: send }",
            &policies,
        );
        play.does("go", json!({}));
        assert_eq!(play.sent().len(), usize::from(sends), "{purposes}");
        let refusals = &play.messages[0].decision.refusals;
        assert_eq!(
            refusals[0].rule,
            "night".into(),
            "what was passed over is recorded"
        );
    }
}

#[test]
fn rule_42_skip_beats_hold_and_of_holds_the_latest_rules() {
    let night = "{ name: night, from: \"00:00\", to: \"12:00\", quiet: hold }";
    let long = "{ name: long, from: \"08:00\", to: \"15:00\", quiet: hold }";
    let skip = "{ name: skip, from: \"00:00\", to: \"10:00\", quiet: skip }";
    let step = "{ id: s, send: email, template: t }";
    let mut play = sends(step, &format!("quiet_hours: [ {long}, {night} ]"));
    play.does("go", json!({}));
    assert_eq!(play.log_of("held"), ["held until 2026-01-05T14:00:00Z"]);
    let held = play.run().state.pending.unwrap().held.unwrap();
    assert_eq!(&*held.rule, "long", "support sees what it waits for");
    let mut play = sends(step, &format!("quiet_hours: [ {night}, {skip}, {long} ]"));
    play.does("go", json!({}));
    assert_eq!(play.messages[0].refused, Some(Reason::Quiet));
}

#[test]
fn rule_42_a_cap_that_no_time_lifts_holds_nothing() {
    let policies = "caps: [ { name: shut, max: 0, per: 7d, window: rolling, capped: hold }, { name: shut_too, max: 0, per: week, window: calendar, capped: hold } ]";
    let mut play = sends("{ id: s, send: email, template: t }", policies);
    play.does("go", json!({}));
    assert_eq!(play.messages[0].refused, Some(Reason::Capped));
    assert!(
        play.messages[0]
            .decision
            .refusals
            .iter()
            .all(|r| r.until.is_none())
    );
}

const LIST: &str = "{ id: s, send: [push, sms, email], template: t, capped: hold, quiet: hold }";

#[test]
fn rule_46_a_list_takes_the_first_channel_that_may_go() {
    let mut play = sends(LIST, FREE);
    play.is(json!({ "push_token": null })).does("go", json!({}));
    assert_eq!(play.sent(), ["s sms"]);
    let refusals = &play.messages[0].decision.refusals;
    assert_eq!(
        (refusals[0].channel, refusals[0].reason),
        (Channel::Push, Reason::Unreachable)
    );
}

#[test]
fn rule_46_a_list_goes_by_a_later_channel_rather_than_hold_an_earlier() {
    let policies =
        "quiet_hours: [ { name: night, channels: [push, sms], from: \"00:00\", to: \"12:00\" } ]";
    let mut play = sends(LIST, policies);
    play.does("go", json!({}));
    assert_eq!(play.sent(), ["s email"]);
}

#[test]
fn rule_46_if_none_can_go_it_holds_for_the_earliest_and_tries_the_whole_list_again() {
    let policies = "quiet_hours:
  - { name: a, channels: [push], from: \"00:00\", to: \"14:00\" }
  - { name: b, channels: [sms], from: \"00:00\", to: \"11:00\" }
  - { name: c, channels: [email], from: \"00:00\", to: \"20:00\", quiet: skip }";
    let mut play = sends(LIST, policies);
    play.is(json!({ "chat_id": null }))
        .does("go", json!({}))
        .log();
    let held = play.run().state.pending.unwrap();
    assert_eq!(held.until, Some(at("2026-01-05T11:00+01:00")));
    let because = held.held.unwrap();
    assert_eq!((because.channel, &*because.rule), (Channel::Sms, "b"));
    // By then the phone is gone: it holds for the next one.
    play.is(json!({ "phone": null })).log();
    assert_eq!(
        play.run().due_at,
        Some(at("2026-01-05T14:00+01:00")),
        "decided anew at once"
    );
    play.waits("5h");
    assert_eq!(play.sent(), ["s push"]);
    assert_eq!(play.times_of("sends"), [at("2026-01-05T14:00+01:00")]);
}

#[test]
fn rule_46_of_several_devices_the_first_counts() {
    let mut play = sends("{ id: s, send: push, template: t }", FREE);
    play.is(json!({ "push_token": null, "push_tokens": [] }))
        .does("go", json!({}))
        .waits("2h");
    assert!(play.sent().is_empty());
    play.is(json!({ "push_tokens": ["a", "b"] }))
        .does("go", json!({}));
    assert_eq!(play.sent().len(), 1);
    assert_eq!(play.ana().address(Channel::Push), Some(Value::text("a")));
}

/// What is known of a restricted customer is kept, and nothing is sent: for any purpose but one that says so.
#[test]
fn rule_38_nothing_is_sent_while_processing_is_restricted() {
    let policies = "
purposes:
  marketing: { consent: opt_out }
  service: { consent: none }
  legal: { consent: none, while_restricted: true }
";
    let mut play = sends(
        "{ id: m, send: email, template: t }, { id: s, send: email, template: t, purpose: service }, { id: l, send: email, template: t, purpose: legal }",
        policies,
    );
    play.does("customer.restricted", json!({}));
    assert_eq!(play.log(), ["restricted true"]);
    play.does("go", json!({}));
    assert_eq!(play.sent(), ["l email"]);
    let refused: Vec<_> = play.messages.iter().map(|m| m.refused).collect();
    let restricted = Some(Reason::Restricted);
    assert_eq!(refused, [restricted, restricted, None]);
    assert_eq!(&*play.messages[0].decision.refusals[0].rule, "marketing");
    assert_eq!(
        play.run().state.steps["s"].reason.as_deref(),
        Some("restricted")
    );
    // A correction is taken in all the same, and takes effect later.
    play.is(json!({ "first_name": "Anna" }));
    play.waits("2h").does("customer.unrestricted", json!({}));
    play.does("go", json!({}));
    assert_eq!(play.sent(), ["l email", "m email", "s email", "l email"]);
}

/// A held message is looked at again at once, and does not go when its time comes.
#[test]
fn rule_39_a_held_message_is_dropped_when_processing_is_restricted() {
    let policies = "
purposes: { marketing: { consent: opt_out } }
quiet_hours: [ { name: night, from: \"00:00\", to: \"23:59\" } ]
";
    let mut play = sends("{ id: m, send: email, template: t }", policies);
    play.does("go", json!({}));
    assert!(play.messages.is_empty(), "held");
    play.does("customer.restricted", json!({}));
    assert_eq!(play.messages[0].refused, Some(Reason::Restricted));
}
