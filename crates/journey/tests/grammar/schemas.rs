//! The published JSON Schemas: current, satisfied by what is right, and by nothing that is wrong.

use std::{collections::BTreeMap, fs, path::PathBuf};

use journey::grammar::{File, json_schema};
use jsonschema::Validator;
use serde_json::Value;

use crate::places::places;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator(file: File) -> Validator {
    jsonschema::draft7::new(&json_schema::schema(file)).unwrap()
}

/// YAML as editors read it.
fn read(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

fn faults(validator: &Validator, text: &str) -> Vec<String> {
    let value = read(text);
    validator
        .iter_errors(&value)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[test]
fn the_published_schemas_are_current() {
    let bless = std::env::var("BLESS").is_ok();
    let folder = root().join("config/schema");
    for file in File::ALL {
        let path = folder.join(format!("{}.json", file.name()));
        if bless {
            fs::create_dir_all(&folder).unwrap();
            fs::write(path, json_schema::text(file)).unwrap();
        } else {
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(
                text,
                json_schema::text(file),
                "{}: write it anew with BLESS=1",
                path.display()
            );
        }
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), File::ALL.len());
}

/// The YAML files of the repository that are part of a workspace.
fn samples() -> Vec<(String, String)> {
    let mut open = ["journeys", "config"].map(|d| root().join(d)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_sample_fits_its_schema() {
    let mut fitted: BTreeMap<File, usize> = BTreeMap::new();
    for (path, text) in samples() {
        let Some(file) = File::of(&path) else {
            continue;
        };
        assert_eq!(
            faults(&validator(file), &text),
            Vec::<String>::new(),
            "{path}"
        );
        *fitted.entry(file).or_default() += 1;
    }
    assert!(
        fitted[&File::Journey] >= 3 && fitted[&File::Event] >= 10,
        "{fitted:?}"
    );
}

#[test]
fn every_word_with_its_example_fits() {
    for file in File::ALL {
        let validator = validator(file);
        for place in places(file) {
            for word in place.words() {
                // Some words need another beside them.
                let beside = match (place.context.name, word.name) {
                    ("goal" | "exit" | "wait_for" | "any", "within" | "as" | "then") => {
                        "event: a, "
                    }
                    ("twilio", "from" | "messaging_service_sid") => "",
                    ("twilio", _) => "from: a, ",
                    _ => "",
                };
                let document = place.with(word.name, &format!("{beside}{}", word.example));
                assert_eq!(
                    faults(&validator, &document),
                    Vec::<String>::new(),
                    "{document}"
                );
            }
        }
    }
}

#[test]
fn no_place_takes_an_unknown_word() {
    for file in File::ALL {
        let validator = validator(file);
        for place in places(file)
            .into_iter()
            .filter(|p| p.context.rest.is_none())
        {
            let document = place.with("", "zzqx: 1");
            assert!(!faults(&validator, &document).is_empty(), "{document}");
        }
    }
}

const HEAD: &str = "journey: a\nenter: { event: b }\n";

#[test]
fn what_authors_get_wrong_does_not_fit() {
    let validator = validator(File::Journey);
    for steps in [
        "- { sedn: email, template: a }",
        "- { send: email, template: a, wiht: {} }",
        "- { send: email, template: a, wait: 1d }",
        "- { send: mail, template: a }",
        "- { send: [email, fax], template: a }",
        "- { send: email }",
        "- { id: only }",
        "- wait",
        "- wait: 1 day",
        "- wait: [1d]",
        "- wait: { for: 1d, until: \"09:00\" }",
        "- wait: { for: 1d, days: [monday] }",
        "- wait_for: { within: 2h }",
        "- { if: customer.vip, then: { exit: a } }",
        "- { if: customer.vip }",
        "- { split: a, arms: { b: { weight: many } } }",
        "- { split: a, arms: [ b ] }",
        "- set: { code: 1 }",
        "- exit: Too Late",
    ] {
        let document = format!("{HEAD}steps:\n  {steps}\n");
        assert!(!faults(&validator, &document).is_empty(), "{steps}");
    }
    for head in [
        "enter: { event: a }\nsteps: []\n",
        "journey: a\nsteps: []\n",
        "journey: a\nenter: { evnet: b }\nsteps: []\n",
        "journey: a\nenter: { event: b, again: 7d }\nsteps: []\n",
        "journey: a\nenter: { event: b }\npriority: 101\nsteps: []\n",
        "journey: a\nenter: { event: b }\nexit: { as: c }\nsteps: []\n",
        "journey: a\nenter: { event: b }\nsteps: { wait: 1d }\n",
    ] {
        assert!(!faults(&validator, head).is_empty(), "{head}");
    }
}
