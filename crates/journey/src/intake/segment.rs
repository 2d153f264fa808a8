//! Bodies of the Segment spec: <https://segment.com/docs/connections/spec/>.

use std::{str::FromStr, sync::Arc};

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{MAX_ID, MAX_NAME, bounds::Bounds, fields::Fields, micros, refused::Refused};
use crate::{
    input::Event,
    merge::{INTO, MERGE},
    value::{Map, Value},
};

/// The calls of the Segment spec. `group` is known, and refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentCall {
    /// Something happened; `event` names it.
    Track,
    /// Who the customer is: new traits.
    Identify,
    /// A page was looked at.
    Page,
    /// A screen of an app was looked at.
    Screen,
    /// Two keys are one customer: `previousId` is merged into `userId`.
    Alias,
    /// A customer belongs to a group. Not supported yet.
    Group,
}

impl SegmentCall {
    /// Every call.
    pub const ALL: [Self; 6] = [
        Self::Track,
        Self::Identify,
        Self::Page,
        Self::Screen,
        Self::Alias,
        Self::Group,
    ];

    /// As `type` and the address spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Alias => "alias",
            Self::Group => "group",
        }
    }
}

impl FromStr for SegmentCall {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == s).ok_or(())
    }
}

/// Reads the fields of a Segment body.
pub(super) fn read(
    mut fields: Fields,
    kind: Option<SegmentCall>,
    now: Timestamp,
) -> Result<Event, Refused> {
    let call = call(&mut fields, kind)?;
    let message_id = fields.need("messageId", MAX_ID)?;
    if call == SegmentCall::Alias {
        return alias(&mut fields, message_id, now);
    }
    let customer = customer(&mut fields)?;
    let name = name(&mut fields, call)?;
    let at = instant(&mut fields, now)?;
    let mut bounds = Bounds::new();
    let traits = traits(&mut fields, call)?.into_map(&mut bounds)?;
    let properties = properties(&mut fields, call)?.into_map(&mut bounds)?;
    Ok(Event {
        customer,
        name,
        at,
        properties: Value::Map(Arc::new(properties)),
        traits,
        message_id,
        source: Arc::default(),
    })
}

/// Which call it is, by `type` and by what the address said.
fn call(fields: &mut Fields, kind: Option<SegmentCall>) -> Result<SegmentCall, Refused> {
    let said = match fields.text("type", MAX_NAME)? {
        None => None,
        Some(text) => Some(text.parse().map_err(|()| unknown_type())?),
    };
    let call = match (said, kind) {
        (None, None) => return Err(Refused::missing("type")),
        (Some(said), Some(kind)) if said != kind => return Err(other_type(said, kind)),
        (said, kind) => said.or(kind).unwrap_or(SegmentCall::Track),
    };
    match call {
        SegmentCall::Group => Err(unsupported(call)),
        call => Ok(call),
    }
}

/// The event is one of the customer who goes: the one who stays is told by them.
fn alias(fields: &mut Fields, message_id: Arc<str>, now: Timestamp) -> Result<Event, Refused> {
    let into = fields.need("userId", MAX_ID)?;
    let customer = fields.need("previousId", MAX_ID)?;
    if into == customer {
        let says = "is the same as `userId`: a customer is not merged into themselves";
        return Err(Refused::field("itself", "previousId", says));
    }
    let at = instant(fields, now)?;
    let properties = [
        (INTO, Value::Text(into)),
        ("by", Value::text(SegmentCall::Alias.as_str())),
    ];
    Ok(Event {
        customer,
        name: MERGE.into(),
        at,
        properties: Value::map(properties),
        traits: Map::new(),
        message_id,
        source: Arc::default(),
    })
}

fn customer(fields: &mut Fields) -> Result<Arc<str>, Refused> {
    let user = fields.text("userId", MAX_ID)?;
    let anonymous = fields.text("anonymousId", MAX_ID)?;
    user.or(anonymous).ok_or_else(|| {
        let says = "is missing, and so is `anonymousId`; an event belongs to a customer";
        Refused::field("missing", "userId", says)
    })
}

fn name(fields: &mut Fields, call: SegmentCall) -> Result<Arc<str>, Refused> {
    match call {
        SegmentCall::Track => fields.need("event", MAX_NAME),
        call => Ok(call.as_str().into()),
    }
}

fn instant(fields: &mut Fields, now: Timestamp) -> Result<Timestamp, Refused> {
    if let Some(at) = fields.instant("timestamp", now)? {
        return Ok(at);
    }
    let original = fields.instant("originalTimestamp", now)?;
    Ok(original.unwrap_or(micros(now)))
}

fn traits(fields: &mut Fields, call: SegmentCall) -> Result<Fields, Refused> {
    if call == SegmentCall::Identify {
        fields.object("traits", "traits.")
    } else {
        fields
            .object("context", "context.")?
            .object("traits", "context.traits.")
    }
}

/// The properties; of a page or screen also its name and category, which the spec keeps outside.
fn properties(fields: &mut Fields, call: SegmentCall) -> Result<Fields, Refused> {
    let mut properties = fields.object("properties", "properties.")?;
    if matches!(call, SegmentCall::Page | SegmentCall::Screen) {
        for name in ["name", "category"] {
            if let Some(text) = fields.words(name)? {
                properties.put(name, Json::from(text));
            }
        }
    }
    Ok(properties)
}

fn unknown_type() -> Refused {
    let says = "must be one of `track`, `identify`, `page`, `screen`, `alias`";
    Refused::field("unknown_type", "type", says)
}

fn unsupported(call: SegmentCall) -> Refused {
    Refused {
        code: "unsupported_type",
        field: Some("type".to_owned()),
        message: format!("`{}` is not supported yet", call.as_str()),
    }
}

fn other_type(said: SegmentCall, kind: SegmentCall) -> Refused {
    let (said, kind) = (said.as_str(), kind.as_str());
    let says = format!("is `{said}`, but this address takes `{kind}`");
    Refused::field("unknown_type", "type", &says)
}
