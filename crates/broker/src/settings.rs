//! What the broker is told. The binary builds it; nothing here reads the environment.

use std::time::Duration;

/// How to reach RabbitMQ, what things are called there, and every bound.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `amqp://user:password@host:port/vhost`, or `amqps`. It holds a password: not for logs.
    pub url: String,
    /// The exchange that producers publish to, with the customer's key as routing key.
    pub exchange: String,
    /// The queue that intake reads.
    pub queue: String,
    /// The queue of what could not be read, with reasons.
    pub dead_queue: String,
    /// The most deliveries in a batch.
    pub batch: usize,
    /// The most deliveries that RabbitMQ sends ahead of their acknowledgement. It times the largest
    /// message bounds the memory of a consumer.
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
    /// How long a connection attempt or a publish may take.
    pub patience: Duration,
    /// The longest pause between two attempts to reach a RabbitMQ that went away.
    pub max_pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: "amqp://127.0.0.1:5672/%2f".to_owned(),
            exchange: "parcours.events".to_owned(),
            queue: "parcours.intake".to_owned(),
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
