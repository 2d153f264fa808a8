//! `parcours fmt` and `parcours schema`, as they are called.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const MESSY: &str = "journey: a\nenter: {event: b}\nsteps:\n- wait:   1d # first\n";
const TIDY: &str = "journey: a\nenter: { event: b }\nsteps:\n  - wait: 1d # first\n";

/// A workspace of one journey, gone with the test.
struct Workspace(PathBuf);

impl Workspace {
    fn new(name: &str, journey: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _gone = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("journeys/a")).unwrap();
        fs::create_dir_all(root.join("templates/a")).unwrap();
        fs::write(root.join("journeys/a/journey.yaml"), journey).unwrap();
        fs::write(root.join("templates/a/push.fr.yaml"), "title:   Hello\n").unwrap();
        Self(root)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parcours"));
        command.current_dir(&self.0).args(args).output().unwrap()
    }

    fn journey(&self) -> String {
        fs::read_to_string(self.0.join("journeys/a/journey.yaml")).unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn check_lists_what_is_not_formatted_and_changes_nothing() {
    let workspace = Workspace::new("fmt-check", MESSY);
    let out = workspace.run(&["fmt", "--check"]);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(text(&out.stdout), "journeys/a/journey.yaml\n");
    assert_eq!(workspace.journey(), MESSY);
}

#[test]
fn it_formats_once_and_leaves_templates_alone() {
    let workspace = Workspace::new("fmt-write", MESSY);
    let out = workspace.run(&["fmt"]);
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(text(&out.stdout), "journeys/a/journey.yaml\n");
    assert_eq!(workspace.journey(), TIDY);
    let template = Path::new("templates/a/push.fr.yaml");
    let out = workspace.run(&["fmt", "journeys", template.to_str().unwrap()]);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(0), ""));
    assert_eq!(
        fs::read_to_string(workspace.0.join(template)).unwrap(),
        "title:   Hello\n"
    );
    assert_eq!(workspace.run(&["fmt", "--check"]).status.code(), Some(0));
    let beside = fs::read_dir(workspace.0.join("journeys/a"))
        .unwrap()
        .count();
    assert_eq!(beside, 1, "nothing is left beside the file");
}

#[test]
fn a_diff_shows_what_would_change() {
    let workspace = Workspace::new("fmt-diff", MESSY);
    let out = workspace.run(&["fmt", "--diff"]);
    assert_eq!(out.status.code(), Some(0));
    assert!(text(&out.stdout).contains("-enter: {event: b}\n+enter: { event: b }\n"));
    assert_eq!(workspace.journey(), MESSY);
}

#[test]
fn what_cannot_be_read_is_left_alone_with_the_reason_and_the_line() {
    let workspace = Workspace::new("fmt-broken", "journey: a\nsteps: [\n");
    let out = workspace.run(&["fmt"]);
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stderr);
    assert!(
        said.contains("journeys/a/journey.yaml: left alone: line 2: ") && said.contains("J001"),
        "{said}"
    );
    assert_eq!(workspace.journey(), "journey: a\nsteps: [\n");
    let out = workspace.run(&["fmt", "--format", "json"]);
    assert!(
        text(&out.stdout)
            .starts_with("{\"file\":\"journeys/a/journey.yaml\",\"result\":\"left\",\"reason\":")
    );
}

#[test]
fn editors_pass_a_text_through() {
    let workspace = Workspace::new("fmt-stdin", MESSY);
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcours"));
    let mut child = command
        .args(["fmt", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(MESSY.as_bytes())
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(0), TIDY));
    assert_eq!(workspace.run(&["fmt", "nowhere"]).status.code(), Some(2));
}

#[test]
fn schemas_are_written_for_every_kind_of_file() {
    let workspace = Workspace::new("schema", MESSY);
    let out = workspace.run(&["schema"]);
    assert_eq!(out.status.code(), Some(0));
    for kind in [
        "journey",
        "tests",
        "policies",
        "events",
        "traits",
        "segments",
        "endpoints",
        "fragments",
    ] {
        let path = workspace.0.join(format!("config/schema/{kind}.json"));
        assert!(
            fs::read_to_string(path)
                .unwrap()
                .contains("json-schema.org"),
            "{kind}"
        );
    }
    assert_eq!(
        workspace
            .run(&["schema", "--output", "there"])
            .status
            .code(),
        Some(0)
    );
    assert!(workspace.0.join("there/journey.json").is_file());
}
