//! Intake: the bytes that producers send become [`Event`]s, or a refusal in one clear sentence.
//!
//! Two shapes are read, and told apart by `specversion`: the bodies of the Segment spec (`track`,
//! `identify`, `page`, `screen`, `alias`) and CloudEvents 1.0 in structured JSON. HTTP, RabbitMQ, the
//! command line and files of past events all come through here, so that one body means one thing.
//!
//! | field of the event | Segment | CloudEvents |
//! | --- | --- | --- |
//! | customer | `userId`, else `anonymousId` | `subject`, else `data.userId` |
//! | name | `event`; `identify`, `page`, `screen` | `type` |
//! | at | `timestamp`, else `originalTimestamp`, else the clock | `time`, else the clock |
//! | properties | `properties`, and a page's `name` and `category` | `data` |
//! | traits | `traits` of `identify`, else `context.traits` | `data.traits` of `identify`, else `data.context.traits` |
//! | message id, source | `messageId`, empty | `id`, `source` |
//!
//! `alias` is the event [`MERGE`](crate::merge::MERGE) of the customer `previousId`, with `userId` as `into`.
//!
//! An optional field that is null counts as absent. Of a key given twice, the last one counts.
//! Fields that are not in the table are allowed and dropped.

mod bounds;
mod causes;
mod cloudevents;
mod fields;
mod glimpse;
mod refused;
mod reserved;
mod segment;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

pub use self::{
    causes::{Cause, CauseClass},
    glimpse::{Glimpse, glimpse},
    refused::Refused,
    reserved::reserved,
    segment::SegmentCall,
    write::to_json,
};
use crate::{
    ids::InputId,
    input::{Event, Input, InputKind},
};

/// The longest event, in bytes: in its body, and as it is passed on.
pub const MAX_BODY: usize = 256 * 1024;
/// The deepest nesting of lists and maps, counted from `properties` or `traits` inwards.
pub const MAX_DEPTH: usize = 32;
/// The most fields and list items in the properties and traits of one event, at all depths.
pub const MAX_FIELDS: usize = 1_000;
/// The longest answer of an endpoint, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;
/// The longest customer key, message id or source, in bytes.
pub const MAX_ID: usize = 256;
/// The longest event name, in bytes.
pub const MAX_NAME: usize = 128;
/// How far a producer's clock may run ahead of ours (rule 14).
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// An accepted event with the id under which it takes effect once.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// Of its source and message id: the same event sent twice has the same one.
    pub id: InputId,
    /// The event.
    pub event: Event,
    /// The W3C trace context that a CloudEvent carries as its extension `traceparent`; it decides nothing.
    pub traceparent: Option<Arc<str>>,
}

impl From<Event> for Parsed {
    fn from(event: Event) -> Self {
        Self {
            id: InputId::of_event(&event.source, &event.message_id),
            event,
            traceparent: None,
        }
    }
}

/// Reads one event of either shape. `now` is the clock at intake.
pub fn parse(body: &[u8], now: Timestamp) -> Result<Parsed, Refused> {
    parse_value(json(body)?, None, now)
}

/// Reads one event whose body is JSON already. `kind` is what the address said
/// (`/v1/track`); without it, `specversion` or `type` must say.
pub fn parse_value(
    json: Json,
    kind: Option<SegmentCall>,
    now: Timestamp,
) -> Result<Parsed, Refused> {
    let fields = fields::Fields::of(json)?;
    if kind.is_none() && fields.has("specversion") {
        let named = fields.has(cloudevents::TRACEPARENT);
        let traceparent = named.then(|| cloudevents::traceparent(&fields)).flatten();
        let parsed = Parsed::from(cloudevents::read(fields, now)?);
        return Ok(Parsed {
            traceparent,
            ..parsed
        });
    }
    Ok(segment::read(fields, kind, now)?.into())
}

/// What an endpoint answered: JSON as it is, other text as text, nothing as null.
///
/// # Errors
/// In one sentence, if it could not be kept: it is longer than [`MAX_ANSWER`], or nests or holds
/// more than an event may.
pub fn answer(body: &[u8]) -> Result<crate::value::Value, String> {
    if body.len() > MAX_ANSWER {
        return Err(format!("the answer is longer than {MAX_ANSWER} bytes"));
    }
    let json = serde_json::from_slice(body).unwrap_or_else(|_| {
        match String::from_utf8_lossy(body).trim() {
            "" => serde_json::Value::Null,
            text => serde_json::Value::from(text),
        }
    });
    let fits = bounds::Bounds::new().check_any(&json, "answer");
    fits.map_err(|refused| match refused.code {
        "too_deep" => {
            format!("the answer nests more than {MAX_DEPTH} lists and maps into one another")
        }
        "too_many_fields" => format!("the answer has more than {MAX_FIELDS} fields and list items"),
        _ => refused.message,
    })?;
    Ok(json.into())
}

/// The event as an input of its customer, taken in at `now`.
pub fn input(parsed: Parsed, now: Timestamp) -> Input {
    Input {
        id: parsed.id,
        now: micros(now),
        kind: InputKind::Event(parsed.event),
    }
}

/// The body as JSON, if it is not too long, and text at all.
fn json(body: &[u8]) -> Result<Json, Refused> {
    if body.len() > MAX_BODY {
        return Err(Refused::too_large(body.len()));
    }
    let text = std::str::from_utf8(body).map_err(|e| Refused::not_utf8(&e))?;
    serde_json::from_str(text).map_err(|e| Refused::not_json(&e))
}

/// Whole microseconds: the precision that the database keeps.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
