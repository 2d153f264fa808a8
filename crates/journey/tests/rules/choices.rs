//! What customers choose for themselves, words of theirs in replies, and the control group (rules 38 and 44).

use std::collections::BTreeSet;

use journey::{
    customer::{ConsentState, Customer},
    ids::CustomerId,
    message::{Channel, Reason},
    policies::{ControlGroup, Policies},
    policy,
};

use crate::play::{Play, at, json};

const POLICIES: &str = "
purposes:
  marketing: { consent: opt_in }
  digest: { consent: opt_out, personal: false }
  service: { consent: none, overrides: true }
caps: [ { name: week, purpose: marketing, max: 9, per: 7d, window: rolling } ]
";

/// A journey that sends by mail on `go`, `dig` and `pay`, one purpose each.
fn shop(words: &str) -> Play {
    let journey = |name: &str, event: &str, purpose: &str| {
        format!(
            "journey: {name}\npurpose: {purpose}\nenter: {{ event: {event}, again: always }}\ninside: ignore\n\
             steps: [ {{ id: s, send: email, template: t{words} }} ]"
        )
    };
    let all = [
        journey("ads", "go", "marketing"),
        journey("digest", "dig", "digest"),
        journey("bills", "pay", "service"),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Play::of(&all, POLICIES)
}

fn chooses(play: &mut Play, choice: serde_json::Value) {
    play.does("preferences.changed", choice);
}

/// The reasons of the last messages, `-` for one that went.
fn last(play: &Play, n: usize) -> Vec<&'static str> {
    let all = &play.messages[play.messages.len() - n..];
    all.iter()
        .map(|m| m.refused.map_or("-", Reason::as_str))
        .collect()
}

#[test]
fn a_pause_stops_what_needs_consent_and_nothing_else_until_it_is_over() {
    let mut play = shop("");
    chooses(
        &mut play,
        json!({ "pause_until": "2026-01-12T09:00+01:00" }),
    );
    play.does("go", json!({}))
        .does("dig", json!({}))
        .does("pay", json!({}));
    assert_eq!(last(&play, 3), ["customer_paused", "customer_paused", "-"]);
    let refusal = &play.messages[0].decision.refusals[0];
    assert_eq!(refusal.until, Some(at("2026-01-12T09:00+01:00")));
    play.waits("7d").does("go", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
    // Ended before its time by the customer.
    chooses(&mut play, json!({ "pause_until": "2027-01-01T00:00Z" }));
    play.does("go", json!({}));
    chooses(&mut play, json!({ "pause_until": null }));
    play.does("go", json!({}));
    assert_eq!(last(&play, 2), ["customer_paused", "-"]);
}

#[test]
fn what_is_held_goes_when_the_pause_is_over_or_is_ended() {
    for ended in [false, true] {
        let mut play = shop(", capped: hold");
        chooses(
            &mut play,
            json!({ "pause_until": "2026-01-07T09:00+01:00" }),
        );
        play.does("go", json!({}));
        assert!(play.messages.is_empty(), "it waits");
        if ended {
            chooses(&mut play, json!({ "pause_until": null }));
        } else {
            play.waits("47h");
            assert!(play.messages.is_empty(), "it still waits");
            play.waits("1h");
        }
        assert_eq!(last(&play, 1), ["-"]);
    }
}

#[test]
fn a_limit_of_the_customers_own_is_a_cap_over_all_that_needs_consent() {
    let mut play = shop("");
    play.does("go", json!({}));
    // What was sent before the choice counts.
    chooses(&mut play, json!({ "at_most": { "max": 2, "per": "week" } }));
    play.does("dig", json!({}))
        .does("go", json!({}))
        .does("dig", json!({}))
        .does("pay", json!({}));
    assert_eq!(last(&play, 4), ["-", "capped", "capped", "-"]);
    let refusal = &play.messages[2].decision.refusals[0];
    assert_eq!(&*refusal.rule, "own_limit");
    let used: Vec<_> = play.messages[..2].iter().map(|m| m.id).collect();
    assert_eq!(refusal.used_by, used);
    play.waits("7d").does("go", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
    chooses(&mut play, json!({ "at_most": null }));
    play.does("go", json!({})).does("go", json!({}));
    assert_eq!(last(&play, 2), ["-", "-"]);
}

/// `send` goes past caps and quiet hours where the purpose permits it; past the customer it does not.
#[test]
fn no_word_of_a_step_gets_past_what_the_customer_chose() {
    let policies = POLICIES.replace("consent: opt_in }", "consent: opt_in, overrides: true }");
    let mut play = Play::of(
        &[
            "enter: { event: go, again: always }\nsteps: [ { id: s, send: email, template: t, capped: send, quiet: send } ]",
        ],
        &policies,
    );
    chooses(&mut play, json!({ "at_most": { "max": 1, "per": "day" } }));
    play.does("go", json!({})).does("go", json!({}));
    assert_eq!(last(&play, 2), ["-", "capped"]);
    chooses(&mut play, json!({ "pause_until": "2030-01-01T00:00Z" }));
    play.does("go", json!({}));
    assert_eq!(last(&play, 1), ["customer_paused"]);
}

#[test]
fn who_wants_nothing_personal_gets_what_everybody_gets() {
    let mut play = shop("");
    chooses(&mut play, json!({ "personalised": false }));
    play.does("go", json!({}))
        .does("dig", json!({}))
        .does("pay", json!({}));
    assert_eq!(last(&play, 3), ["not_personalised", "-", "-"]);
    chooses(&mut play, json!({ "personalised": true }));
    play.does("go", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
}

#[test]
fn a_choice_that_makes_no_sense_changes_nothing_and_says_so() {
    let mut play = shop("");
    for wrong in [
        json!({ "at_most": { "max": 0, "per": "day" } }),
        json!({ "at_most": { "max": 101, "per": "day" } }),
        json!({ "at_most": { "max": 1, "per": "year" } }),
        json!({ "at_most": 3, "pause_until": "soon", "personalised": "no" }),
    ] {
        play.log();
        chooses(&mut play, wrong.clone());
        assert!(play.ana().ledger.preferences.at_most.is_none(), "{wrong}");
        assert!(
            play.log().iter().any(|l| l.starts_with("ignored: ")),
            "{wrong}"
        );
    }
    // What makes sense beside it is taken.
    chooses(&mut play, json!({ "at_most": 3, "personalised": false }));
    assert_eq!(play.ana().ledger.preferences.personalised, Some(false));
}

/// A journey cannot lift what a customer chose.
#[test]
fn a_journey_cannot_choose_for_the_customer() {
    let mut play = Play::of(
        &[
            "enter: { event: go, again: always }\nsteps: [ { emit: preferences.changed, with: { pause_until: \"2030-01-01T00:00Z\" } } ]",
        ],
        POLICIES,
    );
    play.does("go", json!({}));
    assert_eq!(play.ana().ledger.preferences.pause_until, None);
    assert!(
        play.log()
            .contains(&"ignored: a journey cannot choose for a customer".to_owned())
    );
}

/// TCPA and the carriers: a word stops, and a word starts again; neither brings back what was taken
/// back in another way.
#[test]
fn rule_29_start_gives_back_what_stop_took_and_nothing_else() {
    let mut play = shop("");
    play.does(
        "consent.withdrawn",
        json!({ "purpose": "digest", "channel": "sms", "how": "form" }),
    );
    let says = |play: &mut Play, text: &str| {
        play.does("message.replied", json!({ "channel": "sms", "text": text }));
    };
    let state =
        |play: &mut Play, purpose: &str| play.ana().ledger.consents[purpose][&Channel::Sms].state;
    says(&mut play, "Stop.");
    assert_eq!(state(&mut play, "marketing"), ConsentState::Withdrawn);
    says(&mut play, "please start");
    assert_eq!(
        state(&mut play, "marketing"),
        ConsentState::Withdrawn,
        "no word of ours"
    );
    says(&mut play, "START");
    assert_eq!(state(&mut play, "marketing"), ConsentState::Granted);
    // What the form took before the word did stays away.
    assert_eq!(state(&mut play, "digest"), ConsentState::Withdrawn);
    let mail = &play.ana().ledger.consents["marketing"][&Channel::Email];
    assert_eq!(mail.how, None, "another channel is not touched");
    play.log();
    says(&mut play, "START");
    assert_eq!(state(&mut play, "marketing"), ConsentState::Granted);
}

/// RFC 2142: whoever reads `info@` has consented to nothing.
#[test]
fn a_mailbox_of_a_role_gets_what_was_confirmed_there_and_what_is_owed() {
    let mut play = shop("");
    play.is(json!({ "email": "Info+news@shop.example" }));
    play.does("go", json!({}))
        .does("dig", json!({}))
        .does("pay", json!({}));
    // Marketing was confirmed; the digest goes by opt-out.
    assert_eq!(last(&play, 3), ["-", "suppression_list", "-"]);
    let refusal = &play.messages[1].decision.refusals[0];
    assert_eq!(&*refusal.rule, "role_address");
    play.is(json!({ "email": "information@shop.example" }));
    play.does("dig", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
}

#[test]
fn the_control_group_gets_none_is_counted_and_stays_the_same() {
    let policies = format!("{POLICIES}control_group: {{ percent: 50, purposes: [marketing] }}\n");
    let journey =
        "enter: { event: go, again: always }\nsteps: [ { id: s, send: email, template: t } ]";
    let (mut play, mut refused) = (Play::of(&[journey], &policies), 0);
    for n in 0..40 {
        let key = format!("c{n}");
        play.someone_does(&key, "go", json!({}))
            .someone_does(&key, "go", json!({}));
        let reasons: BTreeSet<_> = last(&play, 2).into_iter().collect();
        assert_eq!(reasons.len(), 1, "once in, always in");
        refused += usize::from(reasons.contains("control_group"));
    }
    assert!((8..=32).contains(&refused), "{refused} of 40");
}

#[test]
fn a_control_group_has_the_share_that_it_is_given_and_another_salt_draws_others() {
    let group = |salt: &str| ControlGroup {
        basis_points: 500,
        purposes: Vec::new(),
        salt: salt.into(),
    };
    let drawn = |group: &ControlGroup| -> BTreeSet<CustomerId> {
        let all = (0..10_000).map(|n| Customer::new(&format!("customer {n}")));
        all.filter(|c| policy::in_control(group, c))
            .map(|c| c.id)
            .collect()
    };
    let (first, second) = (drawn(&group("")), drawn(&group("spring")));
    // 500 expected; the standard deviation is 21.8, so that five of them are 109.
    assert!((391..=609).contains(&first.len()), "{}", first.len());
    let both = first.intersection(&second).count();
    assert!(both < 60, "25 are expected in both by chance: {both}");
    let policies = Policies::default();
    assert!(group("").holds_out(&policies, "marketing", Channel::Email));
    assert!(!group("").holds_out(&policies, "service", Channel::Email));
}
