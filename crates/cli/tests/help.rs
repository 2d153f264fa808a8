//! What the binary says of itself. (An integration test of this package also makes Cargo build the
//! binary, which the tests of the whole then start.)
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

fn parcours(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcours"));
    command.args(args).output().unwrap()
}

const COMMANDS: [&str; 35] = [
    "health",
    "new",
    "check",
    "explain",
    "fmt",
    "schema",
    "test",
    "simulate",
    "backtest",
    "graph",
    "preview",
    "lsp",
    "completions",
    "bench",
    "dev",
    "demo",
    "run",
    "reshard",
    "migrate",
    "plan",
    "apply",
    "event",
    "customer",
    "runs",
    "messages",
    "pause",
    "resume",
    "processing",
    "erasures",
    "suppressions",
    "vouchers",
    "users",
    "keys",
    "audit",
    "why",
];

#[test]
fn every_command_is_listed_and_explains_itself() {
    let all = String::from_utf8(parcours(&["--help"]).stdout).unwrap();
    for command in COMMANDS {
        assert!(
            all.lines()
                .any(|line| line.trim_start().starts_with(&format!("{command} ")))
        );
        let help = parcours(&[command, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        let text = String::from_utf8(help.stdout).unwrap();
        let options = text
            .lines()
            .filter(|line| line.trim_start().starts_with('-'));
        let described = options.clone().count();
        assert!(text.contains("Usage: parcours") && described >= 3, "{text}");
    }
}

#[test]
fn wrong_usage_is_2_and_the_version_is_there() {
    assert_eq!(parcours(&["chekc"]).status.code(), Some(2));
    assert_eq!(parcours(&[]).status.code(), Some(2));
    assert_eq!(
        parcours(&["check", "--format", "xml"]).status.code(),
        Some(2)
    );
    let version = String::from_utf8(parcours(&["--version"]).stdout).unwrap();
    assert_eq!(
        version.trim(),
        format!("parcours {}", env!("CARGO_PKG_VERSION"))
    );
}
