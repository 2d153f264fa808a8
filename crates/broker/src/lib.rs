//! RabbitMQ: batches in, confirmed publishes out, the topology, and dead letters. It moves bytes and
//! knows nothing of what they mean.
//!
//! - A delivery is acknowledged only by [`Batch::settle`], after the caller has committed it.
//! - When RabbitMQ goes away, a [`Consumer`] waits for it and goes on; what was not settled comes
//!   again, marked `redelivered`. A [`Publisher`] tells its caller, who decides; the next publish
//!   reaches out anew.
//! - Reading and publishing have a connection each: a RabbitMQ that is short of memory stops reading
//!   from connections that publish, and acknowledgements must get through. What is said of shards has a third:
//!   RabbitMQ closes the connection of whoever asks for an exchange of a plug-in that it does not have.
//! - Customers may be spread over several queues ([`Shards`]), and their number may be changed while events come in
//!   ([`Broker::reshard`]).

mod address;
mod batch;
mod consume;
mod dead;
mod failure;
mod ledger;
mod letterbox;
mod link;
mod log;
mod plan;
mod publish;
mod reshard;
mod settings;
mod shards;
mod subscription;
mod topology;

use std::sync::Arc;

use tokio::sync::watch;

pub use batch::{Batch, Delivery};
pub use consume::Consumer;
pub use dead::{DeadLetter, Grounds};
pub use letterbox::{Letterbox, Letters};
pub use plan::{Generation, Plan, Shard};
pub use publish::{Publication, Publisher};
pub use settings::{MAX_SHARDS, MIN_PREFETCH, Settings};
pub use shards::Shards;

use consume::Parts;
use link::Link;
use log::Log;
use plan::Fact;

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
    /// Several shards were asked for, and RabbitMQ lacks the plug-in that spreads customers over them.
    #[error(
        "RabbitMQ cannot spread customers over several shards; run \
         `rabbitmq-plugins enable rabbitmq_consistent_hash_exchange` on each of its nodes"
    )]
    Plugin {
        /// What RabbitMQ says.
        source: lapin::Error,
    },
    /// What says which shards there are was written by somebody else, or by a later version.
    #[error(
        "the message in queue `{0}` cannot be read; a later version of parcours may have written it"
    )]
    Plan(String),
    /// Another number of shards is being moved to already.
    #[error("customers are being moved to {0} shards; wait until that is done")]
    Moving(u32),
    /// That many shards there cannot be.
    #[error("there cannot be {0} shards; from 1 to {MAX_SHARDS} is possible")]
    Shards(u32),
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
    /// In the intake queues, not yet with a consumer. While customers are moved to other shards, events may be
    /// in two of them, and count twice.
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
    log: Arc<Log>,
    /// The connection of the log.
    looking: Arc<Link>,
    pen: Arc<Link>,
    closing: watch::Sender<bool>,
}

impl Broker {
    /// Connects, and declares the exchange and the queues.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Connect`], [`Error::Slow`], [`Error::Topology`], [`Error::Plugin`] or [`Error::Shards`].
    pub async fn connect(settings: &Settings) -> Result<Broker, Error> {
        settings.shards.map_or(Ok(()), check_shards)?;
        let settings = Arc::new(settings.clone());
        let closing = watch::Sender::new(false);
        let link = |name| Arc::new(Link::new(settings.clone(), name, closing.clone()));
        let (reading, writing) = (link("parcours: intake"), link("parcours: publish"));
        let (looking, pen) = (link("parcours: shards"), link("parcours: plan"));
        let log = Arc::new(Log::new(settings.clone(), looking.clone(), pen.clone()));
        let broker = Broker {
            settings: settings.clone(),
            reading,
            writing,
            log,
            looking,
            pen,
            closing,
        };
        let plan = broker.log.open().await?;
        if let Some(wanted) = settings.shards.filter(|_| plan.next.is_none())
            && wanted != plan.current.shards
        {
            let (is, cure) = (
                plan.current.shards,
                format!("parcours reshard --to {wanted}"),
            );
            tracing::warn!(
                wanted,
                is,
                cure,
                "RabbitMQ has another number of shards than is set"
            );
        }
        Ok(broker)
    }

    /// Every shard that is to be read: what an engine takes part in.
    #[must_use]
    pub fn shards(&self) -> Shards {
        Shards::new(self.parts())
    }

    /// A consumer of the first shard alone: of all events where there is one.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Slow`] or [`Error::Lost`].
    pub async fn consumer(&self) -> Result<Consumer, Error> {
        let generation = self.plan().await?.current;
        let shard = Shard {
            generation,
            shard: 0,
        };
        let mut consumer = Consumer::new(self.parts(), shard);
        consumer.open().await?;
        Ok(consumer)
    }

    fn parts(&self) -> Parts {
        let publisher = Publisher::new(self.settings.clone(), self.writing.clone());
        Parts {
            settings: self.settings.clone(),
            link: self.reading.clone(),
            log: self.log.clone(),
            publisher: Arc::new(publisher),
        }
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

    /// Which shards there are, as of now.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Slow`] or [`Error::Lost`].
    pub async fn plan(&self) -> Result<Plan, Error> {
        self.log.refresh().await
    }

    /// Orders that customers are spread over that many shards. Processes that read [`Broker::shards`] do it, and
    /// [`Broker::plan`] says how far they are. Returns what there is then; nothing is ordered if it is that already.
    ///
    /// # Errors
    /// [`Error::Shards`], [`Error::Plugin`]; [`Error::Moving`] while customers are moved to another number. Any other
    /// if RabbitMQ is away: then it may have been ordered or not.
    pub async fn reshard(&self, shards: u32) -> Result<Plan, Error> {
        check_shards(shards)?;
        let plan = self.plan().await?;
        let number = plan.current.number + 1;
        let next = Generation { number, shards };
        match plan.next {
            Some(next) if next.shards == shards => return Ok(plan),
            Some(next) => return Err(Error::Moving(next.shards)),
            None if plan.current.shards == shards => return Ok(plan),
            None => {}
        }
        if let Some(name) = topology::hash_name(&self.settings, next) {
            topology::spread(&self.log.channel().await?, &name).await?;
        }
        let plan = self.log.append(Fact::Next(next)).await?;
        match plan.next.unwrap_or(plan.current) {
            has if has.shards == shards => Ok(plan),
            // Somebody else was faster.
            has => Err(Error::Moving(has.shards)),
        }
    }

    /// Why RabbitMQ takes nothing from this process for now, as far as it has said so: it is short of memory or disk. It
    /// says so to those who have published.
    pub fn refuses(&self) -> Option<Arc<str>> {
        self.writing.blocked().borrow().clone()
    }

    /// How many messages wait.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::Lost`].
    pub async fn depth(&self) -> Result<Depth, Error> {
        let plan = self.plan().await?;
        let mut depth = Depth::default();
        let mut channel = self.looking.channel().await?;
        for shard in plan.queues() {
            let name = topology::queue_name(&self.settings, shard);
            match topology::look(&channel, &name).await {
                Ok(queue) => depth.ready += queue.message_count(),
                // Deleted a moment ago, or not there yet.
                Err(error) if plan.next.is_some() && failure::is_missing(&error) => {
                    channel = self.looking.channel().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let dead = topology::look(&channel, &self.settings.dead_queue).await?;
        depth.dead = dead.message_count();
        Ok(depth)
    }

    /// The oldest dead letters, at most `limit`. They stay where they are.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::Lost`].
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        dead::peek(
            &self.looking.channel().await?,
            &self.settings.dead_queue,
            limit,
        )
        .await
    }

    /// What takes dead letters out of their queue. Any number of them may, side by side.
    #[must_use]
    pub fn letterbox(&self) -> Letterbox {
        Letterbox::new(self.settings.clone(), self.reading.clone())
    }

    /// Closes all connections; consumers end, and what they have not settled is delivered again.
    pub async fn close(self) {
        self.closing.send_replace(true);
        self.reading.close().await;
        self.writing.close().await;
        self.looking.close().await;
        self.pen.close().await;
    }
}

fn check_shards(shards: u32) -> Result<(), Error> {
    match shards {
        1..=MAX_SHARDS => Ok(()),
        _ => Err(Error::Shards(shards)),
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
