//! Inputs, traces and traits, as they are kept.

use std::{borrow::Cow, io, sync::Arc};

use jiff::Timestamp;
use journey::{
    call::Answer,
    failure::Failure,
    ids::{MessageId, RunId},
    input::{Event, InputKind, Passage, Receipt, Sweep},
    merge::TakeOver,
    message::{Channel, Decision, Message, Reason},
    trace::{Fact, Line},
    value::{Map, Value},
};
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::ser::Formatter;

use crate::packed::{Malformed, pack, unpack};

const EVENT: i16 = 0;
const TIMER: i16 = 1;
const RECEIPT: i16 = 2;
const DATE: i16 = 3;
const SWEEP: i16 = 4;
const ANSWER: i16 = 5;
const PASSAGE: i16 = 6;
const TAKE_OVER: i16 = 7;

/// What happened, as the columns `kind` and `body` of `input`: enough to replay it, with the column `name` and the
/// customer's key.
///
/// # Errors
/// None that a value of this type could cause.
pub fn encode(kind: &InputKind) -> Result<(i16, Vec<u8>), Malformed> {
    Ok(match kind {
        InputKind::Event(e) => (EVENT, pack(&EventBody::of(e))?),
        InputKind::Timer { run } => (TIMER, pack(&TimerBody { run: *run })?),
        InputKind::Receipt(r) => (RECEIPT, pack(&ReceiptBody::of(r))?),
        InputKind::Passage { run, passage } => {
            let (run, passage) = (*run, *passage);
            (PASSAGE, pack(&PassageBody { run, passage })?)
        }
        InputKind::Date { journey, entry } => {
            let body = DateBody {
                journey: journey.clone(),
                entry: *entry,
            };
            (DATE, pack(&body)?)
        }
        InputKind::Sweep(sweep) => (SWEEP, pack(sweep)?),
        InputKind::Answer(answer) => (ANSWER, pack(&**answer)?),
        InputKind::TakeOver(taken) => (TAKE_OVER, pack(&**taken)?),
    })
}

/// What happened to the customer of that key, from the columns `kind`, `name` and `body` of `input`.
///
/// # Errors
/// If the kind is unknown or the body is not of its kind.
pub fn decode(kind: i16, name: &str, key: &str, body: &[u8]) -> Result<InputKind, Malformed> {
    Ok(match kind {
        EVENT => InputKind::Event(unpack::<EventBody<'_>>(body)?.into_event(name, key)),
        TIMER => InputKind::Timer {
            run: unpack::<TimerBody>(body)?.run,
        },
        RECEIPT => InputKind::Receipt(Box::new(unpack::<ReceiptBody<'_>>(body)?.into_receipt())),
        PASSAGE => {
            let PassageBody { run, passage } = unpack(body)?;
            InputKind::Passage { run, passage }
        }
        DATE => {
            let DateBody { journey, entry } = unpack(body)?;
            InputKind::Date { journey, entry }
        }
        SWEEP => InputKind::Sweep(unpack(body)?),
        ANSWER => InputKind::Answer(Box::new(unpack(body)?)),
        TAKE_OVER => InputKind::TakeOver(Box::new(unpack(body)?)),
        _ => return Err(Malformed::Kind),
    })
}

/// The body of an input as people read it.
///
/// # Errors
/// As [`decode`].
pub(crate) fn shown(kind: i16, body: &[u8]) -> Result<serde_json::Value, Malformed> {
    fn json<T: Serialize + serde::de::DeserializeOwned>(
        body: &[u8],
    ) -> Result<serde_json::Value, Malformed> {
        Ok(serde_json::to_value(unpack::<T>(body)?)?)
    }
    match kind {
        EVENT => json::<EventBody<'static>>(body),
        TIMER => json::<TimerBody>(body),
        RECEIPT => json::<ReceiptBody<'static>>(body),
        PASSAGE => json::<PassageBody>(body),
        DATE => json::<DateBody>(body),
        SWEEP => json::<Sweep>(body),
        ANSWER => json::<Answer>(body),
        TAKE_OVER => json::<TakeOver>(body),
        _ => Err(Malformed::Kind),
    }
}

/// Lines of a trace that are about the same run, or about none: the journey, the run, and each line's step and fact.
type Lines = (
    Option<Arc<str>>,
    Option<RunId>,
    Vec<(Option<Arc<str>>, Fact)>,
);
/// The same, while it is written.
type LinesOf<'a> = (
    &'a Option<Arc<str>>,
    Option<RunId>,
    Vec<(&'a Option<Arc<str>>, &'a Fact)>,
);

/// A trace as the column `trace` of `input`: most of its lines are about one run, which is named once.
pub(crate) fn encode_trace(lines: &[Line]) -> Result<Vec<u8>, Malformed> {
    let same = |a: &Line, b: &Line| a.run == b.run && a.journey == b.journey;
    let groups = lines.chunk_by(same).filter_map(|lines| {
        let first = lines.first()?;
        let facts = lines.iter().map(|l| (&l.step, &l.fact)).collect();
        Some((&first.journey, first.run, facts))
    });
    pack(&groups.collect::<Vec<LinesOf<'_>>>())
}

/// A trace, from the column.
///
/// # Errors
/// If it is none.
pub fn decode_trace(trace: &[u8]) -> Result<Vec<Line>, Malformed> {
    // As earlier builds wrote it.
    if trace.first() == Some(&b'[') {
        return unpack(trace);
    }
    let groups: Vec<Lines> = unpack(trace)?;
    let lines = groups.into_iter().flat_map(|(journey, run, facts)| {
        facts.into_iter().map(move |(step, fact)| Line {
            journey: journey.clone(),
            run,
            step,
            fact,
        })
    });
    Ok(lines.collect())
}

/// What stands in a trace, as it is kept, that has lines about that journey. It may stand elsewhere as well.
pub(crate) fn names_journey(journey: &str) -> Result<Vec<u8>, Malformed> {
    pack(journey)
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
        InputKind::TakeOver(_) => "take_over",
    }
}

#[derive(Serialize, Deserialize)]
struct EventBody<'a> {
    #[serde(with = "journey::instant")]
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
            at: e.at,
            properties: e.properties.clone(),
            traits: Cow::Borrowed(&e.traits),
            message_id: e.message_id.clone(),
            source: e.source.clone(),
        }
    }

    fn into_event(self, name: &str, key: &str) -> Event {
        Event {
            customer: Arc::from(key),
            name: Arc::from(name),
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
    #[serde(with = "journey::instant")]
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
pub(crate) fn traits(map: &Map) -> serde_json::Result<String> {
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
