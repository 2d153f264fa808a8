//! Settings that are wrong: all of them at once, each with its place, and no secret among it.

use std::collections::BTreeSet;

use journey::grammar::{File, Takes};
use parcours_tests::kit;

use crate::process::binary::Workspace;

const WRONG: &str = "\
databse_url: postgres://u:hunter2hunter2@db/parcours
http: 8080
lease_seconds: 4
privacy_secret: hunter2
pages: { accent: \"#dddddd\" }
channels:
  email:
    smtp: { host: smtp.internal, form: a@b.example, password: hunter2hunter2 }
";

#[test]
fn run_refuses_to_start_and_says_everything_at_once() {
    let workspace = Workspace::new(&[("config/parcours.yaml", WRONG)]);
    let refused = workspace
        .parcours(["run"])
        .env("PARCOURS_STOP_SECONDS", "soon")
        .env("PARCOURS_LINKS_SECRET", "hunter2")
        .output()
        .expect(2)
        .err();
    for expected in [
        "config/parcours.yaml:1:1",
        "did you mean `database_url`?",
        "config/parcours.yaml:2:7",
        "write `127.0.0.1:8080`",
        "config/parcours.yaml:3:16",
        "a whole number from 5 to 3600 is expected",
        "this secret is too short",
        "16 characters or more are expected",
        "config/parcours.yaml:8:34",
        "did you mean `from`?",
        "environment:",
        "PARCOURS_STOP_SECONDS=soon",
        "32 characters or more are expected",
        "the settings cannot be used",
    ] {
        assert!(refused.contains(expected), "{expected}\n{refused}");
    }
    assert!(!refused.contains("hunter2"), "{refused}");
}

/// Each by itself is what it must be; what they come to is not.
#[test]
fn what_shows_only_when_it_is_tried_is_said_at_its_place_as_well() {
    let workspace = Workspace::new(&[(
        "config/parcours.yaml",
        "pages: { accent: \"#dddddd\" }\n\
         channels:\n  \
           email:\n    \
             smtp: { host: smtp.internal, from: a@b.example, ca_file: /nowhere.pem }\n  \
           sms:\n    \
             webhook: { url: https://gateway.internal, secret: whsec_c2hvcnQ= }\n",
    )]);
    let refused = workspace.parcours(["run"]).output().expect(2).err();
    for expected in [
        "config/parcours.yaml:1:18",
        "has a contrast of",
        "config/parcours.yaml:4:",
        "/nowhere.pem",
        "config/parcours.yaml:6:",
        "`secret` must hold at least 24 bytes",
        "no database",
        "set DATABASE_URL",
        "no broker",
        "set AMQP_URL",
    ] {
        assert!(refused.contains(expected), "{expected}\n{refused}");
    }
    assert!(!refused.contains("c2hvcnQ"), "{refused}");
}

#[test]
fn check_looks_at_the_settings_too_and_keeps_their_secrets() {
    let workspace = Workspace::of_samples();
    let check = || workspace.parcours(["check"]).output();
    check().expect(0);
    workspace.write("config/parcours.yaml", WRONG);
    let refused = check().expect(1).err();
    assert!(
        refused.contains("did you mean `database_url`?"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"), "{refused}");
    for format in ["json", "github", "sarif"] {
        let printed = workspace.parcours(["check", "--format", format]).output();
        let printed = printed.expect(1);
        assert!(printed.out().contains("databse_url"), "{}", printed.out());
        assert!(!printed.out().contains("hunter2"), "{}", printed.out());
    }
    // What only the machine knows where it runs is left to that.
    let elsewhere =
        "channels: { sms: { webhook: { url: https://a.example, ca_file: /nowhere.pem } } }\n";
    workspace.write("config/parcours.yaml", elsewhere);
    check().expect(0);
    workspace.write("config/parcours.yaml", "pages: { accent: \"#dddddd\" }\n");
    assert!(check().expect(1).err().contains("has a contrast of"));
}

/// The sample names every setting, and with its comments taken away it is right.
#[test]
fn the_sample_names_every_setting_and_only_such() {
    let text = kit::workspace_root().join("config/parcours.yaml");
    let text = std::fs::read_to_string(text).unwrap();
    let Takes::Fields(settings) = File::Settings.root() else {
        panic!("settings are named fields");
    };
    let (mut bare, mut inside) = (String::new(), false);
    let mut named = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let setting = line.split(':').next().unwrap_or_default();
        let word = settings.words.iter().find(|w| w.name == setting);
        // What is indented below a setting belongs to it.
        inside = word.is_some() || (inside && line.starts_with("  "));
        named.extend(word.map(|w| w.name));
        if inside {
            bare.push_str(line);
            bare.push('\n');
        }
    }
    let all: BTreeSet<&str> = settings.words.iter().map(|w| w.name).collect();
    assert_eq!(named, all, "{bare}");
    let workspace = Workspace::of_samples();
    workspace.write("config/parcours.yaml", &bare.replace("c2VjcmV0", SIGNING));
    workspace.parcours(["check"]).output().expect(0);
}

/// As long as a signing key has to be.
const SIGNING: &str = "YSBrZXkgdGhhdCBub2JvZHkga25vd3MgYW5kIHRoYXQgaXMgbG9uZw==";
