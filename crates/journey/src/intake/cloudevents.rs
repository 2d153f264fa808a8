//! CloudEvents 1.0, structured JSON: <https://github.com/cloudevents/spec>.

use std::sync::Arc;

use jiff::Timestamp;

use super::{MAX_ID, MAX_NAME, bounds::Bounds, fields::Fields, micros, refused::Refused};
use crate::{input::Event, value::Value};

/// The extension for distributed tracing.
pub(super) const TRACEPARENT: &str = "traceparent";

/// Reads the fields of a CloudEvent.
pub(super) fn read(mut fields: Fields, now: Timestamp) -> Result<Event, Refused> {
    version(&mut fields)?;
    let message_id = fields.need("id", MAX_ID)?;
    let source = fields.need("source", MAX_ID)?;
    let name = fields.need("type", MAX_NAME)?;
    let at = fields.instant("time", now)?.unwrap_or(micros(now));
    let subject = fields.text("subject", MAX_ID)?;
    let mut data = data(&mut fields)?;
    let customer = customer(subject, &data)?;
    let mut bounds = Bounds::new();
    let traits = traits(&mut data, &name)?.into_map(&mut bounds)?;
    let properties = data.into_map(&mut bounds)?;
    Ok(Event {
        customer,
        name,
        at,
        properties: Value::Map(Arc::new(properties)),
        traits,
        message_id,
        source,
    })
}

/// The trace that the event belongs to, by the extension for distributed tracing. What is none is no reason to
/// refuse an event.
pub(super) fn traceparent(fields: &Fields) -> Option<Arc<str>> {
    fields.peek_id(TRACEPARENT).ok().flatten()
}

fn version(fields: &mut Fields) -> Result<(), Refused> {
    if &*fields.need("specversion", MAX_NAME)? == "1.0" {
        return Ok(());
    }
    let says = "must be `1.0`, the version of CloudEvents that is understood here";
    Err(Refused::field("unsupported_version", "specversion", says))
}

/// The payload, which must be a JSON object if there is one.
fn data(fields: &mut Fields) -> Result<Fields, Refused> {
    if fields.has("data_base64") {
        let says = "is not accepted; `data` must be a JSON object";
        return Err(Refused::field("unsupported_data", "data_base64", says));
    }
    let content_type = fields.text("datacontenttype", MAX_ID)?;
    if content_type.is_some_and(|t| !is_json(&t)) {
        let says = "must be `application/json`";
        return Err(Refused::field("unsupported_data", "datacontenttype", says));
    }
    fields.object("data", "data.")
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

/// Whose event it is. `data.userId` stays a property as well.
fn customer(subject: Option<Arc<str>>, data: &Fields) -> Result<Arc<str>, Refused> {
    if let Some(subject) = subject {
        return Ok(subject);
    }
    data.peek_id("userId")?.ok_or_else(|| {
        let says = "is missing, and so is `data.userId`; an event belongs to a customer";
        Refused::field("missing", "subject", says)
    })
}

/// The traits, taken out of `data`: beside the properties of `identify`, as in Segment's bodies
/// under `context` of any other event. A `context` that holds more, or is no object, stays.
fn traits(data: &mut Fields, name: &str) -> Result<Fields, Refused> {
    if name == "identify" {
        return data.object("traits", "data.traits.");
    }
    if !data.has_within("context", "traits") {
        return Ok(Fields::none());
    }
    let mut context = data.object("context", "data.context.")?;
    let traits = context.object("traits", "data.context.traits.")?;
    if !context.is_empty() {
        data.put("context", context.into_json());
    }
    Ok(traits)
}
