//! Fatigue: who heeds nothing, or has complained, gets less (rules 38, 42, 44).

use journey::{
    message::Reason,
    policies::{Pace, Upset},
    policy,
};

use crate::play::{Play, json, span};

/// Four messages in seven days; two after two that were not heeded, one after four.
pub const POLICIES: &str = "
purposes:
  marketing: { consent: opt_in }
  digest: { consent: opt_out }
  service: { consent: none, overrides: true }
fatigue: { max: 4, per: 7d, after: 2, purposes: [marketing], rest: 30d }
";

/// Journeys that send on `go` (mail), `text` (SMS), `dig` and `pay`, as often as it comes.
pub fn shop(words: &str, policies: &str) -> Play {
    let journey = |name: &str, event: &str, purpose: &str, channel: &str| {
        format!(
            "journey: {name}\npurpose: {purpose}\nenter: {{ event: {event}, again: always }}\ninside: ignore\n\
             steps: [ {{ id: s, send: {channel}, template: t{words} }} ]"
        )
    };
    let all = [
        journey("ads", "go", "marketing", "email"),
        journey("texts", "text", "marketing", "sms"),
        journey("digest", "dig", "digest", "email"),
        journey("bills", "pay", "service", "email"),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Play::of(&all, policies)
}

/// A message every two days, none of which is heeded.
pub fn is_sent(play: &mut Play, times: usize) {
    for _ in 0..times {
        play.does("go", json!({})).waits("2d");
    }
}

pub fn pace(play: &mut Play) -> Pace {
    let (policies, now) = (play.world.policies.clone(), play.now);
    policy::pace(&policies, &play.ana().ledger, now).unwrap()
}

/// What Ana does with message `n`, from 0.
pub fn heeds(play: &mut Play, what: &str, n: usize) {
    let id = play.messages[n].id.to_string();
    play.does(&format!("message.{what}"), json!({ "message_id": id }));
}

/// The reasons of the last messages, `-` for one that went.
pub fn last(play: &Play, n: usize) -> Vec<&'static str> {
    let all = &play.messages[play.messages.len() - n..];
    all.iter()
        .map(|m| m.refused.map_or("-", Reason::as_str))
        .collect()
}

#[test]
fn who_heeds_nothing_gets_half_and_half_again_down_to_the_least() {
    let mut play = shop("", POLICIES);
    let mut paces = Vec::new();
    for _ in 0..7 {
        play.does("go", json!({})).waits("8d");
        let pace = pace(&mut play);
        paces.push((pace.unheeded, pace.max));
    }
    let expected = [(1, 4), (2, 2), (3, 2), (4, 1), (5, 1), (6, 1), (7, 1)];
    assert_eq!(paces, expected);
}

#[test]
fn the_refusal_says_how_many_were_not_heeded_and_which_filled_the_pace() {
    let mut play = shop("", POLICIES);
    is_sent(&mut play, 2);
    // Two within the window, and a pace of two.
    play.does("go", json!({}));
    assert_eq!(last(&play, 1), ["capped"]);
    let refusal = &play.messages[2].decision.refusals[0];
    assert_eq!(&*refusal.rule, "fatigue");
    let first: Vec<_> = play.messages[..2].iter().map(|m| m.id).collect();
    assert_eq!(refusal.used_by, first);
    assert_eq!(refusal.until, Some(play.messages[0].at + span("7d")));
    let pace = Pace {
        max: 2,
        full: 4,
        per: span("7d"),
        unheeded: 2,
        rest: None,
    };
    assert_eq!(refusal.pace.as_ref(), Some(&pace));
    // What is refused speaks against nobody.
    assert_eq!(self::pace(&mut play).unheeded, 2);
}

#[test]
fn a_message_has_a_day_to_be_heeded() {
    let mut play = shop("", POLICIES);
    for _ in 0..4 {
        play.does("go", json!({}));
    }
    assert_eq!(last(&play, 4), ["-"; 4], "the full pace, at once");
    play.waits("1439m");
    assert_eq!(pace(&mut play).max, 4);
    play.waits("1m");
    assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (4, 1));
}

#[test]
fn heeding_a_message_gives_the_full_pace_back() {
    for what in ["opened", "clicked", "replied"] {
        let mut play = shop("", POLICIES);
        is_sent(&mut play, 2);
        play.log();
        // An older one than the last, of a run that is over.
        heeds(&mut play, what, 0);
        assert_eq!(pace(&mut play).max, 4, "{what}");
        let told = play.log_of("heeds, gets");
        assert_eq!(told, ["heeds, gets 4"], "support sees when: {what}");
        // Those before it do not count any more, and those after it do.
        is_sent(&mut play, 2);
        assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (2, 2));
    }
}

#[test]
fn what_is_no_heed_gives_nothing_back() {
    let mut play = shop("", POLICIES);
    is_sent(&mut play, 2);
    play.does("pay", json!({})).does("dig", json!({}));
    // Of a purpose that fatigue does not count; of no message of ours; of another kind.
    let others = play.messages.len();
    heeds(&mut play, "opened", others - 1);
    heeds(&mut play, "clicked", others - 2);
    heeds(&mut play, "delivered", 1);
    play.does("message.opened", json!({}))
        .does("message.opened", json!({ "message_id": "nonsense" }))
        .does(
            "message.clicked",
            json!({ "journey": "bills", "step": "s" }),
        );
    play.replies("chat", "hello");
    assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (2, 2));
    // A word that asks for an end is none: it slows down.
    play.replies("email", "STOP");
    let pace = pace(&mut play);
    assert_eq!((pace.unheeded, pace.max), (2, 1));
    assert_eq!(pace.rest.map(|r| r.because), Some(Upset::Withdrew));
}

#[test]
fn a_reply_that_names_no_message_is_to_one_of_its_channel() {
    let mut play = shop("", POLICIES);
    is_sent(&mut play, 2);
    play.replies("email", "Merci !");
    assert_eq!(pace(&mut play).max, 4);
}

#[test]
fn only_what_the_policies_name_is_a_heed() {
    let policies = POLICIES.replace("rest: 30d", "heeds: [clicked]");
    let mut play = shop("", &policies);
    is_sent(&mut play, 2);
    heeds(&mut play, "opened", 1);
    heeds(&mut play, "replied", 1);
    assert_eq!(pace(&mut play).max, 2);
    heeds(&mut play, "clicked", 1);
    assert_eq!(pace(&mut play).max, 4);
    // Who clicks has opened, whether or not the pixel came.
    let policies = POLICIES.replace("rest: 30d", "heeds: opened");
    let mut play = shop("", &policies);
    is_sent(&mut play, 2);
    heeds(&mut play, "clicked", 1);
    assert_eq!(pace(&mut play).max, 4);
}

/// On an SMS that nobody tracks, silence means nothing; but it fills the pace.
#[test]
fn messages_whose_channel_reports_nothing_speak_against_nobody_and_are_counted() {
    let mut play = shop("", POLICIES);
    for _ in 0..4 {
        play.does("text", json!({})).waits("30h");
    }
    assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (0, 4));
    play.does("go", json!({}));
    assert_eq!(last(&play, 5), ["-", "-", "-", "-", "capped"]);
    // An answer by SMS is one all the same.
    play.waits("7d");
    is_sent(&mut play, 2);
    play.does("text", json!({}));
    play.replies("sms", "thanks");
    assert_eq!(pace(&mut play).max, 4);
}

#[test]
fn other_purposes_neither_wait_nor_count() {
    let mut play = shop("", POLICIES);
    for _ in 0..5 {
        play.does("dig", json!({})).does("pay", json!({}));
    }
    assert_eq!(last(&play, 10), ["-"; 10]);
    play.waits("2d");
    assert_eq!(pace(&mut play).unheeded, 0);
    play.does("go", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
    // Without names it counts all that needs consent, and nothing else.
    let mut play = shop("", &POLICIES.replace("purposes: [marketing], ", ""));
    for event in ["dig", "go", "dig", "go", "go", "dig", "pay"] {
        play.does(event, json!({}));
    }
    let expected = ["-", "-", "-", "-", "capped", "capped", "-"];
    assert_eq!(last(&play, 7), expected);
}

#[test]
fn a_complaint_makes_the_pace_the_least_for_a_while() {
    let mut play = shop("", POLICIES);
    play.does("message.complained", json!({ "channel": "email" }));
    let complained = play.now;
    let pace_now = pace(&mut play);
    assert_eq!(pace_now.max, 1);
    let rest = pace_now.rest.unwrap();
    assert_eq!(rest.because, Upset::Complained);
    assert_eq!(
        (rest.since, rest.until),
        (complained, complained + span("30d"))
    );
    // By another channel, once in seven days.
    play.does("text", json!({})).does("text", json!({}));
    assert_eq!(last(&play, 2), ["-", "capped"]);
    // No heed shortens it.
    play.replies("sms", "hello");
    assert_eq!(pace(&mut play).max, 1);
    play.waits("30d");
    assert_eq!((pace(&mut play).max, pace(&mut play).rest), (4, None));
}

#[test]
fn a_withdrawn_consent_does_as_well_until_it_is_given_again() {
    let withdrawn = json!({ "purpose": "marketing", "channel": "sms" });
    let mut play = shop("", POLICIES);
    play.does("consent.withdrawn", withdrawn.clone());
    let rest = pace(&mut play).rest.unwrap();
    assert_eq!((pace(&mut play).max, rest.because), (1, Upset::Withdrew));
    play.does("go", json!({})).does("go", json!({}));
    assert_eq!(last(&play, 2), ["-", "capped"]);
    let again = json!({ "purpose": "marketing", "channel": "sms", "confirmed": true });
    play.does("consent.granted", again);
    assert_eq!(pace(&mut play).max, 4);
    play.does("go", json!({}));
    assert_eq!(last(&play, 1), ["-"]);
    // One for a purpose that it does not count says nothing of the others.
    play.does("consent.withdrawn", json!({ "purpose": "digest" }));
    assert_eq!(pace(&mut play).max, 4);
}

#[test]
fn what_waits_for_the_end_of_a_rest_goes_when_it_is_over() {
    let policies = POLICIES.replace("per: 7d", "per: 40d");
    let mut play = shop(", capped: hold", &policies);
    play.does("message.complained", json!({ "channel": "sms" }));
    let rested = play.now + span("30d");
    play.waits("20d");
    play.does("go", json!({})).does("go", json!({}));
    // By then one message is not heeded, and the pace is four: there is room before the first is forty days old.
    let held = play.run().state.pending.unwrap();
    assert_eq!(held.until, Some(rested));
    assert_eq!(held.held.unwrap().until, Some(rested));
    play.waits("9d");
    assert_eq!(last(&play, 1), ["-"]);
    assert_eq!(play.messages.len(), 1);
    play.waits("1d");
    assert_eq!(play.messages.len(), 2);
    assert_eq!(play.messages[1].at, rested);
}

#[test]
fn what_is_held_goes_as_soon_as_the_customer_heeds_something() {
    let mut play = shop(", capped: hold", POLICIES);
    is_sent(&mut play, 2);
    play.does("go", json!({}));
    assert_eq!(play.messages.len(), 2, "it waits");
    heeds(&mut play, "clicked", 0);
    assert_eq!(play.messages.len(), 3);
    assert_eq!(play.messages[2].at, play.now);
}

/// `send` goes past caps where the purpose permits it; past fatigue it does not.
#[test]
fn the_words_of_the_send_the_policies_and_the_default_are_obeyed_but_for_send() {
    let held = |words: &str, policies: &str| {
        let mut play = shop(words, policies);
        is_sent(&mut play, 2);
        play.does("go", json!({}));
        (play.messages.len() == 2, last(&play, 1)[0])
    };
    let hold = POLICIES.replace("after: 2", "after: 2, capped: hold");
    let default = format!("{POLICIES}defaults: {{ capped: hold }}\n");
    assert!(held("", &hold).0 && held("", &default).0);
    assert_eq!(held(", capped: skip", &hold), (false, "capped"));
    let overrides = POLICIES.replace("consent: opt_in }", "consent: opt_in, overrides: true }");
    assert_eq!(held(", capped: send", &overrides), (false, "capped"));
}

#[test]
fn fallback_tries_the_next_channel_and_finds_the_same_pace() {
    let journey = "enter: { event: go, again: always }\nsteps: [ { id: s, send: [email, sms], template: t, capped: fallback } ]";
    let mut play = Play::new(journey, &POLICIES.replace("max: 4", "max: 1, least: 1"));
    play.does("go", json!({})).does("go", json!({}));
    assert_eq!(last(&play, 2), ["-", "capped"]);
    let refusals = &play.messages[1].decision.refusals;
    assert_eq!(refusals.len(), 2, "of both channels: {refusals:?}");
}

#[test]
fn what_fails_or_is_taken_back_speaks_against_nobody_and_gives_its_room_back() {
    let mut play = shop("", POLICIES);
    is_sent(&mut play, 2);
    play.fails(1, Reason::Failed);
    assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (1, 4));
    play.fails(0, Reason::Failed).fails(0, Reason::Failed);
    assert_eq!(pace(&mut play).unheeded, 0);
    let attention = play.ana().ledger.attention.clone();
    assert!(attention.is_empty(), "{attention:?}");
    // A failure of one from before the last heed takes nothing from those after it.
    is_sent(&mut play, 1);
    heeds(&mut play, "opened", 2);
    is_sent(&mut play, 2);
    play.fails(2, Reason::Failed);
    assert_eq!(pace(&mut play).unheeded, 2);

    let journey = "enter: { event: go, again: always }\nexit: [ { event: stop } ]\nsteps: [ { id: s, send: email, template: t }, { wait: 30d } ]";
    let mut play = Play::new(journey, POLICIES).on_the_wall_clock();
    play.does("go", json!({})).does("stop", json!({}));
    assert_eq!((play.recalled, pace(&mut play).unheeded), (1, 0));
    assert!(play.ana().ledger.attention.is_empty());
}

#[test]
fn a_goal_of_the_journey_that_sent_it_is_a_heed() {
    let journey = "enter: { event: go, again: always, key: event.n }\ngoal: { event: order.placed, within: 30d }\n\
                   steps: [ { id: s, send: email, template: t } ]";
    let goal = |policies: &str| {
        let mut play = Play::new(journey, policies);
        for n in 0..2 {
            play.does("go", json!({ "n": n })).waits("2d");
        }
        play.does("order.placed", json!({}));
        pace(&mut play).max
    };
    assert_eq!(goal(POLICIES), 4);
    assert_eq!(goal(&POLICIES.replace("rest: 30d", "heeds: [opened]")), 2);
}

#[test]
fn a_goal_lets_what_is_held_go() {
    let mut play = Play::of(
        &[
            "journey: ads\npurpose: marketing\nenter: { event: go, again: always, key: event.n }\n\
             goal: { event: order.placed, within: 30d }\nsteps: [ { id: s, send: email, template: t, capped: hold } ]",
        ],
        POLICIES,
    );
    for n in 0..2 {
        play.does("go", json!({ "n": n })).waits("2d");
    }
    play.does("go", json!({ "n": 2 }));
    assert_eq!(play.messages.len(), 2, "it waits");
    play.does("order.placed", json!({}));
    assert_eq!(play.messages.len(), 3);
}

#[test]
fn a_journey_cannot_heed_for_the_customer() {
    let journey = "enter: { event: fake, again: always }\nsteps: [ { emit: message.opened, with: { journey: demo, step: s } } ]";
    let sender = "journey: demo\npurpose: marketing\nenter: { event: go, again: always }\ninside: ignore\ngoal: { event: never, within: 300d }\nsteps: [ { id: s, send: email, template: t } ]";
    let faker = format!("journey: faker\npurpose: marketing\n{journey}");
    let mut play = Play::of(&[sender, &faker], POLICIES);
    play.does("go", json!({})).waits("2d");
    play.does("go", json!({})).waits("2d");
    play.does("fake", json!({}));
    assert_eq!(pace(&mut play).max, 2);
    play.does("message.opened", json!({ "journey": "demo", "step": "s" }));
    assert_eq!(pace(&mut play).max, 4, "named by journey and step");
}
