//! The grammar of the settings held against the types that they are read into.

use std::collections::BTreeSet;

use journey::grammar::{File, Key, VARIABLES, context_at, takes_at};
use serde_json::{Value, json};

use super::Config;

/// Every group of settings, with the least that must stand in it.
const GROUPS: &[(&[&str], &str)] = &[
    (&[], "{}"),
    (&["access"], "{}"),
    (
        &["access", "oidc"],
        r#"{"issuer":"https://a.example","client_id":"b","address":"https://c.example"}"#,
    ),
    (&["intake"], "{}"),
    (&["pages"], "{}"),
    (&["links"], "{}"),
    (&["endpoints"], "{}"),
    (&["channels"], "{}"),
    (
        &["channels", "email", "postmark"],
        r#"{"server_token":"a","from":"b@c.example"}"#,
    ),
    (
        &["channels", "email", "smtp"],
        r#"{"host":"a","from":"b@c.example"}"#,
    ),
    (
        &["channels", "sms", "twilio"],
        r#"{"account_sid":"a","auth_token":"b","from":"c"}"#,
    ),
    (
        &["channels", "sms", "vonage"],
        r#"{"api_key":"a","api_secret":"b","from":"c"}"#,
    ),
    (
        &["channels", "sms", "webhook"],
        r#"{"url":"https://a.example"}"#,
    ),
    (
        &["channels", "push", "apns"],
        r#"{"key_file":"a","key_id":"b","team_id":"c","topic":"d"}"#,
    ),
    (
        &["channels", "push", "fcm"],
        r#"{"service_account_file":"a"}"#,
    ),
    (
        &["channels", "push", "webpush"],
        r#"{"private_key":"a","subject":"mailto:b@c.example"}"#,
    ),
    (&["channels", "chat", "telegram"], r#"{"token":"a"}"#),
    (&["channels", "chat", "web"], "{}"),
    (
        &["channels", "chat", "whatsapp"],
        r#"{"phone_number_id":"a","access_token":"b"}"#,
    ),
    (&["channels", "email", "smtp", "limits"], "{}"),
    (
        &["channels", "email", "smtp", "limits", "rate"],
        r#"{"max":1,"per":"1s"}"#,
    ),
    (&["channels", "email", "smtp", "limits", "circuit"], "{}"),
];

/// What else must stand beside a setting.
fn beside(name: &str, path: &[&str]) -> Value {
    match (name, path.contains(&"limits")) {
        ("smtp", true) => json!({ "host": "a", "from": "b@c.example" }),
        _ => json!({}),
    }
}

fn within(path: &[&str], mut value: Value) -> Value {
    let mut names = path.to_vec();
    while let Some(name) = names.pop() {
        let mut fields = names.last().map_or(json!({}), |above| beside(above, path));
        fields[name] = value;
        value = fields;
    }
    value
}

/// The fields that serde knows in a group, by what it says of one that it does not know.
fn known(path: &[&str], least: &str) -> BTreeSet<String> {
    let mut group: Value = serde_json::from_str(least).unwrap();
    group["zzqx"] = json!(1);
    let refused = serde_json::from_value::<Config>(within(path, group)).unwrap_err();
    let said = refused.to_string();
    let (_, listed) = said
        .split_once("expected ")
        .unwrap_or_else(|| panic!("{path:?}: {said}"));
    let words = listed.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_setting_that_is_read_is_described_and_the_other_way_round() {
    for &(path, least) in GROUPS {
        let keys: Vec<Key<'_>> = path.iter().map(|name| Key::Name(name)).collect();
        let context = context_at(File::Settings, &keys).unwrap();
        let described: BTreeSet<String> = context.words.iter().map(|w| w.name.to_owned()).collect();
        let read = known(path, least);
        assert_eq!(
            described, read,
            "{path:?}: crates/journey/src/grammar/settings.rs on the left, what serde reads on the right"
        );
    }
}

/// The example of each setting, and what it is without it, are taken.
#[test]
fn every_example_is_read() {
    for &(path, least) in GROUPS {
        let keys: Vec<Key<'_>> = path.iter().map(|name| Key::Name(name)).collect();
        let context = context_at(File::Settings, &keys).unwrap();
        for word in context.words {
            let text = format!("{}\n", word.example);
            let file = journey::diagnostic::SourceFile {
                path: journey::settings::FILE.into(),
                text: text.into(),
            };
            let (environment, _) = journey::settings::environment([]);
            // Read as if it stood at the margin: numbers and texts are told apart by the words of its place.
            let mut group: Value = serde_json::from_str(least).unwrap();
            let read = match path.is_empty() {
                true => journey::settings::values(Some(&file), &environment),
                false => continue_within(path, &mut group, word.example),
            };
            serde_json::from_value::<Config>(read)
                .unwrap_or_else(|e| panic!("{path:?}: {}: {e}", word.example));
        }
    }
}

/// The whole document in which an example stands at its place.
fn continue_within(path: &[&str], group: &mut Value, example: &str) -> Value {
    let name = example.split(':').next().unwrap();
    let mut fields: Vec<String> = group
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| *key != name)
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    fields.push(example.to_owned());
    let mut text = format!("{{ {} }}", fields.join(", "));
    let mut names = path.to_vec();
    while let Some(name) = names.pop() {
        let needed = names.last().map_or(json!({}), |above| beside(above, path));
        let needed = needed.as_object().unwrap().iter();
        let needed: String = needed
            .map(|(key, value)| format!("{key}: {value}, "))
            .collect();
        text = format!("{{ {needed}{name}: {text} }}");
    }
    let file = journey::diagnostic::SourceFile {
        path: journey::settings::FILE.into(),
        text: text.into(),
    };
    let found = journey::settings::check(&file);
    assert!(found.is_empty(), "{}: {found:?}", file.text);
    let (environment, _) = journey::settings::environment([]);
    journey::settings::values(Some(&file), &environment)
}

#[test]
fn every_variable_is_one_of_a_setting_and_wins_over_the_file() {
    let file = journey::diagnostic::SourceFile {
        path: journey::settings::FILE.into(),
        text: "stop_seconds: 3\nlinks: { base: https://a.example, mailto: a@b.example }\n".into(),
    };
    let variables = [
        ("PARCOURS_STOP_SECONDS", "5"),
        ("PARCOURS_LINKS_BASE", "https://b.example"),
        ("PARCOURS_PAGES_HTTP", "127.0.0.1:1"),
        ("PARCOURS_LOG_FORMAT", "json"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (environment, found) = journey::settings::environment(variables);
    assert!(found.is_empty(), "{found:?}");
    let values = journey::settings::values(Some(&file), &environment);
    let config: Config = serde_json::from_value(values).unwrap();
    assert_eq!(config.stop_seconds, Some(5));
    assert_eq!(config.links.base.as_deref(), Some("https://b.example"));
    assert_eq!(config.links.mailto.as_deref(), Some("a@b.example"));
    assert_eq!(config.pages.http.as_deref(), Some("127.0.0.1:1"));
    assert_eq!(config.log_format, Some(super::LogFormat::Json));
    for (name, path) in VARIABLES {
        let keys: Vec<Key<'_>> = path.iter().map(|name| Key::Name(name)).collect();
        assert!(takes_at(File::Settings, &keys).is_some(), "{name}");
    }
}
