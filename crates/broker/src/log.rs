//! The log of generations: a stream in RabbitMQ, in which every process reads the same facts in the same order.
//!
//! RabbitMQ tells nobody which queues or bindings there are, and a queue that holds "the state" would have to be
//! taken away to be read. A stream is read without being changed, and what is appended to it is told to all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use lapin::message::Delivery as Raw;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::link::Link;
use crate::plan::{Fact, Generation, Plan};
use crate::publish::Publisher;
use crate::{Error, Settings, topology};

/// Where a consumer of a stream begins, and in a delivery its place.
const OFFSET: &str = "x-stream-offset";
/// How long the last entry may take to come; after it, the log is taken for empty.
const EMPTY: Duration = Duration::from_millis(200);
/// Entries that RabbitMQ sends ahead.
const AHEAD: u16 = 100;
/// The pause before the log is read again after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the log.
#[derive(Debug, Default)]
struct Known {
    /// The place of the first entry that has not been read.
    next: u64,
    plan: Option<Plan>,
}

#[derive(Debug)]
pub(crate) struct Log {
    settings: Arc<Settings>,
    link: Arc<Link>,
    publisher: Publisher,
    known: Mutex<Known>,
    plan: watch::Sender<Option<Plan>>,
}

impl Log {
    pub(crate) fn new(settings: Arc<Settings>, link: Arc<Link>) -> Log {
        let publisher = Publisher::new(settings.clone(), link.clone());
        Log {
            settings,
            link,
            publisher,
            known: Mutex::default(),
            plan: watch::Sender::new(None),
        }
    }

    /// A channel on the connection that reads nothing but the log.
    pub(crate) async fn channel(&self) -> Result<Channel, Error> {
        self.link.channel().await
    }

    /// What there is, as far as is known here.
    pub(crate) fn plan(&self) -> watch::Receiver<Option<Plan>> {
        self.plan.subscribe()
    }

    /// Makes sure that the log has a beginning, and that what it names is there.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Slow`], [`Error::Topology`] or [`Error::Plugin`].
    pub(crate) async fn open(&self) -> Result<Plan, Error> {
        topology::declare(&self.channel().await?, &self.settings).await?;
        if self.refresh().await?.is_none() {
            let first = self.first().await?;
            self.append(Fact::First(first)).await?;
        }
        let plan = self.once("the log of shards", Option::clone).await?;
        self.ensure(&plan).await?;
        Ok(plan)
    }

    /// What a RabbitMQ begins with that has no log yet: the shards of the settings, unless it is one from before
    /// there were shards.
    async fn first(&self) -> Result<Generation, Error> {
        let wanted = Generation::first(self.settings.shards.unwrap_or(1));
        let Some(hash) = topology::hash_name(&self.settings, wanted) else {
            return Ok(wanted);
        };
        match topology::look(&self.channel().await?, &self.settings.queue).await {
            Ok(_) => return Ok(Generation::first(1)),
            Err(error) if crate::failure::is_missing(&error) => {}
            Err(error) => return Err(error.into()),
        }
        topology::spread(&self.channel().await?, &hash).await?;
        Ok(wanted)
    }

    /// Has what is published go to the queues of the plan, while no generation follows another: then that
    /// is the work of whoever moves customers.
    pub(crate) async fn ensure(&self, plan: &Plan) -> Result<(), Error> {
        if plan.next.is_some() {
            return Ok(());
        }
        self.route(plan.current).await
    }

    /// Declares a generation and has everything that is published go there.
    pub(crate) async fn route(&self, generation: Generation) -> Result<(), Error> {
        let (channel, settings) = (self.channel().await?, &self.settings);
        topology::generation(&channel, settings, generation).await?;
        topology::bind(&channel, settings, generation).await?;
        // Whoever slept for a whole re-sharding between reading the log and this takes it back.
        let plan = self.refresh().await?;
        if plan.is_some_and(|plan| plan.current.number > generation.number) {
            topology::unbind(&channel, settings, generation).await?;
            topology::delete(&channel, settings, generation).await?;
        }
        Ok(())
    }

    /// Waits until the plan is as `look` asks.
    pub(crate) async fn once<T>(
        &self,
        what: &'static str,
        look: impl Fn(&Option<Plan>) -> Option<T>,
    ) -> Result<T, Error> {
        let waiting = async {
            loop {
                if let Some(found) = look(&self.refresh().await?) {
                    return Ok(found);
                }
                // A replica may be a moment behind.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = timeout(self.settings.patience, waiting).await;
        waited.unwrap_or(Err(Error::Slow(what)))
    }

    /// Appends a fact; kept when this returns.
    ///
    /// # Errors
    /// As [`Publisher::publish`].
    pub(crate) async fn append(&self, fact: Fact) -> Result<(), Error> {
        let (body, properties) = (fact.to_string(), BasicProperties::default());
        let queue = &self.settings.log;
        let confirm = self
            .publisher
            .send("", queue, body.as_bytes(), properties)
            .await?;
        self.publisher.confirmed(confirm, "").await
    }

    /// Reads what has been appended up to now.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Lost`] or [`Error::Slow`].
    pub(crate) async fn refresh(&self) -> Result<Option<Plan>, Error> {
        let reading = self.read_up();
        let read = timeout(self.settings.patience, reading).await;
        read.unwrap_or(Err(Error::Slow("read the log of shards")))?;
        Ok(self.plan.borrow().clone())
    }

    async fn read_up(&self) -> Result<(), Error> {
        let channel = self.channel().await?;
        let mut last = self.consume(&channel, text("last")).await?;
        // Only a log without a single entry has no last one to send.
        let Ok(last) = timeout(EMPTY, last.next()).await else {
            return Ok(());
        };
        let last = offset(&last.ok_or(Error::Closed)??);
        if last >= self.next() {
            let mut rest = self.consume(&channel, self.from()).await?;
            while last >= self.next() {
                let entry = rest.next().await.ok_or(Error::Closed)??;
                self.take(&channel, &entry).await?;
            }
        }
        channel.close(200, "read".into()).await?;
        Ok(())
    }

    /// Reads the log as it grows, for as long as it is polled.
    pub(crate) async fn follow(&self) {
        loop {
            if let Err(error) = self.read_on().await {
                let why = &error as &dyn std::error::Error;
                tracing::debug!(error = why, "the log of shards was lost; reading it again");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read_on(&self) -> Result<(), Error> {
        let channel = self.channel().await?;
        let mut entries = self.consume(&channel, self.from()).await?;
        while let Some(entry) = entries.next().await {
            self.take(&channel, &entry?).await?;
        }
        Ok(())
    }

    async fn consume(&self, channel: &Channel, from: AMQPValue) -> Result<lapin::Consumer, Error> {
        channel.basic_qos(AHEAD, BasicQosOptions::default()).await?;
        let mut arguments = FieldTable::default();
        arguments.insert(OFFSET.into(), from);
        let (queue, options) = (self.settings.log.as_str(), BasicConsumeOptions::default());
        Ok(channel
            .basic_consume(queue.into(), "".into(), options, arguments)
            .await?)
    }

    /// Takes an entry in, once, and asks for further ones.
    async fn take(&self, channel: &Channel, entry: &Raw) -> Result<(), Error> {
        self.learn(offset(entry), &entry.data);
        let options = BasicAckOptions::default();
        Ok(channel.basic_ack(entry.delivery_tag, options).await?)
    }

    fn learn(&self, offset: u64, body: &[u8]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if offset < known.next {
            return;
        }
        known.next = offset + 1;
        let Some(fact) = std::str::from_utf8(body).ok().and_then(Fact::parse) else {
            return;
        };
        known.plan = Plan::after(known.plan.take(), fact);
        let plan = known.plan.clone();
        self.plan.send_if_modified(|told| {
            let is_new = *told != plan;
            *told = plan;
            is_new
        });
    }

    fn next(&self) -> u64 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.next
    }

    /// From where on nothing has been read.
    fn from(&self) -> AMQPValue {
        match i64::try_from(self.next()) {
            Ok(0) | Err(_) => text("first"),
            Ok(next) => AMQPValue::LongLongInt(next),
        }
    }
}

fn text(value: &str) -> AMQPValue {
    topology::text(value)
}

/// The place of an entry.
fn offset(entry: &Raw) -> u64 {
    let headers = entry.properties.headers().as_ref();
    match headers.and_then(|table| table.inner().get(OFFSET)) {
        Some(AMQPValue::LongLongInt(offset)) => u64::try_from(*offset).unwrap_or_default(),
        _ => 0,
    }
}
