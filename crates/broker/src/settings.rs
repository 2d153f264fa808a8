//! What the broker is told. The binary builds it; nothing here reads the environment.

use std::time::Duration;

/// How to reach RabbitMQ, what things are called there, and every bound.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `amqp://user:password@host:port/vhost`, or `amqps`; the hosts of a cluster are separated by commas. It holds a
    /// password: not for logs.
    pub url: String,
    /// The exchange that producers publish to, with the customer's key as routing key.
    pub exchange: String,
    /// The queue that intake reads; what the queues of several shards are called begins with it.
    pub queue: String,
    /// The queue whose only message says which shards there are.
    pub log: String,
    /// The queue without messages at whose consumers processes see how many they are.
    pub presence: String,
    /// The shards of a RabbitMQ that has none yet, at most [`MAX_SHARDS`]; none: one. Afterwards
    /// [`Broker::reshard`](crate::Broker::reshard) changes them.
    pub shards: Option<u32>,
    /// How long events go to both generations of shards, and how long the old one is kept after it was emptied:
    /// longer than a publish may be on its way through RabbitMQ.
    pub overlap: Duration,
    /// How often it is looked at whether this process has more than its part of the shards, and whether their number
    /// is to change.
    pub rebalance: Duration,
    /// The queue of what could not be read, with reasons.
    pub dead_queue: String,
    /// The most deliveries in a batch.
    pub batch: usize,
    /// The most deliveries that RabbitMQ sends ahead of their acknowledgement, shared by the shards that a
    /// process reads, but at least [`MIN_PREFETCH`] for each. It times the largest message bounds the memory of intake.
    pub prefetch: u16,
    /// The largest body that is published, in bytes: what HTTP accepts must fit. Larger ones that
    /// others publish are still delivered, so that they can be dead-lettered with a reason.
    pub max_body: usize,
    /// How many messages may wait in the queue. At the bound a publish is refused, not forgotten.
    pub max_waiting: u32,
    /// How many dead letters are kept; the oldest goes first.
    pub max_dead: u32,
    /// How many bytes of dead letters are kept; the oldest goes first.
    pub max_dead_bytes: u32,
    /// How long a dead letter is kept.
    pub dead_for: Duration,
    /// How long a publish may take, or an attempt to connect, whatever the number of hosts.
    pub patience: Duration,
    /// The longest pause between two attempts to reach a RabbitMQ that went away.
    pub max_pause: Duration,
}

/// The most shards.
pub const MAX_SHARDS: u32 = 64;
/// The fewest deliveries that RabbitMQ sends ahead for one of several shards.
pub const MIN_PREFETCH: u16 = 100;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: "amqp://127.0.0.1:5672/%2f".to_owned(),
            exchange: "parcours.events".to_owned(),
            queue: "parcours.intake".to_owned(),
            log: "parcours.shards".to_owned(),
            presence: "parcours.engines".to_owned(),
            shards: None,
            overlap: Duration::from_secs(10),
            rebalance: Duration::from_secs(5),
            dead_queue: "parcours.dead".to_owned(),
            batch: 500,
            prefetch: 2_000,
            max_body: 256 * 1024,
            max_waiting: 20_000_000,
            max_dead: 100_000,
            max_dead_bytes: 1_000_000_000,
            dead_for: Duration::from_secs(30 * 24 * 60 * 60),
            patience: Duration::from_secs(30),
            max_pause: Duration::from_secs(5),
        }
    }
}
