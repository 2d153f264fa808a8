//! Every word of the language has its counterpart in tests.

use crate::shop::{CART, fails, passes};

const HELLO: &str = "steps:\n  - { id: hello, send: [sms, email], template: hello, with: { code: run.event.code } }\n  - wait: 1d\n";

#[test]
fn the_shortest_test_there_is() {
    passes(HELLO, &format!("{CART}  expect: {{ sends: [hello] }}\n"));
    fails(
        HELLO,
        &format!("{CART}  expect: {{ sends: [] }}\n"),
        &["sends: `hello` was sent as well"],
    );
}

#[test]
fn an_arm_is_forced_whatever_the_hash_says() {
    let journey = "steps:\n  - split: offer\n    arms:\n      rare: { weight: 1, steps: [ { exit: lucky } ] }\n      usual: { weight: 999999 }\n  - exit: unlucky\n";
    passes(
        journey,
        &format!(
            "  arms: {{ offer: rare }}\n{CART}  expect: {{ end: lucky, path: [ offer: rare ] }}\n"
        ),
    );
    passes(
        journey,
        &format!("  arms: {{ offer: usual }}\n{CART}  expect: {{ end: unlucky }}\n"),
    );
}

#[test]
fn what_the_provider_refuses_goes_by_the_next_channel() {
    passes(
        HELLO,
        &format!(
            "  fails: [ {{ step: hello, channel: sms }} ]\n{CART}  expect: {{ sends: [ {{ step: hello, channel: email }} ], suppressed: [ {{ step: hello, channel: sms, reason: failed }} ] }}\n"
        ),
    );
    passes(
        HELLO,
        &format!("  fails: hello\n{CART}  expect: {{ sends: [], suppressed: [ hello, hello ] }}\n"),
    );
}

#[test]
fn what_the_customer_does_with_a_message_is_known_to_later_steps() {
    let journey = "steps:\n  - { id: hello, send: email, template: hello }\n  - wait: 1d\n  - choose:\n      - { when: steps.hello.clicked, then: [ { exit: clicked } ] }\n      - { when: steps.hello.opened, then: [ { exit: opened } ] }\n      - { when: steps.hello.replied, then: [ { exit: replied } ] }\n      - { when: steps.hello.delivered, then: [ { exit: delivered } ] }\n    else: [ { exit: nothing } ]\n";
    for (happens, end) in [
        ("opens: hello", "opened"),
        ("clicks: hello", "clicked"),
        ("delivered: hello", "delivered"),
        ("replies: { to: hello, text: merci }", "replied"),
        ("traits: { country: FR }", "nothing"),
    ] {
        passes(
            journey,
            &format!(
                "  events:\n    - {{ event: cart.updated, with: {{ cart_id: c1 }} }}\n    - {{ after: 1h, {happens} }}\n  expect: {{ end: {end} }}\n"
            ),
        );
    }
    fails(
        journey,
        "  events: [ { opens: hello } ]\n  expect: { entered: false }\n",
        &["events: no message of `hello` had been sent by then"],
    );
}

#[test]
fn a_question_is_answered_misunderstood_and_met_with_silence() {
    let journey = "steps:\n  - id: again\n    ask: chat\n    template: hello\n    within: 1d\n    options:\n      yes: { label: Oui, then: [ { exit: gladly } ] }\n      no: { label: Non, then: [ { exit: rather_not } ] }\n    not_understood: [ { exit: lost } ]\n    else: [ { exit: silent } ]\n";
    let asked = |reply: &str, end: &str, branch: &str| {
        passes(
            journey,
            &format!(
                "  events:\n    - {{ event: cart.updated, with: {{ cart_id: c1 }} }}\n{reply}  expect: {{ sends: [again], end: {end}, path: [ again: {branch} ] }}\n"
            ),
        );
    };
    asked("    - { after: 1h, replies: Oui }\n", "gladly", "yes");
    asked(
        "    - { after: 1h, replies: { to: again, text: non ! } }\n",
        "rather_not",
        "no",
    );
    asked(
        "    - { after: 1h, replies: combien ? }\n",
        "lost",
        "not_understood",
    );
    asked("", "silent", "else");
}

#[test]
fn an_endpoint_answers_fails_or_never_answers() {
    let journey = "steps:\n  - { id: voucher, call: vouchers, save: run.code, within: 1h, else: [ { exit: without } ] }\n  - { id: hello, send: email, template: hello, with: { code: run.code } }\n";
    passes(
        journey,
        &format!(
            "  calls: {{ vouchers: X1 }}\n{CART}  expect: {{ sends: [ {{ step: hello, contains: Voici X1, with: {{ code: X1 }} }} ], path: [ voucher: answered, hello ] }}\n"
        ),
    );
    passes(
        journey,
        &format!(
            "  calls: {{ voucher: fail }}\n{CART}  expect: {{ sends: [], end: without, path: [ voucher: else ] }}\n"
        ),
    );
    passes(
        journey,
        &format!(
            "  calls: {{ voucher: never }}\n{CART}  run_for: 30m\n  expect: {{ at_step: voucher }}\n"
        ),
    );
    passes(
        journey,
        &format!("  calls: {{ voucher: never }}\n{CART}  expect: {{ end: without }}\n"),
    );
    passes(journey, &format!("{CART}  expect: {{ sends: [hello] }}\n"));
}

#[test]
fn a_person_hands_back() {
    let journey = "steps:\n  - { id: call_them, hand_over: crm, within: 2d, else: [ { exit: nobody } ] }\n  - if: steps.call_them.answer == \"sold\"\n    then: [ { exit: sold } ]\n";
    passes(
        journey,
        "  events:\n    - { event: cart.updated, with: { cart_id: c1 } }\n    - { after: 3h, hands_back: { step: call_them, answer: sold } }\n  expect: { end: sold }\n",
    );
    passes(journey, &format!("{CART}  expect: {{ end: nobody }}\n"));
    fails(
        journey,
        "  events: [ { hands_back: call_them } ]\n  expect: { entered: false }\n",
        &["events: nobody was waiting at `call_them` by then"],
    );
}

#[test]
fn rounds_are_walked_one_by_one() {
    let journey = "steps:\n  - id: daily\n    repeat: { every: 1d, times: 3, steps: [ { id: hello, send: email, template: hello } ] }\n";
    passes(
        journey,
        &format!(
            "{CART}  expect: {{ sends: [ {{ step: hello, after: 0m }}, {{ step: hello, after: 1d }}, {{ step: hello, at: wed 09:00 }} ], end: completed }}\n"
        ),
    );
}

#[test]
fn events_of_our_own_are_listed_with_their_fields() {
    let journey = "steps:\n  - emit: cart.rescued\n    with: { total: run.event.total }\n";
    passes(
        journey,
        &format!(
            "{CART}  expect: {{ events: [ {{ event: cart.rescued, with: {{ total: 50 }} }} ] }}\n"
        ),
    );
    fails(
        journey,
        &format!(
            "{CART}  expect: {{ events: [ {{ event: cart.rescued, with: {{ total: 51 }} }} ] }}\n"
        ),
        &["events: `total` was 50"],
    );
}

#[test]
fn customers_enter_by_segment_date_schedule_and_api() {
    let by = |enter: &str| {
        format!(
            "journey: demo\npurpose: service\nenter: {enter}\nsteps: [ {{ id: hello, send: email, template: hello }} ]\n"
        )
    };
    passes(
        &by("{ segment: gold }"),
        "  customer: { loyalty: none }\n  events: [ { after: 1h, traits: { loyalty: gold } } ]\n  expect: { sends: [ { step: hello, after: 1h } ] }\n",
    );
    passes(
        &by("{ segment: gold }"),
        "  customer: { loyalty: gold }\n  expect: { entered: false }\n",
    );
    passes(
        &by("{ segment: gold, backfill: true }"),
        "  customer: { loyalty: gold }\n  expect: { sends: [ { step: hello, after: 0m } ] }\n",
    );
    passes(
        &by("{ date: customer.birthday, at: \"10:00\", every: year }"),
        "  customer: { birthday: 1990-03-07 }\n  expect: { sends: [ { step: hello, at: 2026-03-07 10:00 } ] }\n",
    );
    passes(
        &by("{ schedule: \"0 9 * * tue\", zone: Europe/Paris }"),
        "  run_for: 15d\n  expect: { sends: [ { step: hello, at: tue 09:00 }, { step: hello, after: 8d }, { step: hello, after: 15d } ] }\n",
    );
    passes(
        &by("{ api: true }"),
        "  events: [ { starts: { why: gift } } ]\n  expect: { sends: [hello] }\n",
    );
}
