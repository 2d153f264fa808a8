//! Inputs and traits as JSON.

use std::{borrow::Cow, io, sync::Arc};

use jiff::Timestamp;
use journey::{
    failure::Failure,
    ids::{MessageId, RunId},
    input::{Event, InputKind, Passage, Receipt},
    message::{Channel, Decision, Message, Reason},
    value::{Map, Value},
};
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{error::Result, ser::Formatter};

const EVENT: i16 = 0;
const TIMER: i16 = 1;
const RECEIPT: i16 = 2;
const DATE: i16 = 3;
const SWEEP: i16 = 4;
const ANSWER: i16 = 5;
const PASSAGE: i16 = 6;

/// What happened, as the columns `kind` and `body` of `input`: enough to replay it.
///
/// # Errors
/// None that a value of this type could cause.
pub fn encode(kind: &InputKind) -> Result<(i16, Vec<u8>)> {
    Ok(match kind {
        InputKind::Event(e) => (EVENT, serde_json::to_vec(&EventBody::of(e))?),
        InputKind::Timer { run } => (TIMER, serde_json::to_vec(&TimerBody { run: *run })?),
        InputKind::Receipt(r) => (RECEIPT, serde_json::to_vec(&ReceiptBody::of(r))?),
        InputKind::Passage { run, passage } => {
            let (run, passage) = (*run, *passage);
            (PASSAGE, serde_json::to_vec(&PassageBody { run, passage })?)
        }
        InputKind::Date { journey, entry } => {
            let body = DateBody {
                journey: journey.clone(),
                entry: *entry,
            };
            (DATE, serde_json::to_vec(&body)?)
        }
        InputKind::Sweep(sweep) => (SWEEP, serde_json::to_vec(sweep)?),
        InputKind::Answer(answer) => (ANSWER, serde_json::to_vec(answer)?),
    })
}

/// What happened, from the columns `kind` and `body` of `input`.
///
/// # Errors
/// If the kind is unknown or the body is not of its kind.
pub fn decode(kind: i16, body: &[u8]) -> Result<InputKind> {
    Ok(match kind {
        EVENT => InputKind::Event(serde_json::from_slice::<EventBody<'_>>(body)?.into_event()),
        TIMER => InputKind::Timer {
            run: serde_json::from_slice::<TimerBody>(body)?.run,
        },
        RECEIPT => InputKind::Receipt(Box::new(
            serde_json::from_slice::<ReceiptBody<'_>>(body)?.into_receipt(),
        )),
        PASSAGE => {
            let PassageBody { run, passage } = serde_json::from_slice(body)?;
            InputKind::Passage { run, passage }
        }
        DATE => {
            let body = serde_json::from_slice::<DateBody>(body)?;
            InputKind::Date {
                journey: body.journey,
                entry: body.entry,
            }
        }
        SWEEP => InputKind::Sweep(serde_json::from_slice(body)?),
        ANSWER => InputKind::Answer(Box::new(serde_json::from_slice(body)?)),
        _ => return Err(serde_json::Error::custom("unknown kind of input")),
    })
}

/// The column `name` of `input`.
pub(crate) fn name(kind: &InputKind) -> &str {
    match kind {
        InputKind::Event(e) => &e.name,
        InputKind::Timer { .. } => "timer",
        InputKind::Receipt(_) => "receipt",
        InputKind::Passage { .. } => "passage",
        InputKind::Date { .. } => "date",
        InputKind::Sweep(_) => "sweep",
        InputKind::Answer(_) => "answer",
    }
}

#[derive(Serialize, Deserialize)]
struct EventBody<'a> {
    customer: Arc<str>,
    name: Arc<str>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    properties: Value,
    #[serde(default, skip_serializing_if = "no_fields")]
    traits: Cow<'a, Map>,
    message_id: Arc<str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    source: Arc<str>,
}

fn no_fields(map: &Map) -> bool {
    map.is_empty()
}

impl<'a> EventBody<'a> {
    fn of(e: &'a Event) -> Self {
        Self {
            customer: e.customer.clone(),
            name: e.name.clone(),
            at: e.at,
            properties: e.properties.clone(),
            traits: Cow::Borrowed(&e.traits),
            message_id: e.message_id.clone(),
            source: e.source.clone(),
        }
    }

    fn into_event(self) -> Event {
        Event {
            customer: self.customer,
            name: self.name,
            at: self.at,
            properties: self.properties,
            traits: self.traits.into_owned(),
            message_id: self.message_id,
            source: self.source,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct TimerBody {
    run: RunId,
}

#[derive(Serialize, Deserialize)]
struct PassageBody {
    run: RunId,
    passage: Passage,
}

#[derive(Serialize, Deserialize)]
struct DateBody {
    journey: Arc<str>,
    entry: u16,
}

#[derive(Serialize, Deserialize)]
struct ReceiptBody<'a> {
    message: MessageId,
    at: Timestamp,
    run: RunId,
    journey: Arc<str>,
    step: Arc<str>,
    channel: Channel,
    purpose: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Reason>,
    decision: Cow<'a, Decision>,
    attempt: u16,
    reason: Reason,
    detail: Failure,
}

impl<'a> ReceiptBody<'a> {
    fn of(r: &'a Receipt) -> Self {
        let m = &r.message;
        Self {
            message: m.id,
            at: m.at,
            run: m.run,
            journey: m.journey.clone(),
            step: m.step.clone(),
            channel: m.channel,
            purpose: m.purpose.clone(),
            refused: m.refused,
            decision: Cow::Borrowed(&m.decision),
            attempt: r.attempt,
            reason: r.reason,
            detail: r.detail.clone(),
        }
    }

    fn into_receipt(self) -> Receipt {
        Receipt {
            message: Message {
                id: self.message,
                at: self.at,
                run: self.run,
                journey: self.journey,
                step: self.step,
                channel: self.channel,
                purpose: self.purpose,
                refused: self.refused,
                decision: self.decision.into_owned(),
            },
            attempt: self.attempt,
            reason: self.reason,
            detail: self.detail,
        }
    }
}

/// Traits as text for a column of type `jsonb`.
pub(crate) fn traits(map: &Map) -> Result<String> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Jsonb);
    map.serialize(&mut serializer)?;
    String::from_utf8(out).map_err(serde_json::Error::custom)
}

/// JSON that survives `jsonb`, which drops exponents: `1e16` would come back as a whole number.
struct Jsonb;

impl Formatter for Jsonb {
    fn write_f64<W: io::Write + ?Sized>(&mut self, w: &mut W, value: f64) -> io::Result<()> {
        // From 2^63 on, whole numbers are read as floats anyway.
        if value.fract() == 0.0 && value.abs() < 1e19 {
            write!(w, "{value:.1}")
        } else {
            write!(w, "{value:?}")
        }
    }
}
