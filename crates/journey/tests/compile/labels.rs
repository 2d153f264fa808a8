//! Labelled data, followed wherever a journey can carry it: each way that would get it out is found, and what is
//! allowed is let through.

use std::sync::Arc;

use journey::{diagnostic::SourceFile, workspace};

const POLICIES: &str = "purposes: { news: { consent: opt_in }, care: { consent: none } }
labels:
  health: { only_for: care, not_in: sms, only_to: clinic }
";
const TRAITS: &str = "properties:
  allergies: { type: array, items: { type: string }, labels: health }
  due: { type: string, format: date-time, labels: health }
  phone: { type: string, labels: health }
  profile: { type: object, properties: { diet: { $ref: '#/$defs/diet' }, town: { type: string } } }
  tier: { type: string }
$defs:
  diet: { type: string, labels: health }
";
const FILES: [(&str, &str); 13] = [
    ("config/policies.yaml", POLICIES),
    ("config/traits.yaml", TRAITS),
    (
        "config/events/signed.yaml",
        "properties: { id: { type: string }, allergy: { type: string, labels: health } }\n",
    ),
    (
        "config/events/checkup.yaml",
        "labels: health\nproperties: { id: { type: string } }\n",
    ),
    (
        "config/events/told.yaml",
        "properties: { id: { type: string } }\n",
    ),
    (
        "config/endpoints.yaml",
        "clinic: { url: https://clinic.example }
lab: { url: https://lab.example, labels: health }
hasher: { url: https://hasher.example, labels: [] }
",
    ),
    (
        "config/segments/allergic.yaml",
        "if: customer.allergies != null\n",
    ),
    ("journeys/_fragments/tell.yaml", FRAGMENT),
    ("templates/hi/sms.fr.txt", "Bonjour\n"),
    (
        "templates/hi/push.fr.yaml",
        "title: Bonjour\nbody: Bonjour\n",
    ),
    ("templates/food/sms.fr.txt", "Bonjour\n"),
    (
        "templates/food/push.fr.yaml",
        "title: Bonjour\nbody: \"{{ food }}\"\n",
    ),
    (
        "templates/own/push.fr.yaml",
        "title: Bonjour\nbody: \"{% if customer.profile.diet %}Bon{% endif %}\"\n",
    ),
];
const FRAGMENT: &str = "fragment: tell
params: { food: text }
steps:
  - { id: inner, send: push, template: food, with: { food: param.food } }
";

/// What is found of a journey for news: codes, and the texts that they stand at.
fn found(head: &str, steps: &str, more: &[(&str, &str)]) -> Vec<String> {
    let journey = format!("journey: demo\npurpose: news\n{head}\nsteps:\n{steps}");
    let mut files: Vec<(&str, &str)> = FILES.to_vec();
    files.retain(|(path, _)| more.iter().all(|m| m.0 != *path));
    files.extend(more);
    files.push(("journeys/demo/journey.yaml", &journey));
    let files: Vec<SourceFile> = files
        .into_iter()
        .map(|(path, text)| SourceFile {
            path: Arc::from(path),
            text: Arc::from(text),
        })
        .collect();
    let (_, found) = workspace::compile(&files, &workspace::Options::default());
    let text = |d: &journey::diagnostic::Diagnostic| {
        let file = files.iter().find(|f| f.path == d.file).expect("a file");
        format!("{} {}", d.code, &file.text[d.span.clone()])
    };
    found.iter().map(text).collect()
}

const ENTER: &str = "enter: { event: signed, key: event.id }";
const HI: &str = "  - { send: push, template: hi }\n";

fn steps(steps: &str) -> Vec<String> {
    found(ENTER, steps, &[])
}

#[test]
fn what_has_nothing_to_do_with_labelled_data_is_not_touched() {
    for fine in [
        HI,
        "  - { send: push, template: food, with: { food: customer.profile.town } }\n",
        "  - { send: push, template: food, with: { food: customer.tier } }\n",
        "  - { set: { customer.tier: gold, run.x: customer.tier } }\n  - { send: push, template: food, with: { food: run.x } }\n",
    ] {
        assert_eq!(steps(fine), [""; 0], "{fine}");
    }
}

#[test]
fn who_enters_and_who_leaves_decides_about_every_message() {
    for (head, place) in [
        (
            "enter: { event: signed, if: event.allergy == \"nuts\" }",
            "event.allergy",
        ),
        (
            "enter: { event: signed, if: customer.profile.diet == \"vegan\" }",
            "customer.profile.diet",
        ),
        ("enter: { segment: allergic }", "allergic"),
        (
            "enter: { schedule: \"0 9 * * 1\", segment: allergic }",
            "allergic",
        ),
        ("enter: { date: customer.due, offset: -7d }", "due"),
        ("enter: { event: checkup, key: event.id }", "checkup"),
        (
            "enter: { event: told, key: event.id }\nexit: { event: checkup, as: seen }",
            "checkup",
        ),
        (
            "enter: { event: told, key: event.id }\nexit: { if: customer.allergies == null, as: none }",
            "customer.allergies",
        ),
        (
            "enter: { event: told, key: event.id }\ngoal: { event: signed, if: event.allergy == \"nuts\" }",
            "event.allergy",
        ),
    ] {
        assert_eq!(found(head, HI, &[]), [format!("J521 {place}")], "{head}");
    }
}

#[test]
fn a_decision_counts_for_what_it_decides_and_for_nothing_else() {
    let care = "{ send: push, template: hi, purpose: care }";
    let arm = format!("  - if: customer.allergies != null\n    then: [ {care} ]\n{HI}");
    assert_eq!(steps(&arm), [""; 0], "all come to the second message alike");
    let inside = "  - if: customer.allergies != null\n    then: [ { send: push, template: hi } ]\n";
    let other = "  - if: customer.allergies != null\n    then: []\n    else: [ { send: push, template: hi } ]\n";
    let leaves = format!("  - if: customer.allergies != null\n    then: [ {{ exit: no }} ]\n{HI}");
    let deep = format!(
        "  - if: customer.allergies != null\n    then: [ {{ split: half, arms: {{ a: {{ weight: 50, steps: [ {{ exit: no }} ] }}, b: {{ weight: 50 }} }} }} ]\n{HI}"
    );
    let until = format!("  - {{ wait: {{ until: customer.due }} }}\n{HI}");
    let awaits = format!(
        "  - {{ wait_for: {{ if: customer.allergies != null }}, within: 3d, else: [] }}\n{HI}"
    );
    let hears = format!("  - {{ wait_for: {{ event: checkup }}, within: 3d, else: [] }}\n{HI}");
    let rounds = "  - repeat: { every: 1d, times: 3, until: customer.allergies != null, steps: [ { send: push, template: hi } ] }\n";
    for (steps_of, place) in [
        (inside, "customer.allergies"),
        (other, "customer.allergies"),
        (&leaves, "customer.allergies"),
        (&deep, "customer.allergies"),
        (&until, "customer.due"),
        (&awaits, "customer.allergies"),
        (&hears, "checkup"),
        (rounds, "customer.allergies"),
    ] {
        let found: Vec<String> = steps(steps_of)
            .into_iter()
            .filter(|f| f.starts_with("J52"))
            .collect();
        assert_eq!(found, [format!("J521 {place}")], "{steps_of}");
    }
}

#[test]
fn values_are_followed_through_variables_answers_and_steps() {
    let send =
        |what: &str| format!("  - {{ send: push, template: food, with: {{ food: {what} }} }}\n");
    for (before, what, place) in [
        ("", "run.event.allergy", "run.event.allergy"),
        ("", "customer.profile", "customer.profile"),
        ("", "[customer.profile.diet]", "customer.profile.diet"),
        (
            "",
            "'=\"no \" + customer.profile.diet'",
            "customer.profile.diet",
        ),
        (
            "  - { set: { run.x: customer.profile.diet } }\n  - { set: { run.y: run.x } }\n",
            "run.y",
            "customer.profile.diet",
        ),
        (
            "  - { id: seen, call: clinic, with: { food: customer.profile.diet }, within: 1h, else: [] }\n",
            "steps.seen.answer",
            "customer.profile.diet",
        ),
        (
            "  - { call: clinic, with: { food: customer.profile.diet }, save: run.seen, within: 1h, else: [] }\n",
            "run.seen",
            "customer.profile.diet",
        ),
        (
            "  - { call: lab, save: run.seen, within: 1h, else: [] }\n",
            "run.seen",
            "lab",
        ),
    ] {
        let found = steps(&format!("{before}{}", send(what)));
        assert!(
            found.contains(&format!("J521 {place}")),
            "{what}: {found:?}"
        );
        assert!(
            found.iter().all(|f| f.ends_with(place)),
            "{what}: {found:?}"
        );
    }
    // What a variable was set to further down, in an earlier round.
    let later = "  - repeat:\n      every: 1d\n      times: 3\n      steps:\n        - { send: push, template: food, with: { food: run.x } }\n        - { set: { run.x: customer.profile.diet } }\n";
    let found = steps(later);
    assert!(
        found.contains(&"J521 customer.profile.diet".to_owned()),
        "{found:?}"
    );
    // An arm that only sets a variable has told it.
    let implied = format!(
        "  - if: customer.allergies != null\n    then: [ {{ set: {{ run.x: nuts }} }} ]\n{}",
        send("run.x")
    );
    assert_eq!(steps(&implied), ["J521 customer.allergies"]);
    // The endpoint says that its answers are something else.
    let hashed = format!(
        "  - {{ call: hasher, with: {{ town: customer.profile.town }}, save: run.h, within: 1h, else: [] }}\n{}",
        send("run.h")
    );
    assert_eq!(steps(&hashed), [""; 0]);
}

#[test]
fn templates_addresses_and_fragments_are_read_too() {
    let own = "  - { send: push, template: own }\n";
    assert_eq!(
        steps(own),
        ["J521 customer.profile.diet"],
        "in the template"
    );
    assert_eq!(
        steps("  - { send: sms, template: hi }\n"),
        ["J521 sms"],
        "the phone number"
    );
    let tell = "  - { id: out, use: tell, with: { food: customer.profile.diet } }\n";
    assert_eq!(steps(tell), ["J521 customer.profile.diet"]);
    let told = format!(
        "  - id: out\n    use: asks\n{}",
        "  - { send: push, template: food, with: { food: steps.out.seen.answer } }\n"
    );
    let asks = "fragment: asks\nsteps:\n  - { id: seen, call: lab, within: 1h, else: [] }\n";
    let found = found(ENTER, &told, &[("journeys/_fragments/asks.yaml", asks)]);
    assert_eq!(found, ["J521 lab"], "at its place in the fragment");
}

#[test]
fn a_channel_tells_what_its_own_template_names() {
    let both = "  - { send: [sms, push], template: food, purpose: care, with: { food: customer.profile.diet } }\n";
    assert_eq!(steps(both), [""; 0], "the text message does not name it");
    let named = found(
        ENTER,
        both,
        &[("templates/food/sms.fr.txt", "{{ food }}\n")],
    );
    assert_eq!(named, ["J522 customer.profile.diet"]);
    let shared = [
        (
            "templates/food/sms.fr.txt",
            "{% include \"_shared/sign.txt\" %}\n",
        ),
        (
            "templates/_shared/sign.txt",
            "{{ customer.profile.diet }}\n",
        ),
    ];
    let found: Vec<String> = found(ENTER, both, &shared)
        .into_iter()
        .filter(|f| f.starts_with("J52"))
        .collect();
    assert_eq!(
        found,
        ["J522 customer.profile.diet"],
        "in a template that it includes"
    );
}

#[test]
fn a_journey_passes_the_labels_on_to_those_that_it_starts() {
    let start = "  - { start: second, with: { food: customer.profile.diet, town: customer.profile.town } }\n";
    let chain = |says: &str| {
        format!(
            "journey: third\npurpose: news\nenter: {{ api: true }}\nsteps: [ {{ send: push, template: food, with: {{ food: {says} }} }} ]\n"
        )
    };
    let second = "journey: second\nenter: { api: true }\nsteps: [ { start: third, with: { eats: run.event.food, lives: run.event.town } } ]\n";
    let with = |says: &str, second: &str, start: &str| {
        let third = chain(says);
        let more = [
            ("journeys/second/journey.yaml", second),
            ("journeys/third/journey.yaml", &third),
        ];
        found(ENTER, start, &more)
    };
    assert_eq!(
        with("run.event.eats", second, start),
        ["J521 customer.profile.diet"]
    );
    assert_eq!(with("run.event.lives", second, start), [""; 0]);
    let only_some = "  - if: customer.allergies != null\n    then: [ { start: second } ]\n";
    assert_eq!(
        with("customer.tier", second, only_some),
        ["J521 customer.allergies"],
        "that it starts at all"
    );
}

#[test]
fn what_is_written_carries_the_label_or_is_refused() {
    for (steps_of, place) in [
        (
            "  - { set: { customer.tier: customer.profile.diet } }\n",
            "J524 customer.profile.diet",
        ),
        (
            "  - { emit: told, with: { id: customer.profile.diet } }\n",
            "J524 told",
        ),
        (
            "  - if: customer.allergies != null\n    then: [ { emit: told, with: { id: x } } ]\n",
            "J524 told",
        ),
        (
            "  - { call: lab, save: customer.tier, within: 1h, else: [] }\n",
            "J524 lab",
        ),
    ] {
        assert_eq!(steps(steps_of), [place], "{steps_of}");
    }
    for fine in [
        "  - { set: { customer.phone: customer.profile.diet } }\n",
        "  - { emit: signed, with: { id: x, allergy: customer.profile.diet } }\n",
        "  - if: customer.allergies != null\n    then: [ { emit: checkup, with: { id: x } } ]\n",
    ] {
        assert_eq!(steps(fine), [""; 0], "{fine}");
    }
}
