//! What an editor is told about files that are still being typed. `|` marks the cursor.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the samples are files")]

use std::{fs, path::Path, sync::Arc};

use journey::{
    diagnostic::SourceFile,
    ide::{self, Project},
};
use proptest::prelude::*;

const JOURNEY: &str = "journeys/cart-rescue/journey.yaml";
const TEMPLATE: &str = "templates/cart/nudge/email.fr.txt";

fn samples() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open = ["journeys", "config", "templates"]
        .map(|d| root.join(d))
        .to_vec();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e != "json") {
            let known = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            files.push(SourceFile {
                path: known.into(),
                text: text.into(),
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The samples with one file as it is typed, and the cursor in it.
fn typed(path: &str, marked: &str) -> (Project, usize) {
    let at = marked.find('|').unwrap();
    let text: Arc<str> = marked.replacen('|', "", 1).into();
    let mut project = Project::default();
    for file in samples() {
        project.set(&file);
    }
    project.set(&SourceFile {
        path: path.into(),
        text,
    });
    (project, at)
}

/// The sample journey with one line behind its last one.
fn journey(line: &str) -> String {
    let samples = samples();
    let sample = samples.iter().find(|f| &*f.path == JOURNEY).unwrap();
    assert!(!sample.text.contains('|'));
    format!("{}{line}", sample.text)
}

#[track_caller]
fn completes(path: &str, marked: &str, wanted: &[&str], unwanted: &[&str]) {
    let (project, at) = typed(path, marked);
    let found = ide::complete(&project, path, at);
    let labels: Vec<&str> = found.iter().map(|c| &*c.label).collect();
    for label in wanted {
        assert!(labels.contains(label), "{label} is not offered: {labels:?}");
    }
    for label in unwanted {
        assert!(!labels.contains(label), "{label} is offered: {labels:?}");
    }
    for c in &found {
        assert!(c.replace.start <= at && at <= c.replace.end, "{c:?}");
    }
}

#[test]
fn completion_knows_the_place_in_a_journey() {
    // The line that is being typed, what is offered, and what is not.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        (
            "  - |",
            &["send", "wait", "if", "choose", "id"],
            &["template", "nudge"],
        ),
        ("  -|", &["send", "wait"], &[]),
        ("  - se|", &["send"], &["template"]),
        (
            "  - id: x\n    |",
            &["send", "wait_for", "split"],
            &["id", "template"],
        ),
        (
            "  - send: email\n    |",
            &["template", "with", "purpose", "id"],
            &["send", "wait", "then"],
        ),
        ("  - send: email\n    te|", &["template"], &["send"]),
        (
            "  - send: |",
            &["email", "sms", "push", "chat"],
            &["template"],
        ),
        ("  - send: [push, |", &["email", "sms"], &["nudge"]),
        ("  - { send: email, |", &["template", "with"], &["send"]),
        (
            "  - send: email\n    template: |",
            &["cart/nudge", "welcome/hello"],
            &["_layouts/shop.fr.mjml"],
        ),
        (
            "  - send: email\n    template: cart/|",
            &["cart/nudge"],
            &[],
        ),
        (
            "  - send: email\n    template: cart/nudge\n    with: { |",
            &["cart", "code"],
            &["customer", "item", "default"],
        ),
        (
            "  - send: email\n    purpose: |",
            &["marketing", "service"],
            &["none"],
        ),
        (
            "  - send: email\n    capped: |",
            &["skip", "hold", "fallback", "send"],
            &["email"],
        ),
        (
            "  - if: |",
            &["steps", "customer", "run", "not", "size"],
            &["nudge"],
        ),
        (
            "  - if: steps.|",
            &["nudge", "offer", "resumed", "last_call"],
            &["customer", "opened", "contains"],
        ),
        ("  - if: steps.nud|", &["nudge"], &["customer"]),
        (
            "  - if: steps.nudge.|",
            &["opened", "clicked", "reason"],
            &["arm", "nudge"],
        ),
        ("  - if: steps.offer.|", &["arm"], &["opened"]),
        (
            "  - if: not (customer.|",
            &["loyalty", "do_not_disturb"],
            &["steps", "cart_id"],
        ),
        (
            "  - if: customer.|\n    then: []\n",
            &["loyalty"],
            &["then"],
        ),
        ("  - if: run.|", &["event", "key", "code"], &["cart_id"]),
        (
            "  - if: run.event.|",
            &["cart_id", "total", "items"],
            &["loyalty"],
        ),
        (
            "  - if: run.event.items.exists(i, i.|",
            &["sku", "price"],
            &["cart_id"],
        ),
        ("  - if: consent.|", &["marketing", "service"], &["email"]),
        (
            "  - if: consent.marketing.|",
            &["email", "sms"],
            &["marketing"],
        ),
        (
            "  - if: customer.loyalty == |",
            &["\"gold\"", "\"silver\""],
            &[],
        ),
        (
            "  - if: steps.offer.arm == \"|",
            &["\"reminder\"", "\"held_out\""],
            &["steps"],
        ),
        (
            "  - if: steps.offer.arm in [\"reminder\", \"|",
            &["\"with_code\""],
            &[],
        ),
        (
            "  - if: customer.first_name == \"a.|",
            &[],
            &["steps", "loyalty"],
        ),
        (
            "  - wait_for: { event: |",
            &["order.placed", "checkout.started"],
            &["nudge"],
        ),
        (
            "  - wait_for: { event: order.placed, if: event.|",
            &["order_id"],
            &["items.sku", "loyalty"],
        ),
        (
            "  - wait_for: { event: order.placed, |",
            &["if", "within"],
            &["event", "then"],
        ),
        (
            "  - wait: { until: \"09:00\", days: [|",
            &["mon", "sat", "mon-fri"],
            &[],
        ),
        (
            "  - wait: { until: \"09:00\", zone: |",
            &["customer", "Europe/Paris"],
            &[],
        ),
        (
            "  - set: { |",
            &["run.code", "customer.loyalty"],
            &["nudge"],
        ),
        ("  - set: { run.x: run.|", &["event", "code"], &["nudge"]),
        (
            "  - set: { run.x: \"= run.|",
            &["event", "code"],
            &["nudge"],
        ),
        ("  - choose:\n      - |", &["when", "then"], &["send"]),
        (
            "  - choose:\n      - when: steps.nudge.opened\n        then:\n          - |",
            &["send", "exit"],
            &["when"],
        ),
        ("  # steps.|", &[], &["nudge"]),
        ("|", &["migrate"], &["steps", "journey", "send"]),
    ];
    for (line, wanted, unwanted) in CASES {
        completes(JOURNEY, &journey(line), wanted, unwanted);
    }
}

#[test]
fn completion_knows_the_place_in_config_and_templates() {
    const CASES: &[(&str, &str, &[&str], &[&str])] = &[
        (
            "config/policies.yaml",
            "purposes:\n  marketing: { |",
            &["consent", "channels"],
            &["caps"],
        ),
        (
            "config/policies.yaml",
            "purposes:\n  x: { consent: |",
            &["opt_in", "none"],
            &["marketing"],
        ),
        (
            "config/policies.yaml",
            "purposes:\n  x: { consent: none }\ncaps:\n  - { purpose: |",
            &["x"],
            &["marketing"],
        ),
        (
            "config/policies.yaml",
            "caps:\n  - { journey: |",
            &["cart-rescue", "welcome"],
            &[],
        ),
        (
            "config/traits.yaml",
            "properties:\n  x: { type: |",
            &["string", "boolean"],
            &[],
        ),
        (
            TEMPLATE,
            "{{ |",
            &["customer", "cart", "code", "links"],
            &["steps"],
        ),
        (
            TEMPLATE,
            "{{ customer.| }}",
            &["first_name", "loyalty"],
            &["cart"],
        ),
        (TEMPLATE, "{{ customer.fi|", &["first_name"], &[]),
        (TEMPLATE, "{{ cart.|", &["total", "items"], &["first_name"]),
        (
            TEMPLATE,
            "{% for item in cart.items %}{{ item.|",
            &["price", "sku"],
            &["total"],
        ),
        (
            TEMPLATE,
            "{{ links.|",
            &["confirm", "preferences", "push", "unsubscribe"],
            &["customer"],
        ),
        (
            TEMPLATE,
            "{{ code | |",
            &["upper", "default", "money"],
            &["customer"],
        ),
        (TEMPLATE, "{% |", &["if", "for", "extends"], &["customer"]),
        (
            TEMPLATE,
            "{% extends \"| %}",
            &["_layouts/shop.fr.mjml"],
            &[],
        ),
        (TEMPLATE, "plain |text", &[], &["customer"]),
        (
            "templates/cart/nudge/email.fr.mjml",
            "---\n|",
            &["subject", "preheader"],
            &[],
        ),
        (
            "templates/cart/nudge/email.fr.mjml",
            "<mj-te|",
            &["mj-text"],
            &[],
        ),
        (
            "templates/cart/last-call/push.fr.yaml",
            "title: x\n|",
            &["body", "url"],
            &[],
        ),
    ];
    for (path, text, wanted, unwanted) in CASES {
        // In templates a pipe means something: the last one is the cursor.
        let (head, tail) = text.rsplit_once('|').unwrap();
        let (mut project, _) = typed(path, "|");
        let whole: Arc<str> = format!("{head}{tail}").into();
        project.set(&SourceFile {
            path: (*path).into(),
            text: whole,
        });
        let labels: Vec<String> = ide::complete(&project, path, head.len())
            .into_iter()
            .map(|c| c.label)
            .collect();
        for label in *wanted {
            assert!(
                labels.iter().any(|l| l == label),
                "{text}: {label} is not offered: {labels:?}"
            );
        }
        for label in *unwanted {
            assert!(
                !labels.iter().any(|l| l == label),
                "{text}: {label} is offered: {labels:?}"
            );
        }
    }
}

#[test]
fn completion_knows_fragments() {
    let fragment = SourceFile {
        path: "journeys/_fragments/remind.yaml".into(),
        text: "fragment: remind\nparams: { delay: 2d }\nsteps:\n  - id: note\n    send: sms\n    template: t\n".into(),
    };
    let cases = [
        ("  - use: |", "remind"),
        ("  - use: remind\n    with: { |", "delay"),
        ("  - id: r\n    use: remind\n  - if: steps.r.|", "note"),
    ];
    for (line, wanted) in cases {
        let (mut project, at) = typed(JOURNEY, &journey(line));
        project.set(&fragment);
        let found = ide::complete(&project, JOURNEY, at);
        assert!(found.iter().any(|c| c.label == wanted), "{line}: {found:?}");
    }
    let marked = format!("{}  - if: param.|", fragment.text);
    let (project, at) = typed(&fragment.path, &marked);
    let found = ide::complete(&project, &fragment.path, at);
    assert!(found.iter().any(|c| c.label == "delay"), "{found:?}");
}

#[test]
fn labels_of_data_are_offered_told_and_found() {
    let policies = "labels:\n  health: { about: Of somebody's health, not_for: marketing }\n";
    let traits = "config/traits.yaml";
    for line in ["  diet: { labels: |", "  diet: { labels: [health, |"] {
        let (mut project, at) = typed(traits, &format!("properties:\n{line}"));
        project.set(&SourceFile {
            path: "config/policies.yaml".into(),
            text: policies.into(),
        });
        let found = ide::complete(&project, traits, at);
        let found: Vec<&str> = found.iter().map(|c| &*c.label).collect();
        assert_eq!(found, ["health"], "{line}");
    }
    let (mut project, at) = typed(traits, "properties:\n  diet: { labels: hea|lth }\n");
    project.set(&SourceFile {
        path: "config/policies.yaml".into(),
        text: policies.into(),
    });
    let said = ide::hover(&project, traits, at)
        .expect("something is known")
        .text;
    assert!(said.contains("Of somebody's health"), "{said}");
    let (_, places) = ide::definition(&project, traits, at).expect("it is declared");
    assert_eq!(&*places[0].path, "config/policies.yaml");
}

#[test]
fn a_completion_replaces_the_word_at_the_cursor() {
    let marked = journey("  - if: steps.nu|dg");
    let (project, at) = typed(JOURNEY, &marked);
    let found = ide::complete(&project, JOURNEY, at);
    let nudge = found.iter().find(|c| c.label == "nudge").unwrap();
    let text = marked.replacen('|', "", 1);
    assert_eq!(&text[nudge.replace.clone()], "nudg");

    let (project, at) = typed(JOURNEY, &journey("  - send: email\n    te|"));
    let found = ide::complete(&project, JOURNEY, at);
    assert_eq!(
        found.iter().find(|c| c.label == "template").unwrap().insert,
        "template: "
    );
}

#[test]
fn every_place_of_the_samples_can_be_asked_about() {
    let files = samples();
    let mut project = Project::default();
    files.iter().for_each(|f| project.set(f));
    // `IDE_EVERY=23`: fewer places, others in each file.
    let every = std::env::var("IDE_EVERY").map_or(3, |n| n.parse().unwrap());
    for (n, file) in files.iter().enumerate() {
        for at in (n % every..=file.text.len()).step_by(every) {
            let _ = ide::hover(&project, &file.path, at);
            let _ = ide::definition(&project, &file.path, at);
        }
        let _ = ide::outline(&project, &file.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_truncation_and_no_place_make_it_panic(which in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), extra in "[-a-z{}\\[\\]\"':|. #é\n%&*!]{0,6}") {
        let files = samples();
        let file = which.get(&files);
        let mut end = cut.index(file.text.len() + 1);
        while !file.text.is_char_boundary(end) { end -= 1; }
        let text: Arc<str> = format!("{}{extra}", &file.text[..end]).into();
        let mut project = Project::default();
        files.iter().for_each(|f| project.set(f));
        project.set(&SourceFile { path: file.path.clone(), text: text.clone() });
        for at in [text.len(), place.index(text.len() + 1), end] {
            let _ = ide::complete(&project, &file.path, at);
            let _ = ide::hover(&project, &file.path, at);
            let _ = ide::references(&project, &file.path, at, true);
            let _ = ide::rename(&project, &file.path, at, "x");
        }
        let _ = ide::outline(&project, &file.path);
    }
}
