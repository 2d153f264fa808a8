//! What code scanning on GitHub asks of SARIF, and what an editor needs to mend a file.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    workspace::{self, Options, TemplateCheck},
};
use serde_json::Value;

const BROKEN: &str = "journey: demo\npurpose: service\nenter: { event: a }\nsteps:\n  - id: nudge\n    send: email\n    template: t\n  - if: 'customer.é == \"é\" and steps.nudgee.opened'\n    then: [ { exit: x } ]\n  - wait: 0s\n  - if: steps.nudgee.opened\n    then: [ { exit: x } ]\n";

fn sarif(path: &str, text: &str) -> Value {
    let files = [SourceFile {
        path: path.into(),
        text: text.into(),
    }];
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
        unused: false,
        short: None,
    };
    let (_, found) = workspace::compile(&files, &options);
    serde_json::from_str(&render::sarif(&found, &files)).unwrap()
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    let found = value.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {path} in {value:#}"))
}

/// The properties that GitHub's documentation calls required, and what it wants them to be.
fn required(log: &Value) {
    assert_eq!(text(log, "/version"), "2.1.0");
    assert!(text(log, "/$schema").ends_with("sarif-2.1.0.json"));
    let run = &log["runs"][0];
    assert_eq!(text(run, "/tool/driver/name"), "parcours");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for path in [
            "/id",
            "/shortDescription/text",
            "/fullDescription/text",
            "/help/text",
        ] {
            assert!(!text(rule, path).is_empty(), "{path} of {rule:#}");
        }
        assert!(text(rule, "/shortDescription/text").len() <= 1024);
    }
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&text(result, "/level")));
        assert!(!text(result, "/message/text").is_empty());
        assert!(!text(result, "/partialFingerprints/primaryLocationLineHash").is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = text(place, "/artifactLocation/uri");
        assert!(
            !uri.starts_with('/') && !uri.contains([' ', '\\', ':']),
            "{uri}"
        );
        region(&place["region"]);
    }
}

fn region(region: &Value) {
    let at = |name: &str| {
        region[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} in {region:#}"))
    };
    let (start, end) = (
        (at("startLine"), at("startColumn")),
        (at("endLine"), at("endColumn")),
    );
    assert!(start.0 >= 1 && start.1 >= 1 && start <= end, "{region:#}");
}

#[test]
fn code_scanning_finds_what_it_requires() {
    let log = sarif("journeys/demo two/journey é.yaml", BROKEN);
    required(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() >= 3, "{log:#}");
    let first = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        first["artifactLocation"]["uri"],
        "journeys/demo%20two/journey%20%C3%A9.yaml"
    );
    required(&sarif(
        "journeys/demo/journey.yaml",
        "journey: demo\nenter: { event: a }\nsteps: []\n",
    ));
}

#[test]
fn a_replacement_is_a_fix_at_the_very_characters() {
    let log = sarif("journeys/demo/journey.yaml", BROKEN);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|r| r["ruleId"] == "J101").unwrap();
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(
        text(change, "/replacements/0/insertedContent/text"),
        "nudge"
    );
    let deleted = &change["replacements"][0]["deletedRegion"];
    let line = BROKEN
        .lines()
        .nth(usize::try_from(deleted["startLine"].as_u64().unwrap()).unwrap() - 1);
    let column = |name: &str| usize::try_from(deleted[name].as_u64().unwrap()).unwrap() - 1;
    let chars: Vec<char> = line.unwrap().chars().collect();
    let cut: String = chars[column("startColumn")..column("endColumn")]
        .iter()
        .collect();
    assert_eq!(cut, "nudgee");
}

#[test]
fn a_fingerprint_stays_when_lines_above_come_and_two_differ_from_each_other() {
    let prints = |text: &str| -> Vec<String> {
        let log = sarif("journeys/demo/journey.yaml", text);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |r: &Value| r["partialFingerprints"]["primaryLocationLineHash"].to_string();
        results.iter().map(print).collect()
    };
    let before = prints(BROKEN);
    assert_eq!(before, prints(&format!("# a line\n\n{BROKEN}")));
    let mut sorted = before.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), before.len());
}
