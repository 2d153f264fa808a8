//! Events as bodies again: what the command line publishes and the console shows.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::SegmentCall;
use crate::{
    input::Event,
    value::{Map, Value},
};

/// The canonical body of an event: Segment's shape, or CloudEvents where it has a source. Reading
/// it gives the same event again, for every event that [`parse`](super::parse) can give and that
/// leaves a little room below [`MAX_BODY`](super::MAX_BODY).
pub fn to_json(event: &Event) -> Vec<u8> {
    let body = if event.source.is_empty() {
        segment(event)
    } else {
        cloudevent(event)
    };
    body.to_string().into_bytes()
}

fn segment(event: &Event) -> Json {
    let call = event.name.parse().ok().filter(|call| {
        use SegmentCall::{Identify, Page, Screen};
        matches!(call, Identify | Page | Screen)
    });
    let mut body = json!({
        "type": call.unwrap_or(SegmentCall::Track).as_str(),
        "messageId": &*event.message_id,
        "userId": &*event.customer,
        "timestamp": event.at.to_string(),
    });
    if call.is_none() {
        body["event"] = json!(&*event.name);
    }
    if !empty(&event.properties) {
        body["properties"] = json(&event.properties);
    }
    if call == Some(SegmentCall::Identify) {
        body["traits"] = json(&event.traits);
    } else if !event.traits.is_empty() {
        body["context"] = json!({ "traits": json(&event.traits) });
    }
    body
}

fn cloudevent(event: &Event) -> Json {
    let mut body = json!({
        "specversion": "1.0",
        "id": &*event.message_id,
        "source": &*event.source,
        "type": &*event.name,
        "subject": &*event.customer,
        "time": event.at.to_string(),
        "datacontenttype": "application/json",
    });
    let data = data(event);
    if !data.is_empty() {
        body["data"] = json(&data);
    }
    body
}

/// The properties with the traits where `cloudevents::read` looks for them.
fn data(event: &Event) -> Map {
    let mut data = event.properties.as_map().cloned().unwrap_or_default();
    if event.traits.is_empty() {
        return data;
    }
    let traits = Value::Map(Arc::new(event.traits.clone()));
    if &*event.name == "identify" {
        data.insert("traits".into(), traits);
    } else {
        let context = data.remove("context").unwrap_or_default();
        let mut context = context.as_map().cloned().unwrap_or_default();
        context.insert("traits".into(), traits);
        data.insert("context".into(), Value::Map(Arc::new(context)));
    }
    data
}

fn empty(properties: &Value) -> bool {
    properties.as_map().is_none_or(Map::is_empty)
}

/// Values have no key that is not text and no number that JSON lacks, so this cannot fail.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
