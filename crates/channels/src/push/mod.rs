//! What the providers of push notifications have in common.

pub(crate) mod jwt;
#[cfg(test)]
pub(crate) mod testing;

use journey::{
    content::{Content, Push},
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::{Outcome, Outgoing};

/// How urgent notifications are to the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Shown at once, though that wakes the device up.
    #[default]
    High,
    /// When it suits the device.
    Normal,
}

/// The notification that a message is.
pub(crate) fn content<'a>(message: &Outgoing<'a>) -> Result<&'a Push, Outcome> {
    match message.content {
        Content::Push(push) => Ok(push),
        _ => {
            let words = "it is no push notification".into();
            Err(Outcome::for_good(Failure::Content { words }))
        }
    }
}

/// What the app is told besides title and body: the template's `data`, the message's `id`, `url` and
/// `actions`.
pub(crate) fn custom(message: &Outgoing<'_>, push: &Push) -> Map<String, Json> {
    let data = push.data.iter();
    let mut custom: Map<String, Json> = data.map(|(n, v)| (n.clone(), json!(v))).collect();
    custom.insert("id".to_owned(), json!(message.id));
    if let Some(url) = &push.url {
        custom.insert("url".to_owned(), json!(url));
    }
    if !push.actions.is_empty() {
        custom.insert("actions".to_owned(), json!(push.actions));
    }
    custom
}

/// What an app on iOS registers its buttons under (`UNNotificationCategory`): the names of the actions,
/// `buy.later`.
pub(crate) fn category(push: &Push) -> Option<String> {
    let names: Vec<&str> = push.actions.iter().map(|a| &*a.name).collect();
    (!names.is_empty()).then(|| names.join("."))
}

/// The moment after which nobody wants it any more, in seconds since 1970; four weeks after it leaves
/// where the template says nothing, as all providers keep it.
pub(crate) fn expiration(message: &Outgoing<'_>, push: &Push) -> i64 {
    match ttl(push) {
        // Now or never.
        0 => 0,
        ttl => message.at.as_second().saturating_add(i64::from(ttl)),
    }
}

/// How long it is kept, in seconds.
pub(crate) fn ttl(push: &Push) -> u32 {
    push.ttl.unwrap_or(Push::LONGEST_TTL)
}

/// Larger than the provider carries: it would say so itself, and has nothing to do with it.
pub(crate) fn too_large(bytes: usize, most: usize) -> Outcome {
    let words = format!("the notification has {bytes} bytes, and the provider carries {most}");
    Outcome::for_good(Failure::Content {
        words: words.into(),
    })
}
