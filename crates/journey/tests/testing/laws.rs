//! Whatever stands in `tests.yaml`, nothing panics, and every test comes to an end.

use journey::{
    testing,
    workspace::{self, Options},
};
use proptest::prelude::*;

use crate::shop::files;

const JOURNEY: &str = "goal: { event: order.placed, within: 14d }\nsteps:\n  - { id: hello, send: [sms, email], template: hello }\n  - split: offer\n    arms: { a: { weight: 1 }, b: { weight: 1 } }\n  - { id: voucher, call: vouchers, within: 1h }\n  - id: back\n    wait_for: { event: order.seen, within: 1d }\n";
const TESTS: &str = "- name: a\n  at: 2026-01-05 10:00\n  customer: { id: ana, country: FR, consent: { marketing: { email: granted } }, sent: [ { channel: email, purpose: service, ago: 1d } ], reachable: [email] }\n  arms: { offer: a }\n  fails: [ { step: hello, channel: sms } ]\n  calls: { vouchers: fail }\n  run_for: 3d\n  events:\n    - { after: 0m, event: cart.updated, with: { cart_id: c1, total: 50 } }\n    - { at: tue 10:00, opens: hello }\n    - { replies: oui }\n    - { withdraws: { purpose: marketing, channels: [sms] } }\n  expect:\n    sends: [ { step: hello, channel: email, at: 10:00, contains: Voici, with: { code: 1 } } ]\n    suppressed: [ { step: hello, reason: failed } ]\n    path: [ hello, offer: a, voucher: else, back ]\n    vars: { code: X }\n    end: [completed]\n    goal: false\n";

/// Compiles and runs whatever can be run.
fn run(tests: &str) {
    let files = files(JOURNEY, tests);
    let (workspace, found) = workspace::compile(&files, &Options::default());
    let Some(workspace) = workspace else {
        assert!(!found.is_empty());
        return;
    };
    for file in &workspace.tests {
        let report = testing::run(&workspace, file, tests, &|_| true).unwrap();
        for verdict in &report.verdicts {
            testing::show::failed(verdict, &files, testing::show::Look { colour: true });
        }
        let reports = [report];
        let data = testing::show::data::report(&reports, &[], &|_| tests);
        assert!(serde_json::to_string(&data).is_ok());
    }
}

#[test]
fn the_file_of_the_laws_itself_runs() {
    run(TESTS);
    let files = files(JOURNEY, TESTS);
    let (workspace, found) = workspace::compile(&files, &Options::default());
    assert!(workspace.is_some(), "{found:#?}");
}

/// A piece of a file that is cut out, and one that is put in its place.
fn changes() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let pieces = prop_oneof![
        Just(String::new()),
        Just("- name: a\n".to_owned()),
        Just("{ step: hello }".to_owned()),
        Just("[]".to_owned()),
        Just("3653d".to_owned()),
        Just("9999-12-31".to_owned()),
        Just("\"= now + 3653d\"".to_owned()),
        Just("é: ".to_owned()),
        "[ -~\n]{0,6}",
    ];
    prop::collection::vec((0..TESTS.len(), 0_usize..20, pieces), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_panics(changes in changes()) {
        let mut text = TESTS.to_owned();
        for (at, length, piece) in changes {
            let edge = |at: usize, text: &str| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap();
            let (from, to) = (edge(at, &text), edge(at + length, &text));
            text.replace_range(from..to, &piece);
        }
        run(&text);
    }
}
