//! What is expected is held against what was found: each word passes where it should, and fails
//! where it should.

use crate::shop::{CART, fails, passes};

const TWO: &str = "goal: { event: order.placed, within: 14d }\nexit: { event: order.placed, as: bought }\nsteps:\n  - { id: hello, send: email, template: hello, with: { code: A1 } }\n  - set: { run.code: A1, customer.greeted: true }\n  - { id: pause, wait: 1d }\n  - { id: bye, send: sms, template: hello }\n";

fn each(test: &str, right: &str, wrong: &str, says: &str) {
    passes(TWO, &format!("{test}  expect: {{ {right} }}\n"));
    fails(TWO, &format!("{test}  expect: {{ {wrong} }}\n"), &[says]);
}

#[test]
fn lists_are_exact() {
    each(
        CART,
        "sends: [hello, bye]",
        "sends: [hello]",
        "sends: `bye` was sent as well",
    );
    each(
        CART,
        "sends: [hello, bye]",
        "sends: [bye, hello]",
        "sends: was not sent here: the order is another",
    );
    each(
        CART,
        "suppressed: []",
        "suppressed: [bye]",
        "suppressed: was sent",
    );
    each(
        CART,
        "path: [hello, pause, bye]",
        "path: [hello, bye]",
        "path: `pause` was walked as well",
    );
    each(
        CART,
        "events: []",
        "events: [order.placed]",
        "events: was not emitted",
    );
}

#[test]
fn a_message_is_looked_at_in_every_respect() {
    let sent = |right: &str, wrong: &str, says: &str| {
        each(
            CART,
            &format!("sends: [ {{ step: hello, {right} }}, bye ]"),
            &format!("sends: [ {{ step: hello, {wrong} }}, bye ]"),
            &format!("sends: {says}"),
        );
    };
    sent(
        "template: hello, after: 0m",
        "after: 1m",
        "went Mon 5 Jan 09:00, 0m after the start",
    );
    sent(
        "at: 09:00",
        "at: 09:01",
        "went Mon 5 Jan 09:00, 0m after the start",
    );
    sent(
        "subject: Bonjour vous",
        "subject: Bonjour",
        "the subject was: Bonjour vous",
    );
    sent(
        "contains: [ Voici A1, unsubscribe ]",
        "contains: Voici B2",
        "not in the message: Voici A1 Adieu: https://shop.example/unsubscribe",
    );
    sent("lacks: B2", "lacks: A1", "stands in the message");
    sent("with: { code: A1 }", "with: { code: B2 }", "`code` was A1");
}

#[test]
fn ends_goals_and_entries() {
    let bought = "  events:\n    - { event: cart.updated, with: { cart_id: c1 } }\n    - { after: 1h, event: order.placed }\n";
    each(
        bought,
        "end: bought",
        "end: completed",
        "end: left as `bought`",
    );
    each(
        bought,
        "end: [bought]",
        "end: [bought, bought]",
        "end: left as: bought",
    );
    each(
        bought,
        "goal: true",
        "goal: false",
        "goal: a goal was counted",
    );
    each(
        CART,
        "goal: false",
        "goal: true",
        "goal: no goal was counted",
    );
    each(
        CART,
        "entered: true",
        "entered: false",
        "entered: a run began",
    );
    let other = "  events: [ { event: order.placed } ]\n";
    each(
        other,
        "entered: false",
        "entered: true",
        "entered: no run began",
    );
    let keyless = "  events: [ { event: cart.updated } ]\n";
    each(
        keyless,
        "entered: false",
        "entered: true",
        "entered: no run began: its key `event.cart_id` has no value",
    );
}

#[test]
fn where_the_customer_stands_and_what_was_set() {
    let early = &format!("{CART}  run_for: 1h\n");
    each(
        early,
        "at_step: pause",
        "end: completed",
        "end: is still inside, at `pause`",
    );
    each(
        CART,
        "end: completed",
        "at_step: pause",
        "at_step: left as `completed`",
    );
    each(
        CART,
        "vars: { code: A1 }",
        "vars: { code: B2 }",
        "vars: is A1",
    );
    each(
        CART,
        "traits: { greeted: true }",
        "traits: { greeted: false }",
        "traits: is true",
    );
    each(
        CART,
        "set: { run.code: A1, customer.greeted: true }",
        "set: { customer.greeted: 1 }",
        "traits: is true",
    );
    each(
        CART,
        "vars: { other: \"= null\" }",
        "vars: { other: 1 }",
        "vars: is nothing",
    );
}

#[test]
fn a_refusal_is_looked_at_in_every_respect() {
    let journey = "journey: demo\npurpose: marketing\nenter: { event: cart.updated }\nsteps:\n  - { id: news, send: [sms, email], template: hello }\n";
    let check = |expect: &str, says: &[&str]| {
        let test = format!("{CART}  expect: {{ suppressed: [ {{ step: news, {expect} }} ] }}\n");
        if says.is_empty() {
            passes(journey, &test);
        } else {
            fails(journey, &test, says);
        }
    };
    check("reason: no_consent, rule: marketing, channel: email", &[]);
    check(
        "reason: capped",
        &[
            "suppressed: the reason was no_consent: no consent for marketing on sms; no consent for marketing on email",
        ],
    );
    check(
        "rule: night",
        &[
            "suppressed: no such rule refused: no consent for marketing on sms; no consent for marketing on email",
        ],
    );
}

#[test]
fn only_the_journey_under_test_is_judged_and_others_run_only_if_asked() {
    let tests = |with: &str| {
        format!("- name: it works\n  with: {with}\n{CART}  expect: {{ sends: [hello] }}\n")
    };
    let other = journey::diagnostic::SourceFile {
        path: "journeys/other/journey.yaml".into(),
        text: "journey: other\npurpose: service\nenter: { event: cart.updated }\nsteps: [ { id: theirs, send: email, template: hello } ]\n".into(),
    };
    let sent = |with: &str| {
        let mut files = crate::shop::files(
            "steps: [ { id: hello, send: email, template: hello } ]\n",
            &tests(with),
        );
        files.push(other.clone());
        let verdict = crate::shop::report(&files).verdicts.remove(0);
        assert!(verdict.passed());
        verdict.played.sends.len()
    };
    assert_eq!((sent("[]"), sent("[other]")), (1, 2));
}

#[test]
fn a_play_without_an_end_is_cut_off() {
    let journey = "journey: demo\npurpose: service\nenter: { schedule: \"* * * * *\", zone: Europe/Paris }\nsteps: []\n";
    fails(
        journey,
        "  run_for: 30d\n  expect: { entered: true }\n",
        &["run_for: the test was cut off after 10,000 timers"],
    );
}

#[test]
fn journeys_that_answer_each_other_for_ever_are_cut_off_too() {
    let ping = "journey: demo\npurpose: service\nenter: { event: ping }\nsteps: [ { call: crm }, { emit: pong } ]\n";
    let pong = journey::diagnostic::SourceFile {
        path: "journeys/other/journey.yaml".into(),
        text: "journey: other\npurpose: service\nenter: { event: pong }\nsteps: [ { call: crm }, { emit: ping } ]\n".into(),
    };
    let test = "- name: it works\n  with: [other]\n  events: [ { event: ping } ]\n  expect: { entered: true }\n";
    let mut files = crate::shop::files(ping, test);
    files.push(pong);
    let verdict = crate::shop::report(&files).verdicts.remove(0);
    assert!(verdict.played.endless && !verdict.passed());
}
