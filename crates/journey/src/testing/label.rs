//! What happens in a test, and values, as people read them.

use super::written::{By, What};
use crate::value::{Map, Value};

/// What happens, as the timeline says it.
pub(super) fn label(what: &What, fields: &Map, traits: &Map) -> String {
    match what {
        What::Event { name, .. } => event_label(name, fields, traits),
        What::Message { what, step, text } => {
            let verb = match *what {
                "opened" => "opens",
                "clicked" => "clicks",
                "replied" => "replies to",
                _ => "gets",
            };
            let said = text.as_ref().map_or_else(String::new, |t| format!(": {t}"));
            format!("{verb} {step}{said}")
        }
        What::Writes { text } => format!("writes: {text}"),
        What::HandsBack { step, .. } => format!("a person hands {step} back"),
        What::Starts { with } if with.is_empty() => "the shop starts the journey".to_owned(),
        What::Starts { .. } => {
            let with = fields.get("with").cloned().unwrap_or_default();
            format!("the shop starts the journey {}", plain(&with))
        }
        What::Address { what, by } => {
            let whose = match by {
                By::Channel(channel) => channel.to_string(),
                By::Step(step) => step.to_string(),
            };
            format!("{whose} {what}")
        }
        What::Consent {
            granted,
            purpose,
            channels,
            confirmed,
        } => {
            let verb = match (granted, confirmed) {
                (false, _) => "withdraws",
                (true, true) => "consents to",
                (true, false) => "asks for (unconfirmed)",
            };
            let by: Vec<&str> = channels.iter().map(|c| c.as_str()).collect();
            let by = if by.is_empty() {
                "all channels".to_owned()
            } else {
                by.join(", ")
            };
            format!("{verb} {purpose} on {by}")
        }
    }
}

/// An event with what it carries.
pub(super) fn event_label(name: &str, fields: &Map, traits: &Map) -> String {
    let mut text = if name == "identify" {
        "traits".to_owned()
    } else {
        name.to_owned()
    };
    if !fields.is_empty() {
        text = format!("{text} {}", shown(fields));
    }
    if !traits.is_empty() {
        let with = if name == "identify" {
            ""
        } else {
            "with traits "
        };
        text = format!("{text} {with}{}", shown(traits));
    }
    text
}

/// Fields as an author would write them, cut where they are long.
fn shown(fields: &Map) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", plain(value)))
        .collect();
    let text = format!("{{ {} }}", fields.join(", "));
    match text.char_indices().nth(72) {
        Some((at, _)) => format!("{}… }}", &text[..at]),
        None => text,
    }
}

/// A value without the quotes that JSON asks for.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Null => "nothing".to_owned(),
        Value::Map(fields) => shown(fields),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
