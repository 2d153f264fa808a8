//! What exists in RabbitMQ.
//!
//! ```text
//! producers ──> parcours.events ──#──> parcours.intake ──> consumers
//!                (topic, durable)      (quorum)               │ with a reason
//!                                         │ (only if an       v
//!                                         │ operator's   parcours.dead
//!                                         └──policy says──>(quorum)
//! ```
//!
//! - The routing key is the customer's key, so that a later consistent-hash exchange can spread
//!   customers over several queues without a change for producers.
//! - One consumer reads at a time; others stand by and take over when it goes. So a customer's events
//!   are decided in their order, whatever number of engines runs.
//! - Intake is bounded by refusing publishes (`reject-publish`): an accepted event is never forgotten.
//! - Dead letters are bounded by number, bytes and age, and forget the oldest: poison must never stop
//!   intake, and bodies hold personal data.
//! - What is poison is decided by whoever reads, so deliveries are not limited: RabbitMQ 4 would
//!   otherwise drop a message after 20, and an hour without a database is no fault of the message.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use crate::{Error, Settings};

/// As good as no limit; RabbitMQ 3 knows no word for none.
const DELIVERIES: i32 = i32::MAX;

/// Declares everything; what is there already is left as it is. A refusal closes the channel.
pub(crate) async fn declare(channel: &Channel, settings: &Settings) -> Result<(), Error> {
    exchange(channel, &settings.exchange).await?;
    queue(channel, &settings.dead_queue, dead_arguments(settings)).await?;
    queue(channel, &settings.queue, intake_arguments(settings)).await?;
    channel
        .queue_bind(
            settings.queue.as_str().into(),
            settings.exchange.as_str().into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(|source| Error::Topology {
            what: format!("queue `{}`", settings.queue),
            source,
        })
}

async fn exchange(channel: &Channel, name: &str) -> Result<(), Error> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(
            name.into(),
            ExchangeKind::Topic,
            options,
            FieldTable::default(),
        )
        .await
        .map_err(|source| Error::Topology {
            what: format!("exchange `{name}`"),
            source,
        })
}

async fn queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), Error> {
    channel
        .queue_declare(name.into(), QueueDeclareOptions::durable(), arguments)
        .await
        .map(drop)
        .map_err(|source| Error::Topology {
            what: format!("queue `{name}`"),
            source,
        })
}

fn intake_arguments(settings: &Settings) -> FieldTable {
    let mut table = quorum();
    table.insert("x-max-length".into(), number(settings.max_waiting));
    table.insert("x-overflow".into(), text("reject-publish"));
    // Two engines that read side by side would decide a customer's events in any order.
    table.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    // If an operator's policy does limit deliveries, what it takes out goes here and not away.
    table.insert("x-dead-letter-exchange".into(), text(""));
    table.insert(
        "x-dead-letter-routing-key".into(),
        text(&settings.dead_queue),
    );
    table
}

fn dead_arguments(settings: &Settings) -> FieldTable {
    let mut table = quorum();
    let age = i64::try_from(settings.dead_for.as_millis()).unwrap_or(i64::MAX);
    table.insert("x-max-length".into(), number(settings.max_dead));
    table.insert("x-max-length-bytes".into(), number(settings.max_dead_bytes));
    table.insert("x-overflow".into(), text("drop-head"));
    table.insert("x-message-ttl".into(), AMQPValue::LongLongInt(age));
    table
}

fn quorum() -> FieldTable {
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    table.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERIES));
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}

/// How many messages wait in a queue.
pub(crate) async fn length(channel: &Channel, name: &str) -> Result<u32, Error> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let queue = channel
        .queue_declare(name.into(), options, FieldTable::default())
        .await?;
    Ok(queue.message_count())
}
