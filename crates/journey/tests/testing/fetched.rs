//! What tests say of content sources and vouchers: nobody is asked, and nothing drawn.

use std::sync::Arc;

use journey::{
    diagnostic::SourceFile,
    testing,
    workspace::{self, Options},
};

const TEMPLATE: &str = "---
fetch:
  stock:
    sku: \"{{ sku }}\"
---
{{ stock.left }} left, {{ vouchers.spring_sale }}
";

/// The first test's faults; the sources' settings and the test's own lines differ.
fn faults(source: &str, test: &str) -> Vec<String> {
    let sources = format!("stock: {{ url: \"https://shop.example/{{sku}}\"{source} }}\n");
    let tests = format!(
        "- name: a\n  customer: {{ id: ana, consent: {{ marketing: {{ sms: granted }} }} }}\n  events: [ {{ event: told, with: {{ sku: x }} }} ]\n{test}"
    );
    let files: Vec<SourceFile> = [
        (
            "config/policies.yaml",
            "purposes: { marketing: { consent: opt_in } }\n",
        ),
        ("config/content.yaml", &*sources),
        ("config/vouchers.yaml", "spring_sale: { each: run }\n"),
        ("templates/t/sms.fr.txt", TEMPLATE),
        (
            "journeys/demo/journey.yaml",
            "journey: demo\npurpose: marketing\nenter: { event: told }\nsteps:\n  - { id: tell, send: sms, template: t, with: { sku: event.sku } }\n",
        ),
        ("journeys/demo/tests.yaml", &*tests),
    ]
    .map(|(path, text)| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    })
    .to_vec();
    let (workspace, found) = workspace::compile(&files, &Options::default());
    let Some(workspace) = workspace else {
        return found.iter().map(|d| d.message.clone()).collect();
    };
    let file = &workspace.tests[0];
    let report = testing::run(&workspace, file, &tests, &|_| true).unwrap();
    let failures = report.verdicts[0].failures.iter();
    failures.map(|f| format!("{f:?}")).collect()
}

fn sends(text: &str) -> String {
    format!("  expect: {{ sends: [ {{ step: tell, contains: \"{text}\" }} ] }}\n")
}

#[test]
fn an_answer_is_given_or_the_default_or_invented() {
    let none: [String; 0] = [];
    let given = format!(
        "  calls: {{ stock: {{ left: 3 }} }}\n{}",
        sends("3 left, SPRING-SALE-0000")
    );
    assert_eq!(faults("", &given), none);
    assert_eq!(faults(", default: { left: 0 }", &given), none);
    assert_eq!(faults(", default: { left: 0 }", &sends("0 left")), none);
    assert_eq!(faults("", &sends("left left")), none);
    let fails = format!("  calls: {{ stock: fail }}\n{}", sends("0 left"));
    assert_eq!(faults(", default: { left: 0 }", &fails), none);
}

#[test]
fn a_source_that_fails_ends_the_message_with_its_name() {
    let fails =
        "  calls: { stock: fail }\n  expect: { suppressed: [ { step: tell, reason: failed } ] }\n";
    let none: [String; 0] = [];
    assert_eq!(faults("", fails), none);
    let unknown = faults("", &format!("  calls: {{ stok: fail }}\n{}", sends("left")));
    assert_eq!(unknown, ["the journey calls nothing of the name `stok`"]);
}
