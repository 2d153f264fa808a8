//! A message as FCM has it: <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>

use journey::content::Push;
use serde_json::{Map, Value as Json, json};

use crate::{
    Outgoing,
    push::{self, Priority},
};

/// The request's body.
pub(super) fn body(message: &Outgoing<'_>, push: &Push, priority: Priority) -> Json {
    let mut notification = json!({"title": push.title, "body": push.body});
    if let Some(image) = &push.image {
        notification["image"] = json!(image);
    }
    json!({"message": {
        "token": message.to,
        "notification": notification,
        "data": data(message, push),
        "android": android(push, priority),
        "apns": apns(message, push, priority),
        "webpush": webpush(push, priority),
    }})
}

/// FCM carries texts alone: the actions are JSON within one.
fn data(message: &Outgoing<'_>, push: &Push) -> Map<String, Json> {
    let custom = push::custom(message, push).into_iter();
    custom
        .map(|(name, value)| match value {
            Json::String(_) => (name, value),
            other => (name, json!(other.to_string())),
        })
        .collect()
}

fn android(push: &Push, priority: Priority) -> Json {
    let mut android = json!({"priority": match priority {
        Priority::High => "HIGH",
        Priority::Normal => "NORMAL",
    }});
    if let Some(ttl) = push.ttl {
        android["ttl"] = json!(format!("{ttl}s"));
    }
    if let Some(collapse) = &push.collapse {
        // The key is for what waits at FCM, the tag for what is shown.
        android["collapse_key"] = json!(collapse);
        android["notification"] = json!({"tag": collapse});
    }
    android
}

fn apns(message: &Outgoing<'_>, push: &Push, priority: Priority) -> Json {
    let mut headers = json!({"apns-priority": match priority {
        Priority::High => "10",
        Priority::Normal => "5",
    }});
    if push.ttl.is_some() {
        headers["apns-expiration"] = json!(push::expiration(message, push).to_string());
    }
    if let Some(collapse) = &push.collapse {
        headers["apns-collapse-id"] = json!(collapse);
    }
    let mut apns = json!({"headers": headers});
    let mut aps = Map::new();
    if push.image.is_some() || !push.actions.is_empty() {
        aps.insert("mutable-content".to_owned(), json!(1));
    }
    if let Some(category) = push::category(push) {
        aps.insert("category".to_owned(), json!(category));
    }
    if !aps.is_empty() {
        apns["payload"] = json!({"aps": aps});
    }
    if let Some(image) = &push.image {
        apns["fcm_options"] = json!({"image": image});
    }
    apns
}

fn webpush(push: &Push, priority: Priority) -> Json {
    let mut headers = json!({"Urgency": match priority {
        Priority::High => "high",
        Priority::Normal => "normal",
    }});
    if let Some(ttl) = push.ttl {
        headers["TTL"] = json!(ttl.to_string());
    }
    let mut notification = Map::new();
    if let Some(collapse) = &push.collapse {
        headers["Topic"] = json!(collapse);
        notification.insert("tag".to_owned(), json!(collapse));
    }
    if !push.actions.is_empty() {
        let actions = push.actions.iter();
        let actions = actions.map(|a| json!({"action": a.name, "title": a.label}));
        notification.insert("actions".to_owned(), actions.collect());
    }
    let mut webpush = json!({"headers": headers});
    if !notification.is_empty() {
        webpush["notification"] = Json::Object(notification);
    }
    // It takes no other.
    let link = push
        .url
        .as_deref()
        .filter(|url| url.starts_with("https://"));
    if let Some(link) = link {
        webpush["fcm_options"] = json!({"link": link});
    }
    webpush
}
