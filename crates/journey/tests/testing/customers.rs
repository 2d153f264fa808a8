//! The customer of a test: who they are, what they allow, and what they were sent.

use journey::{diagnostic::SourceFile, testing::Report};

use crate::shop::{CART, HEAD, fails, files, passes, report};

const NEWS: &str = "journey: demo\npurpose: marketing\nenter: { event: cart.updated }\nsteps:\n  - { id: news, send: [sms, email], template: hello }\n  - wait: 3d\n";

#[test]
fn consent_is_none_unless_it_is_given() {
    let with = |consent: &str, expect: &str| {
        passes(
            NEWS,
            &format!(
                "  customer: {{ consent: {consent} }}\n{CART}  run_for: 1d\n  expect: {{ {expect} }}\n"
            ),
        );
    };
    with(
        "{}",
        "sends: [], suppressed: [ { step: news, reason: no_consent, rule: marketing } ]",
    );
    with(
        "{ marketing: [email] }",
        "sends: [ { step: news, channel: email } ]",
    );
    with(
        "{ marketing: all }",
        "sends: [ { step: news, channel: sms } ]",
    );
    with("{ marketing: { email: unconfirmed } }", "sends: []");
    with(
        "{ marketing: { email: granted, sms: withdrawn } }",
        "sends: [ { step: news, channel: email } ]",
    );
}

#[test]
fn every_channel_reaches_the_customer_unless_the_test_says_otherwise() {
    let with = |customer: &str, expect: &str| {
        passes(
            NEWS,
            &format!(
                "  customer: {{ consent: {{ marketing: all }}, {customer} }}\n{CART}  run_for: 1d\n  expect: {{ {expect} }}\n"
            ),
        );
    };
    with("phone: \"\"", "sends: [ { step: news, channel: email } ]");
    with(
        "reachable: [email]",
        "sends: [ { step: news, channel: email } ]",
    );
    with(
        "reachable: none",
        "suppressed: [ { step: news, reason: unreachable, channel: sms } ]",
    );
    with(
        "reachable: none, email: ana@shop.example",
        "sends: [ { step: news, channel: email } ]",
    );
}

#[test]
fn caps_count_what_was_sent_before() {
    let sent = "sent: [ { channel: email, purpose: marketing, ago: 6d }, { channel: sms, purpose: marketing, ago: 1d } ]";
    passes(
        NEWS,
        &format!(
            "  customer: {{ consent: {{ marketing: all }}, {sent} }}\n{CART}  run_for: 1h\n  expect: {{ suppressed: [ {{ step: news, reason: capped, rule: week }} ] }}\n"
        ),
    );
    passes(
        NEWS,
        &format!(
            "  customer: {{ consent: {{ marketing: all }}, {} }}\n{CART}  run_for: 1h\n  expect: {{ sends: [news] }}\n",
            sent.replace("6d", "8d")
        ),
    );
}

/// Two tests of a journey that sends by mail at once, and again a day and an hour later.
fn tired(customer: &str, events: &str, expect: &str) -> Report {
    let journey = format!(
        "{}steps:\n  - {{ id: first, send: email, purpose: marketing, template: hello }}\n  - wait: 25h\n  \
         - {{ id: second, send: email, purpose: marketing, template: hello }}\n",
        HEAD.replace("service", "marketing")
    );
    let test = format!(
        "- name: it works\n  customer: {{ consent: {{ marketing: all }}{customer} }}\n  events:\n    \
         - {{ event: cart.updated, with: {{ cart_id: c1, total: 50 }} }}\n{events}  expect: {{ {expect} }}\n"
    );
    let policies =
        "purposes: { marketing: { consent: opt_in } }\nfatigue: { max: 3, per: 7d, after: 2 }\n";
    let mut files = files(&journey, &test);
    files.retain(|f| &*f.path != "config/policies.yaml");
    files.push(SourceFile {
        path: "config/policies.yaml".into(),
        text: policies.into(),
    });
    report(&files)
}

#[test]
fn an_author_can_try_fatigue() {
    let sent = |heeded: &str| {
        let old = "{ channel: email, purpose: marketing, ago: 20d }";
        format!(", sent: [ {old}, {{ channel: email, purpose: marketing, ago: 5d{heeded} }} ]")
    };
    let capped = "sends: [first], suppressed: [ { step: second, reason: capped, rule: fatigue } ]";
    let all = "sends: [first, second]";
    // Two were not heeded: the pace is two, and one of five days ago counts.
    let opens = "    - { after: 2h, opens: first }\n";
    let withdraws = "    - { after: 2h, withdraws: { purpose: marketing, channels: [sms] } }\n";
    let heeded = sent(", heeded: true");
    for (customer, events, expect) in [
        (&*sent(""), "", capped),
        (&*heeded, "", all),
        (&*sent(""), opens, all),
        ("", withdraws, capped),
        ("", "", all),
    ] {
        let report = tired(customer, events, expect);
        let verdict = &report.verdicts[0];
        assert!(
            verdict.passed(),
            "{customer} {events}: {:?}",
            verdict.failures
        );
    }
}

#[test]
fn consent_comes_and_goes_and_addresses_turn_bad() {
    let after = |happens: &str, expect: &str| {
        let customer = "  customer: { email: ana@shop.example, phone: \"+33639980101\", consent: { marketing: all } }\n";
        passes(
            NEWS,
            &format!(
                "{customer}  events:\n    - {{ {happens} }}\n    - {{ after: 1h, event: cart.updated, with: {{ cart_id: c1 }} }}\n  run_for: 1d\n  expect: {{ {expect} }}\n"
            ),
        );
    };
    after(
        "withdraws: { purpose: marketing, channels: [sms] }",
        "sends: [ { step: news, channel: email } ]",
    );
    after("withdraws: marketing", "sends: []");
    after("bounces: sms", "sends: [ { step: news, channel: email } ]");
    after(
        "complains: email",
        "sends: [ { step: news, channel: sms } ]",
    );
    after(
        "event: customer.restricted",
        "sends: [], suppressed: [ { step: news, reason: restricted } ]",
    );
    let customer = "  customer: {}\n";
    passes(
        NEWS,
        &format!(
            "{customer}  events:\n    - {{ grants: marketing }}\n    - {{ after: 1h, event: cart.updated }}\n  run_for: 1d\n  expect: {{ sends: [news] }}\n"
        ),
    );
    fails(
        NEWS,
        "  events: [ { bounces: email } ]\n  expect: { entered: false }\n",
        &["events: the customer has no address for email"],
    );
}

#[test]
fn local_times_are_those_of_the_customer() {
    let journey = "journey: demo\npurpose: marketing\nenter: { event: cart.updated }\nsteps:\n  - { id: news, send: sms, template: hello }\n";
    // Ten at night in New York is four in the morning in Paris: both are quiet.
    passes(
        journey,
        "  at: 2026-01-05 22:00\n  customer: { timezone: America/New_York, consent: { marketing: all } }\n  events: [ { event: cart.updated } ]\n  expect: { sends: [ { step: news, at: \"2026-01-06T08:00-05:00\" } ] }\n",
    );
    passes(
        journey,
        "  customer: { timezone: America/New_York, consent: { marketing: all } }\n  events: [ { at: tue 12:00, event: cart.updated } ]\n  expect: { sends: [ { step: news, at: \"2026-01-06T12:00-05:00\" } ] }\n",
    );
}

#[test]
fn values_may_be_computed_from_the_clock_and_the_customer() {
    let journey = "steps:\n  - wait: { until: run.event.at }\n  - { id: hello, send: email, template: hello }\n";
    passes(
        journey,
        "  customer: { renews_at: \"= now + 3d\" }\n  events: [ { event: cart.updated, with: { cart_id: c1, at: customer.renews_at } } ]\n  expect: { sends: [ { step: hello, after: 3d } ], traits: { renews_at: 2026-01-08T08:00:00Z } }\n",
    );
}

#[test]
fn what_is_computed_is_refused_as_intake_would_refuse_it() {
    fails(
        "steps: []\n",
        "  events: [ { event: cart.updated, with: { cart_id: \"= now\", total: \"= 'much'\" } } ]\n  expect: { entered: false }\n",
        &["events: intake would refuse this event: event.total must be a number, and is text"],
    );
}
