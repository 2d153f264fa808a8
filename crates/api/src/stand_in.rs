//! Stands in for `journey::intake` until that is merged; then this file goes and `intake.rs`
//! imports from there.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    ids::InputId,
    input::Event,
    value::{Map, Value},
};
use serde_json::Value as Json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentCall {
    Track,
    Identify,
    Page,
    Screen,
}

impl SegmentCall {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
        }
    }
}

pub(crate) struct Parsed {
    pub id: InputId,
    pub event: Event,
}

pub(crate) struct Refused {
    pub code: &'static str,
    pub field: &'static str,
    pub message: String,
}

fn missing(field: &'static str) -> Refused {
    Refused {
        code: "missing",
        field,
        message: format!("`{field}` is missing or is no text."),
    }
}

pub(crate) fn parse_value(
    json: &Json,
    call: Option<SegmentCall>,
    now: Timestamp,
) -> Result<Parsed, Refused> {
    let text = |field: &'static str| {
        json.get(field)
            .and_then(Json::as_str)
            .filter(|t| !t.is_empty() && t.len() <= 256)
            .ok_or_else(|| missing(field))
    };
    let cloud = json.get("specversion").is_some();
    let kind = call.map_or_else(|| text("type"), |c| Ok(c.as_str()))?;
    let (id, source, customer) = if cloud {
        (text("id")?, text("source")?, text("subject")?)
    } else {
        (text("messageId")?, "", text("userId")?)
    };
    let name = match kind {
        "track" if !cloud => text("event")?,
        kind => kind,
    };
    let time = if cloud { "time" } else { "timestamp" };
    let at = json.get(time).and_then(Json::as_str).map(str::parse);
    let fields = |name: &str| json.get(name).cloned().map(Value::from).unwrap_or_default();
    Ok(Parsed {
        id: InputId::of_event(source, id),
        event: Event {
            customer: Arc::from(customer),
            name: Arc::from(name),
            at: at.and_then(Result::ok).unwrap_or(now),
            properties: fields(if cloud { "data" } else { "properties" }),
            traits: fields("traits").as_map().cloned().unwrap_or_else(Map::new),
            message_id: Arc::from(id),
            source: Arc::from(source),
        },
    })
}
