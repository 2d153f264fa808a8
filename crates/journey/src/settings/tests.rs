use std::sync::Arc;

use super::{FILE, check, environment, shown};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::render,
};

fn file(text: &str) -> SourceFile {
    SourceFile {
        path: Arc::from(FILE),
        text: Arc::from(text),
    }
}

fn said(file: &SourceFile, found: Vec<Diagnostic>) -> String {
    let (file, found) = shown(file, found);
    render::text(&found, &[file], false)
}

fn of(text: &str) -> String {
    let file = file(text);
    let found = check(&file);
    said(&file, found)
}

#[test]
fn every_mistake_is_said_at_once_with_its_place_and_its_cure() {
    let found = of("\
databse_url: postgres://u:p@db/parcours
http: 8080
lease_seconds: soon
log_format: jsonn
channels:
  email:
    smtp:
      hots: smtp.internal
      from: nobody
      tls: startls
  sms:
    smtp: { host: a, from: a@b.example }
  fax: {}
");
    for expected in [
        "error[J014]: the settings has no `databse_url`",
        "did you mean `database_url`?",
        "write `127.0.0.1:8080`",
        "error[J013]: `soon` cannot be a setting",
        "a whole number from 5 to 3600 is expected",
        "did you mean `json`?",
        "config/parcours.yaml:8:7",
        "did you mean `host`?",
        "`nobody` is none",
        "did you mean `starttls`?",
        "an adapter for text messages needs ",
        "config/parcours.yaml:13:3",
        "the channels has no `fax`",
    ] {
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    assert_eq!(found.matches("error[").count(), 9, "{found}");
}

#[test]
fn what_is_right_is_left_alone() {
    assert_eq!(of(""), "");
    assert_eq!(of("# nothing but a comment\n"), "");
    let right = "\
database_url: postgres://parcours:hunter2@db.internal:5432/parcours
amqp_url: amqps://parcours:hunter2@mq.internal:5671/%2f
http: 127.0.0.1:8080
metrics_http: \"[::1]:9464\"
log_format: json
stop_seconds: 5
pages: { http: \"0.0.0.0:8081\", name: Maison Tilleul, accent: \"#2f4a3a\", logo: \"https://shop.example/logo.png\" }
links:
  base: https://my.shop.example
  secret: a-long-random-word-of-at-least-32-characters
  mailto: unsubscribe@shop.example
  unsubscribe: https://shop.example/bye?c={customer}&p={purpose}
channels:
  email: { smtp: { host: smtp.internal, port: 587, from: \"Maison Tilleul <bonjour@shop.example>\" } }
  sms: { webhook: { url: \"https://gateway.internal/sms\", secret: whsec_c2VjcmV0, concurrency: 4 } }
";
    assert_eq!(of(right), "");
}

/// Whatever is wrong, and wherever.
#[test]
fn secrets_are_never_shown() {
    const SECRET: &str = "hunter2hunter2";
    for text in [
        "database_url: mysql://u:hunter2hunter2@db/x",
        "database_url: [hunter2hunter2]",
        "databaseurl: postgres://u:hunter2hunter2@db/x",
        "privacy_secret: hunter2hunter2",
        "links: { secret: hunter2hunter2 }",
        "links:\n  secret: >\n    hunter2hunter2\n    hunter2hunter2",
        "channels: { email: { smtp: { host: a, pasword: hunter2hunter2, from: b@c.example } } }",
        "channels:\n  sms:\n    webhook: { url: \"ftp://u:hunter2hunter2@x/\", secret: 1 }",
        "channels:\n  sms:\n    webhook: { url: https://a, secret: hunter2hunter2",
        "write_key: hunter2hunter2 #hunter2hunter2",
        "write_key: \"hunter2hunter2\nhttp: 1",
        "write_key: hunter2hunter2: x",
        "http: 1\n\twrite_key: hunter2hunter2",
        "write_key: hunter2hunter2\nwrite_key: hunter2hunter2",
        "write_key: &hunter2hunter2",
        "write_key: *hunter2hunter2",
        "write_key: !hunter2hunter2 x",
        "- hunter2hunter2",
        "hunter2hunter2",
        "# write_key: hunter2hunter2\nhttp: nowhere",
        "{ write_key: hunter2hunter2, http: nowhere }",
    ] {
        let found = of(text);
        assert!(!found.is_empty(), "nothing is said of {text}");
        assert!(!found.contains(SECRET), "{text}\n{found}");
        assert!(!found.contains("hunter2"), "{text}\n{found}");
    }
}

#[test]
fn the_environment_is_read_with_the_same_eyes() {
    let variables = [
        ("PARCOURS_LEASE_SECONDS", "soon"),
        ("DATABASE_URL", "mysql://u:hunter2@db/x"),
        ("PARCOURS_METRIC_HTTP", "127.0.0.1:1"),
        ("PARCOURS_HTTP", "127.0.0.1:8080"),
        ("PARCOURS_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("HOME", "/root"),
        ("PARCOURS_WRITE_KEY", " "),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (file, found) = environment(variables);
    let text = said(&file, found);
    for expected in [
        "environment:1:14",
        "it begins with `postgres://`",
        "warning[J014]: no setting is called `PARCOURS_METRIC_HTTP`",
        "did you mean `PARCOURS_METRICS_HTTP`?",
        "`soon` cannot be a setting",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(
        !text.contains("hunter2") && !text.contains("/root"),
        "{text}"
    );
    assert_eq!(text.matches("error[").count(), 2, "{text}");
    assert_eq!(text.matches("warning[").count(), 1, "{text}");
}
