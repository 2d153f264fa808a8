//! Dead letters: what could not be read, and why.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lapin::options::BasicGetOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};

use crate::{Delivery, Error, cut};

/// The header that says why.
const REASON: &str = "x-reason";
/// The header with the code of the reason.
const CODE: &str = "x-cause";
/// The header with the field at fault.
const FIELD: &str = "x-field";
/// The header that keeps the routing key, which is the customer's.
const KEY: &str = "x-routing-key";
/// The headers that keep where it was published, and where it was read.
const EXCHANGE: &str = "x-exchange";
const QUEUE: &str = "x-queue";
/// What RabbitMQ itself says when a policy of the operator's took a message out, and where.
const RABBITMQ_REASON: &str = "x-first-death-reason";
const RABBITMQ_EXCHANGE: &str = "x-first-death-exchange";
const RABBITMQ_QUEUE: &str = "x-first-death-queue";
/// What headers of ours and RabbitMQ's begin with.
const OURS: &str = "x-";
/// The longest reason that is kept, in bytes.
const MAX_REASON: usize = 2_000;
/// The most letters that one look takes out of the queue.
const MAX_PEEK: usize = 1_000;

/// Why a message is put aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grounds {
    /// In a sentence.
    pub reason: String,
    /// As a word for programs.
    pub code: Option<String>,
    /// The path of the field at fault.
    pub field: Option<String>,
}

impl From<String> for Grounds {
    fn from(reason: String) -> Self {
        Self {
            reason,
            ..Self::default()
        }
    }
}

/// A message that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetter {
    /// Why, in a sentence.
    pub reason: String,
    /// The same as a word; `None`: nobody has said.
    pub code: Option<String>,
    /// The path of the field at fault.
    pub field: Option<String>,
    /// The message as it came.
    pub body: Bytes,
    /// When it was put aside: seconds since 1970.
    pub at: Option<u64>,
    /// The producer's id of it, if it had one.
    pub message_id: Option<String>,
    /// The routing key that it came with: the customer's key, if the producer keeps to the rule.
    pub routing_key: Option<String>,
    /// The exchange that it was published to.
    pub exchange: Option<String>,
    /// The queue that it was read from.
    pub queue: Option<String>,
    /// What its producer says that the body is.
    pub content_type: Option<String>,
    /// Those of its producer's headers that are text.
    pub headers: BTreeMap<String, String>,
    /// Whether a policy of RabbitMQ's took it out, and no reader.
    pub by_broker: bool,
}

/// How a dead letter travels: the message's own properties, and the reason in a header. The time is
/// for people who look at the queue; nothing is decided by it.
pub(crate) fn properties(delivery: &Delivery, queue: &str, grounds: &Grounds) -> BasicProperties {
    let reason = cut(&grounds.reason, MAX_REASON);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let mut headers = delivery.properties.headers().clone().unwrap_or_default();
    let field = grounds.field.as_deref().map(|field| cut(field, MAX_REASON));
    for (name, value) in [
        (REASON, Some(reason)),
        (CODE, grounds.code.as_deref()),
        (FIELD, field),
        (KEY, Some(&*delivery.routing_key)),
        (EXCHANGE, Some(&*delivery.exchange)),
        (QUEUE, Some(queue)),
    ] {
        if let Some(value) = value {
            headers.insert(name.into(), AMQPValue::LongString(value.into()));
        }
    }
    // An expiration of the producer's must not shorten the letter's life.
    let kept = BasicProperties::default()
        .with_headers(headers)
        .with_timestamp(now);
    let kept = match delivery.properties.message_id() {
        Some(id) => kept.with_message_id(id.clone()),
        None => kept,
    };
    match delivery.properties.content_type() {
        Some(kind) => kept.with_content_type(kind.clone()),
        None => kept,
    }
}

/// Looks at the oldest letters. They go back when the channel, which is closed at the end, lets go of
/// them.
pub(crate) async fn peek(
    channel: &Channel,
    queue: &str,
    limit: usize,
) -> Result<Vec<DeadLetter>, Error> {
    let mut letters = Vec::new();
    while letters.len() < limit.min(MAX_PEEK) {
        let Some(message) = channel
            .basic_get(queue.into(), BasicGetOptions::default())
            .await?
        else {
            break;
        };
        letters.push(letter(message.delivery));
    }
    channel.close(200, "seen".into()).await?;
    Ok(letters)
}

pub(crate) fn letter(delivery: lapin::message::Delivery) -> DeadLetter {
    let properties = &delivery.properties;
    let header = |name| {
        properties
            .headers()
            .as_ref()
            .and_then(|table| text(table, name))
    };
    let by_broker = header(REASON).is_none() && header(RABBITMQ_REASON).is_some();
    let routing_key = header(KEY).or_else(|| first_death(properties.headers().as_ref()?));
    DeadLetter {
        reason: header(REASON)
            .or_else(|| header(RABBITMQ_REASON))
            .unwrap_or_default(),
        code: header(CODE),
        field: header(FIELD),
        at: *properties.timestamp(),
        message_id: properties
            .message_id()
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        routing_key,
        exchange: header(EXCHANGE).or_else(|| header(RABBITMQ_EXCHANGE)),
        queue: header(QUEUE).or_else(|| header(RABBITMQ_QUEUE)),
        content_type: properties
            .content_type()
            .as_ref()
            .map(|kind| kind.as_str().to_owned()),
        headers: producers(properties.headers().as_ref()),
        by_broker,
        body: delivery.data.into(),
    }
}

/// The routing key of what RabbitMQ took out by itself: it stands in the first entry of `x-death` alone.
fn first_death(table: &FieldTable) -> Option<String> {
    let AMQPValue::FieldArray(deaths) = table.inner().get("x-death")? else {
        return None;
    };
    let AMQPValue::FieldTable(death) = deaths.as_slice().first()? else {
        return None;
    };
    let AMQPValue::FieldArray(keys) = death.inner().get("routing-keys")? else {
        return None;
    };
    match keys.as_slice().first()? {
        AMQPValue::LongString(key) => Some(String::from_utf8_lossy(key.as_bytes()).into_owned()),
        _ => None,
    }
}

fn producers(table: Option<&FieldTable>) -> BTreeMap<String, String> {
    let names = table.into_iter().flat_map(|t| t.inner().keys());
    let names = names.filter(|name| !name.as_str().starts_with(OURS));
    names
        .filter_map(|name| Some((name.as_str().to_owned(), text(table?, name.as_str())?)))
        .collect()
}

fn text(table: &FieldTable, name: &str) -> Option<String> {
    match table.inner().get(name)? {
        AMQPValue::LongString(value) => {
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        }
        AMQPValue::ShortString(value) => Some(value.as_str().to_owned()),
        _ => None,
    }
}
