//! What templates fetch, checked beside the journeys that send them: names, and where labelled data goes.

use std::sync::Arc;

use journey::{diagnostic::SourceFile, workspace};

const POLICIES: &str = "purposes: { news: { consent: opt_in }, care: { consent: none } }
labels:
  health: { only_for: care, only_to: [clinic] }
";
const CONTENT: &str = "clinic: { url: \"https://clinic.example/{q}\" }
shop: { url: \"https://shop.example/{q}\" }
lab: { url: \"https://lab.example/\", labels: health }
clean: { url: \"https://clean.example/{q}\", labels: [] }
";

/// What is found where `purpose` sends a text with that head and body: codes, and what they stand at.
fn found(purpose: &str, with: &str, head: &str, body: &str) -> Vec<String> {
    let journey = format!(
        "journey: demo\npurpose: {purpose}\nenter: {{ event: told }}\nsteps:\n  - {{ send: push, template: t, with: {with} }}\n"
    );
    let template = format!("title: Bonjour\nbody: \"{body}\"\n{head}");
    let files: Vec<SourceFile> = [
        ("config/policies.yaml", POLICIES),
        (
            "config/traits.yaml",
            "properties: { allergy: { type: string, labels: health }, city: { type: string } }\n",
        ),
        (
            "config/events/told.yaml",
            "properties: { id: { type: string } }\n",
        ),
        ("config/content.yaml", CONTENT),
        ("config/vouchers.yaml", "spring: { each: run, low: 5 }\n"),
        ("journeys/demo/journey.yaml", &journey),
        ("templates/t/push.fr.yaml", &template),
    ]
    .map(|(path, text)| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    })
    .to_vec();
    let (_, found) = workspace::compile(&files, &workspace::Options::default());
    let text = |d: &journey::diagnostic::Diagnostic| {
        let file = files.iter().find(|f| f.path == d.file).expect("a file");
        format!("{} {}", d.code, &file.text[d.span.clone()])
    };
    found.iter().map(text).collect()
}

fn head(source: &str, q: &str) -> String {
    format!("fetch:\n  x:\n    from: {source}\n    q: \"{q}\"\n")
}

#[test]
fn names_are_held_against_what_there_is() {
    let fine = head("shop", "{{ sku }}");
    assert_eq!(found("care", "{ sku: a }", &fine, "{{ x.left }}"), [""; 0]);
    // What is fetched is not there for what is asked.
    assert_eq!(
        found("care", "{}", &head("shop", "{{ x.left }}"), "b"),
        ["J613 t"]
    );
    assert_eq!(found("care", "{}", &fine, "{{ y.left }}").len(), 2);
    assert_eq!(
        found("care", "{ sku: a, x: b }", &fine, "{{ x }}"),
        ["J628 x"]
    );
    assert_eq!(
        found("care", "{ sku: a }", &head("shp", "{{ sku }}"), "{{ x }}"),
        ["J626 shp"]
    );
    let other = "fetch:\n  shop:\n    z: \"1\"\n";
    assert_eq!(found("care", "{}", other, "{{ shop }}"), ["J627 z"]);
    let taken = "fetch:\n  customer:\n    from: lab\n";
    assert_eq!(found("care", "{}", taken, "b"), ["J628 customer"]);
    assert_eq!(found("care", "{}", "", "{{ vouchers.spring }}"), [""; 0]);
    assert_eq!(
        found("care", "{}", "", "{{ vouchers.sprng }}"),
        ["J629 vouchers.sprng"]
    );
    assert_eq!(
        found("care", "{ vouchers: a }", "", "{{ vouchers.spring }}"),
        ["J628 vouchers"]
    );
}

#[test]
fn labelled_data_is_told_to_those_alone_who_may_have_it() {
    let told = |source| {
        found(
            "care",
            "{}",
            &head(source, "{{ customer.allergy }}"),
            "{{ x }}",
        )
    };
    assert_eq!(told("clinic"), [""; 0]);
    assert_eq!(told("shop"), ["J523 customer.allergy"]);
    assert_eq!(told("clean"), ["J523 customer.allergy"]);
    let passed = found(
        "care",
        "{ a: customer.allergy }",
        &head("shop", "{{ a }}"),
        "{{ x }}",
    );
    assert_eq!(passed, ["J523 customer.allergy"]);
    let city = found(
        "care",
        "{}",
        &head("shop", "{{ customer.city | default('') }}"),
        "b",
    );
    assert_eq!(city, [""; 0]);
}

#[test]
fn an_answer_carries_its_labels() {
    let lab = "fetch:\n  x:\n    from: lab\n";
    assert_eq!(found("care", "{}", lab, "{{ x }}"), [""; 0]);
    assert_eq!(found("news", "{}", lab, "{{ x }}"), ["J521 x"]);
    assert_eq!(found("news", "{}", lab, "not named"), [""; 0]);
    // Undeclared, it is what it was asked with.
    let asked = found(
        "news",
        "{}",
        &head("clinic", "{{ customer.allergy }}"),
        "{{ x }}",
    );
    assert_eq!(asked, ["J521 customer.allergy"]);
}
