//! What exists in RabbitMQ.
//!
//! ```text
//! one shard (generation 0, or any of one shard)
//!
//! producers ──> parcours.events ──#──> parcours.intake ──> consumers
//!                (topic, durable)      (quorum)               │ with a reason
//!                                         │ (only if an       v
//!                                         │ operator's   parcours.dead
//!                                         └──policy says──>(quorum)
//! several (generation G)
//!
//! producers ──> parcours.events ──#──> parcours.intake.G ──1──> parcours.intake.G.0 ──> consumers
//!                                      (x-consistent-hash) ─1─> parcours.intake.G.1 ──> consumers
//!                                                          ─1─> …
//! parcours.shards (quorum, one message): which generations there are, see `log`
//! parcours.engines (quorum, empty): its consumers are counted, see `shards`; only where there are several shards
//! ```
//!
//! - The routing key is the customer's key, so that the consistent-hash exchange gives all of a customer's
//!   events to one queue. Producers do not notice how many there are.
//! - One consumer reads a queue at a time; others stand by and take over when it goes. So a customer's events
//!   are decided in their order, whatever number of engines runs.
//! - Intake is bounded by refusing publishes (`reject-publish`): an accepted event is never forgotten.
//! - Dead letters are bounded by number, bytes and age, and forget the oldest: poison must never stop
//!   intake, and bodies hold personal data.
//! - What is poison is decided by whoever reads, so deliveries are not limited: RabbitMQ 4 would
//!   otherwise drop a message after 20, and an hour without a database is no fault of the message.

use lapin::options::{
    ExchangeBindOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, ExchangeUnbindOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind, Queue};

use crate::plan::{Generation, Shard};
use crate::{Error, Settings, failure};

/// As good as no limit; RabbitMQ 3 knows no word for none.
const DELIVERIES: i32 = i32::MAX;
/// Everything that is published.
const ALL: &str = "#";
/// An equal part of the hashes for each queue.
const WEIGHT: &str = "1";

/// Declares what there is for any number of shards; what is there already is left as it is. A refusal
/// closes the channel.
pub(crate) async fn declare(channel: &Channel, settings: &Settings) -> Result<(), Error> {
    exchange(channel, &settings.exchange, ExchangeKind::Topic).await?;
    queue(channel, &settings.dead_queue, dead_arguments(settings)).await?;
    let mut log = quorum();
    // Whoever reads it has all that it holds.
    log.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    queue(channel, &settings.log, log).await
}

/// Declares the queue in which nothing ever is.
pub(crate) async fn presence(channel: &Channel, name: &str) -> Result<(), Error> {
    queue(channel, name, quorum()).await
}

/// Declares the queues of a generation, and what gives customers to them; nothing is routed there yet.
///
/// # Errors
/// [`Error::Plugin`] or [`Error::Topology`].
pub(crate) async fn generation(
    channel: &Channel,
    settings: &Settings,
    generation: Generation,
) -> Result<(), Error> {
    let hash = hash_name(settings, generation);
    if let Some(name) = &hash {
        spread(channel, name).await?;
    }
    for shard in generation.queues() {
        let name = queue_name(settings, shard);
        queue(channel, &name, intake_arguments(settings)).await?;
        if let Some(hash) = &hash {
            let (queue, source) = (name.as_str().into(), hash.as_str().into());
            let options = QueueBindOptions::default();
            let bound = channel.queue_bind(queue, source, WEIGHT.into(), options, none());
            bound.await.map_err(at(format!("queue `{name}`")))?;
        }
    }
    Ok(())
}

/// The exchange that spreads customers over the queues of a generation.
///
/// # Errors
/// [`Error::Plugin`]; RabbitMQ has closed the connection then.
pub(crate) async fn spread(channel: &Channel, name: &str) -> Result<(), Error> {
    let kind = ExchangeKind::Custom("x-consistent-hash".to_owned());
    match exchange(channel, name, kind).await {
        Err(Error::Topology { source, .. }) if failure::is_unknown(&source) => {
            Err(Error::Plugin { source })
        }
        other => other,
    }
}

/// Has everything that is published go to that generation as well.
pub(crate) async fn bind(
    channel: &Channel,
    settings: &Settings,
    generation: Generation,
) -> Result<(), Error> {
    let source = settings.exchange.as_str();
    let (name, bound) = match hash_name(settings, generation) {
        Some(hash) => {
            let options = ExchangeBindOptions::default();
            let name = hash.as_str().into();
            let bound = channel.exchange_bind(name, source.into(), ALL.into(), options, none());
            (format!("exchange `{hash}`"), bound.await)
        }
        None => {
            let queue = only_queue(settings, generation);
            let options = QueueBindOptions::default();
            let name = queue.as_str().into();
            let bound = channel.queue_bind(name, source.into(), ALL.into(), options, none());
            (format!("queue `{queue}`"), bound.await)
        }
    };
    bound.map_err(at(name))
}

/// Has nothing more go to that generation.
pub(crate) async fn unbind(
    channel: &Channel,
    settings: &Settings,
    generation: Generation,
) -> Result<(), Error> {
    let source = settings.exchange.as_str().into();
    match hash_name(settings, generation) {
        Some(hash) => {
            let options = ExchangeUnbindOptions::default();
            channel
                .exchange_unbind(hash.as_str().into(), source, ALL.into(), options, none())
                .await?;
        }
        None => {
            let queue = only_queue(settings, generation);
            channel
                .queue_unbind(queue.as_str().into(), source, ALL.into(), none())
                .await?;
        }
    }
    Ok(())
}

/// Deletes a generation and what is left in it.
pub(crate) async fn delete(
    channel: &Channel,
    settings: &Settings,
    generation: Generation,
) -> Result<(), Error> {
    for shard in generation.queues() {
        let name = queue_name(settings, shard);
        let options = QueueDeleteOptions::default();
        channel.queue_delete(name.as_str().into(), options).await?;
    }
    if let Some(name) = hash_name(settings, generation) {
        let options = ExchangeDeleteOptions::default();
        channel
            .exchange_delete(name.as_str().into(), options)
            .await?;
    }
    Ok(())
}

/// What the queue of a shard is called.
pub(crate) fn queue_name(settings: &Settings, shard: Shard) -> String {
    match shard.generation.number {
        0 => settings.queue.clone(),
        number => format!("{}.{number}.{}", settings.queue, shard.shard),
    }
}

/// What the exchange is called that spreads customers; a single queue needs none.
pub(crate) fn hash_name(settings: &Settings, generation: Generation) -> Option<String> {
    (generation.shards > 1).then(|| format!("{}.{}", settings.queue, generation.number))
}

fn only_queue(settings: &Settings, generation: Generation) -> String {
    let shard = 0;
    queue_name(settings, Shard { generation, shard })
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<(), Error> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name.into(), kind, options, none())
        .await
        .map_err(at(format!("exchange `{name}`")))
}

async fn queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), Error> {
    channel
        .queue_declare(name.into(), QueueDeclareOptions::durable(), arguments)
        .await
        .map(drop)
        .map_err(at(format!("queue `{name}`")))
}

fn at(what: String) -> impl FnOnce(lapin::Error) -> Error {
    |source| Error::Topology { what, source }
}

fn none() -> FieldTable {
    FieldTable::default()
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

/// How many messages wait in a queue, and how many consumers it has. A queue that is not there closes
/// the channel.
pub(crate) async fn look(channel: &Channel, name: &str) -> Result<Queue, lapin::Error> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    channel.queue_declare(name.into(), options, none()).await
}
