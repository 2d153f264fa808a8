//! Dead letters: what could not be read, and why.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lapin::options::BasicGetOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};

use crate::{Delivery, Error, cut};

/// The header that says why.
const REASON: &str = "x-reason";
/// The header that keeps the routing key, which is the customer's.
const KEY: &str = "x-routing-key";
/// What RabbitMQ itself says when a policy of the operator's took a message out.
const RABBITMQ_REASON: &str = "x-first-death-reason";
/// The longest reason that is kept, in bytes.
const MAX_REASON: usize = 2_000;
/// The most letters that one look takes out of the queue.
const MAX_PEEK: usize = 1_000;

/// A message that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Why, in a sentence.
    pub reason: String,
    /// The message as it came.
    pub body: Bytes,
    /// When it was put aside: seconds since 1970.
    pub at: Option<u64>,
    /// The producer's id of it, if it had one.
    pub message_id: Option<String>,
    /// The routing key that it came with: the customer's key, if the producer keeps to the rule.
    pub routing_key: Option<String>,
}

/// How a dead letter travels: the message's own properties, and the reason in a header. The time is
/// for people who look at the queue; nothing is decided by it.
pub(crate) fn properties(delivery: &Delivery, reason: &str) -> BasicProperties {
    let reason = cut(reason, MAX_REASON);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let mut headers = delivery.properties.headers().clone().unwrap_or_default();
    headers.insert(REASON.into(), AMQPValue::LongString(reason.into()));
    headers.insert(
        KEY.into(),
        AMQPValue::LongString(delivery.routing_key.as_str().into()),
    );
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

fn letter(delivery: lapin::message::Delivery) -> DeadLetter {
    let properties = &delivery.properties;
    let header = |name| {
        properties
            .headers()
            .as_ref()
            .and_then(|table| text(table, name))
    };
    DeadLetter {
        reason: header(REASON)
            .or_else(|| header(RABBITMQ_REASON))
            .unwrap_or_default(),
        at: *properties.timestamp(),
        message_id: properties
            .message_id()
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        routing_key: header(KEY),
        body: delivery.data.into(),
    }
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
