//! `parcours new`, as people call it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A folder of its own for a test, empty at the beginning and gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("parcours-new-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn parcours(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parcours"));
        command.current_dir(&self.0).args(args).output().unwrap()
    }

    /// Runs a command that has to end well, and gives what it printed.
    fn well(&self, args: &[&str]) -> String {
        let output = self.parcours(args);
        let said = String::from_utf8(output.stdout).unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{args:?}\n{said}{complained}"
        );
        assert_eq!(complained, "", "{args:?}");
        said
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }

    /// Every file with its text.
    fn all(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.0.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.insert(path.clone(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gallery() -> Vec<serde_json::Value> {
    let here = Folder::new("gallery");
    serde_json::from_str(&here.well(&["new", "--list", "--format", "json"])).unwrap()
}

fn names() -> Vec<String> {
    let name = |e: &serde_json::Value| e["name"].as_str().unwrap().to_owned();
    gallery().iter().map(name).collect()
}

/// What is checked and tested without an error, a warning or a failure.
fn is_sound(here: &Folder) {
    let said = here.well(&["check"]);
    assert!(said.contains("no errors"), "{said}");
    here.well(&["test"]);
}

#[test]
fn every_entry_passes_check_and_test_in_an_empty_folder() {
    let all = names();
    assert!(all.len() >= 16, "{all:?}");
    for entry in all {
        let here = Folder::new(&format!("fresh-{entry}"));
        let said = here.well(&["new", "my-own", "--from", &entry]);
        assert!(!said.contains("left out"), "{said}");
        is_sound(&here);
        let journey = here.read("journeys/my-own/journey.yaml");
        assert!(journey.contains("\njourney: my-own\n"), "{journey}");
        assert!(
            !here.0.join(format!("journeys/{entry}")).exists(),
            "{entry}"
        );
        let coverage = here.well(&["test", "my-own", "--min-coverage", "100"]);
        assert!(coverage.contains("my-own"), "{coverage}");
    }
}

#[test]
fn all_entries_live_together_in_one_workspace() {
    let here = Folder::new("together");
    for entry in names() {
        here.well(&["new", &format!("our-{entry}"), "--from", &entry]);
        is_sound(&here);
    }
}

#[test]
fn one_language_is_enough() {
    for (locale, ours, not) in [
        ("fr", "email.fr.mjml", "email.en.mjml"),
        ("en", "email.en.mjml", "email.fr.mjml"),
    ] {
        let here = Folder::new(&format!("only-{locale}"));
        here.well(&["new", "survey", "--from", "nps", "--locale", locale]);
        here.well(&["check"]);
        assert!(here.0.join("templates/review/request").join(ours).exists());
        assert!(!here.0.join("templates/review/request").join(not).exists());
        let policies = here.read("config/policies.yaml");
        assert!(
            policies.contains(&format!("locale: {locale},")),
            "{policies}"
        );
    }
}

#[test]
fn another_language_begins_in_english_and_says_so() {
    let here = Folder::new("german");
    let said = here.well(&["new", "umfrage", "--from", "nps", "--locale", "de"]);
    assert!(
        said.contains("In English, to be translated:\n  templates/_layouts/  shop.de.mjml"),
        "{said}"
    );
    here.well(&["check"]);
    assert!(
        here.read("journeys/umfrage/journey.yaml")
            .contains("label: { de: \"Gladly\" }")
    );
    let wrong = here.parcours(&["new", "other", "--locale", "de_DE"]);
    assert_eq!(wrong.status.code(), Some(2));
}

const OWN_TRAITS: &str = "type: object
properties:
    email: { type: string }   # ours
    country: { type: string }
    loyalty: { type: string }
    do_not_disturb: { type: boolean }

strict: false
";

const OWN: &str = "journey: own
purpose: news
enter: { event: order.placed, if: event.price_in_cents > 100 }
steps:
  - { id: hi, send: sms, template: own/hi }
";

/// A workspace that was there before, with words of its own.
fn existing(test: &str) -> Folder {
    let here = Folder::new(test);
    here.write("journeys/own/journey.yaml", OWN);
    here.write("templates/own/hi/sms.en.txt", "Hi\n");
    here.write("config/traits.yaml", OWN_TRAITS);
    here.write(
        "config/policies.yaml",
        "# Ours.\npurposes:\n  news: { consent: opt_in }\ndefaults: { zone: Europe/London, locale: en }\n",
    );
    here.well(&["check"]);
    here
}

#[test]
fn a_workspace_that_was_there_gets_what_it_lacks_and_keeps_what_it_has() {
    let here = existing("existing");
    let before = here.all();
    let said = here.well(&["new", "survey", "--from", "nps"]);
    is_sound(&here);
    for (path, text) in &before {
        let now = fs::read_to_string(path).unwrap();
        if path.ends_with("traits.yaml") {
            assert!(
                now.contains("boolean }\n    first_name:\n      type: string\n"),
                "{now}"
            );
        } else if path.ends_with("policies.yaml") {
            assert!(
                now.starts_with("# Ours.\npurposes:\n  news: { consent: opt_in }\n  feedback:"),
                "{now}"
            );
        } else {
            assert_eq!(&now, text, "{}", path.display());
        }
    }
    assert!(
        said.contains("Added to config/policies.yaml: feedback"),
        "{said}"
    );
    here.well(&["new", "party", "--from", "birthday"]);
    let traits = here.read("config/traits.yaml");
    assert!(
        traits.contains("\n    birthday:\n      type: string\n"),
        "{traits}"
    );
    assert!(traits.ends_with("\n\nstrict: false\n"), "{traits}");
}

#[test]
fn a_workspace_of_one_language_stays_so() {
    let here = existing("language");
    here.well(&["new", "survey", "--from", "nps"]);
    let french = here
        .all()
        .into_keys()
        .find(|p| p.to_string_lossy().contains(".fr."));
    assert_eq!(french, None);
}

#[test]
fn an_event_that_is_used_without_a_schema_stays_without_one() {
    let here = existing("schemas");
    let said = here.well(&["new", "cart", "--from", "cart-rescue"]);
    assert!(!here.0.join("config/events/order.placed.yaml").exists());
    assert!(here.0.join("config/events/cart.updated.yaml").exists());
    is_sound(&here);
    // These policies have no cap of the week.
    assert!(said.contains("Tests left out"), "{said}");
    assert!(
        !here
            .read("journeys/cart/tests.yaml")
            .contains("marketing_week")
    );
}

#[test]
fn what_cannot_be_added_safely_is_shown_for_pasting() {
    let here = existing("paste");
    here.write(
        "config/traits.yaml",
        "properties: { email: { type: string }, do_not_disturb: { type: boolean } }\n",
    );
    let before = here.read("config/traits.yaml");
    let output = here.parcours(&["new", "party", "--from", "birthday"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(
            "Please paste into config/traits.yaml, under `properties:`:\n\n  first_name:\n"
        ),
        "{said}"
    );
    assert_eq!(here.read("config/traits.yaml"), before);
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(complained.contains("error[J103]"), "{complained}");
}

#[test]
fn a_name_that_is_taken_or_is_none_writes_nothing() {
    let here = existing("taken");
    here.write("templates/letters/x/sms.en.txt", "x\n");
    here.write(
        "journeys/elsewhere/journey.yaml",
        &OWN.replace("journey: own", "journey: hidden"),
    );
    let before = here.all();
    for (args, code, says) in [
        (
            vec!["new", "own"],
            1,
            "there is `own` already: journeys/own/journey.yaml",
        ),
        (
            vec!["new", "letters"],
            1,
            "there is `letters` already: templates/letters",
        ),
        (
            vec!["new", "hidden"],
            1,
            "there is `hidden` already: journeys/elsewhere/journey.yaml",
        ),
        (
            vec!["new", "x", "--from", "cart-resuce"],
            1,
            "did you mean `cart-rescue`?",
        ),
        (vec!["new", "Spring Cart"], 2, "perhaps `spring-cart`"),
        (vec!["new", "../x"], 2, "cannot be the name of a journey"),
        (vec!["new"], 2, "<NAME>"),
    ] {
        let output = here.parcours(&args);
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {complained}");
        assert!(complained.contains(says), "{args:?}: {complained}");
        assert_eq!(here.all(), before, "{args:?}");
    }
}

#[test]
fn a_folder_of_something_else_is_no_workspace() {
    let here = Folder::new("rails");
    here.write("config/database.yml", "production: {}\n");
    here.write("journeys/notes/plan.txt", "Some day.\n");
    here.well(&["new", "hello"]);
    is_sound(&here);
    let taken = here.parcours(&["new", "notes"]);
    assert_eq!(taken.status.code(), Some(1));
    assert_eq!(here.read("config/database.yml"), "production: {}\n");
}

#[test]
fn what_cannot_be_written_whole_is_not_written_in_part() {
    let here = Folder::new("half");
    here.write("templates", "a file where a folder should be\n");
    let before = here.all();
    let output = here.parcours(&["new", "hello"]);
    assert_eq!(output.status.code(), Some(2));
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(complained.contains("cannot make"), "{complained}");
    assert_eq!(here.all(), before);
}

#[test]
fn programs_are_told_the_same() {
    let here = Folder::new("json");
    let said = here.well(&["new", "gold", "--from", "vip-upgrade", "--format", "json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["errors"], 0);
    assert_eq!(
        said["companions"],
        serde_json::json!(["loyalty-threshold", "nps"])
    );
    for path in said["created"].as_array().unwrap() {
        assert!(here.0.join(path.as_str().unwrap()).is_file(), "{path}");
    }
}

#[test]
fn a_journey_comes_with_those_that_it_starts() {
    let here = Folder::new("companions");
    let said = here.well(&["new", "gold", "--from", "vip-upgrade"]);
    assert!(said.contains("loyalty-threshold, nps came along"), "{said}");
    assert!(here.0.join("journeys/nps/tests.yaml").exists());
}

#[test]
fn the_list_says_what_each_shows_in_one_line() {
    let here = Folder::new("list");
    let said = here.well(&["new", "--list"]);
    let line = |name: &str| {
        said.lines()
            .find(|l| l.trim_start().starts_with(name))
            .unwrap()
    };
    assert!(line("replenishment").contains("repeat"), "{said}");
    assert!(said.lines().all(|l| l.chars().count() <= 120), "{said}");
    for entry in gallery() {
        assert!(line(entry["name"].as_str().unwrap()).contains(entry["title"].as_str().unwrap()));
        assert!(entry["about"].as_str().unwrap().lines().count() > 2);
    }
}

#[test]
fn a_folder_that_does_not_exist_is_made_and_named_in_what_comes_next() {
    let here = Folder::new("made");
    let said = here.well(&["-C", "shop", "new", "hello"]);
    assert!(said.contains("parcours -C shop check"), "{said}");
    here.well(&["-C", "shop", "test"]);
    assert!(
        Path::new(&here.0)
            .join("shop/journeys/hello/tests.yaml")
            .exists()
    );
}
