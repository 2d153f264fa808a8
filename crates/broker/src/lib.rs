//! RabbitMQ: batches in, confirmed publishes out, the topology, and dead letters. It moves bytes and
//! knows nothing of what they mean.
//!
//! - A delivery is acknowledged only by [`Batch::settle`], after the caller has committed it.
//! - When RabbitMQ goes away, a [`Consumer`] waits for it and goes on; what was not settled comes
//!   again, marked `redelivered`. A [`Publisher`] tells its caller, who decides; the next publish
//!   reaches out anew.
//! - Reading and publishing have a connection each: a RabbitMQ that is short of memory stops reading
//!   from connections that publish, and acknowledgements must get through.

mod consume;
mod dead;
mod link;
mod publish;
mod settings;
mod topology;

use std::sync::Arc;

use tokio::sync::watch;

pub use consume::{Batch, Consumer, Delivery};
pub use dead::DeadLetter;
pub use publish::{Publication, Publisher};
pub use settings::Settings;

use link::Link;

/// Why the broker could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not an AMQP address.
    #[error("the address of RabbitMQ is not valid: {0}")]
    Address(String),
    /// RabbitMQ cannot be reached, or refuses us.
    #[error("RabbitMQ at {address} cannot be reached")]
    Connect {
        /// Host and port, without the password.
        address: String,
        /// Why.
        source: lapin::Error,
    },
    /// RabbitMQ did not answer within [`Settings::patience`]. Whether it did what was asked is
    /// unknown.
    #[error("RabbitMQ did not answer in time ({0})")]
    Slow(&'static str),
    /// An exchange or a queue cannot be declared, mostly because it exists with other arguments.
    #[error("{what} cannot be declared; if it exists with other arguments, delete it first")]
    Topology {
        /// The exchange or queue.
        what: String,
        /// What RabbitMQ says.
        source: lapin::Error,
    },
    /// The connection or the channel went away. What was not settled is delivered again; what was
    /// not confirmed may or may not have arrived.
    #[error("the connection to RabbitMQ was lost")]
    Lost(#[from] lapin::Error),
    /// The message came back: no queue is bound for it.
    #[error("no queue takes messages of exchange `{0}`")]
    Unroutable(String),
    /// RabbitMQ refused to keep the message: the queue is at its bound.
    #[error("RabbitMQ refused the message; the queue is full")]
    Full,
    /// The body is larger than [`Settings::max_body`].
    #[error("a body of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A stream of messages ended early. Exactly the first `confirmed` are known to be kept.
    #[error("publishing ended after {confirmed} confirmed messages")]
    Interrupted {
        /// How many, counted from the first.
        confirmed: u64,
        /// What ended it.
        source: Box<Error>,
    },
    /// [`Broker::close`] was called.
    #[error("the broker is closed")]
    Closed,
}

/// How many messages wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// In the intake queue, not yet with a consumer.
    pub ready: u32,
    /// In the dead-letter queue.
    pub dead: u32,
}

/// The way to RabbitMQ. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Broker {
    settings: Arc<Settings>,
    reading: Arc<Link>,
    writing: Arc<Link>,
    closing: watch::Sender<bool>,
}

impl Broker {
    /// Connects, and declares the exchange and both queues.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Connect`], [`Error::Slow`] or [`Error::Topology`].
    pub async fn connect(settings: &Settings) -> Result<Broker, Error> {
        let settings = Arc::new(settings.clone());
        let closing = watch::Sender::new(false);
        let reading = Arc::new(Link::new(
            settings.clone(),
            "parcours: intake",
            closing.clone(),
        ));
        let writing = Arc::new(Link::new(
            settings.clone(),
            "parcours: publish",
            closing.clone(),
        ));
        topology::declare(&reading.channel().await?, &settings).await?;
        Ok(Broker {
            settings,
            reading,
            writing,
            closing,
        })
    }

    /// A new consumer of the intake queue.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Topology`] or [`Error::Lost`].
    pub async fn consumer(&self) -> Result<Consumer, Error> {
        let publisher = Publisher::new(self.settings.clone(), self.writing.clone());
        Consumer::open(self.settings.clone(), self.reading.clone(), publisher).await
    }

    /// A new publisher; it may be shared.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Topology`] or [`Error::Lost`].
    pub async fn publisher(&self) -> Result<Publisher, Error> {
        let publisher = Publisher::new(self.settings.clone(), self.writing.clone());
        publisher.open().await?;
        Ok(publisher)
    }

    /// How many messages wait in each queue.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::Lost`].
    pub async fn depth(&self) -> Result<Depth, Error> {
        let channel = self.reading.channel().await?;
        Ok(Depth {
            ready: topology::length(&channel, &self.settings.queue).await?,
            dead: topology::length(&channel, &self.settings.dead_queue).await?,
        })
    }

    /// The oldest dead letters, at most `limit`. They stay where they are.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::Lost`].
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        dead::peek(
            &self.reading.channel().await?,
            &self.settings.dead_queue,
            limit,
        )
        .await
    }

    /// Closes both connections; consumers end, and what they have not settled is delivered again.
    pub async fn close(self) {
        self.closing.send_replace(true);
        self.reading.close().await;
        self.writing.close().await;
    }
}

/// The longest beginning of `text` that is at most `most` bytes and ends between two characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
