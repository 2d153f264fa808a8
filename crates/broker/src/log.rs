//! What all processes know of generations: one message in a queue of RabbitMQ's.
//!
//! RabbitMQ tells no client which queues or bindings there are. So the plan is written down, in a queue that is read
//! by one at a time: whoever reads it has all that it holds, changes it by putting the new plan in and taking the old
//! one out, and lets go. Killed in between, both are there, and the higher revision counts. (A stream could be read
//! by many at once; but RabbitMQ 3.10 loses copies of one for good when nodes are killed one after another, and a
//! quorum queue does not.)

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::link::Link;
use crate::plan::{Fact, Generation, Plan};
use crate::publish::PERSISTENT;
use crate::{Error, Settings, failure, topology};

/// How long somebody else's turn may take before it is looked at again whether there is a plan at all.
const TURN: Duration = Duration::from_secs(2);
/// How often the plan is looked at while customers are moved.
const MOVING: Duration = Duration::from_millis(300);

/// A plan as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    revision: u64,
    plan: Plan,
}

impl Version {
    fn parse(body: &[u8]) -> Option<Version> {
        let mut lines = std::str::from_utf8(body).ok()?.lines();
        let revision = lines.next()?.strip_prefix("revision ")?.parse().ok()?;
        let plan = lines.filter_map(Fact::parse).fold(None, Plan::after)?;
        Some(Version { revision, plan })
    }

    fn text(&self) -> String {
        let mut text = format!("revision {}", self.revision);
        for fact in self.plan.facts() {
            let _ = write!(text, "\n{fact}");
        }
        text
    }
}

#[derive(Debug)]
pub(crate) struct Log {
    settings: Arc<Settings>,
    link: Arc<Link>,
    /// Where it is written: a RabbitMQ that is short of memory stops reading from connections that publish, and what there
    /// is must be known all the same.
    pen: Arc<Link>,
    /// The highest revision that was seen.
    known: Mutex<u64>,
    plan: watch::Sender<Option<Plan>>,
    /// One visit at a time: others of this process would wait for it anyway.
    visits: tokio::sync::Mutex<()>,
}

impl Log {
    pub(crate) fn new(settings: Arc<Settings>, link: Arc<Link>, pen: Arc<Link>) -> Log {
        Log {
            settings,
            link,
            pen,
            known: Mutex::default(),
            plan: watch::Sender::new(None),
            visits: tokio::sync::Mutex::default(),
        }
    }

    /// A channel on the connection that does nothing else but this.
    pub(crate) async fn channel(&self) -> Result<Channel, Error> {
        self.link.channel().await
    }

    /// What there is, as far as is known here.
    pub(crate) fn plan(&self) -> watch::Receiver<Option<Plan>> {
        self.plan.subscribe()
    }

    /// Makes sure that there is a plan, and that what it names is there.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Slow`], [`Error::Topology`] or [`Error::Plugin`].
    pub(crate) async fn open(&self) -> Result<Plan, Error> {
        topology::declare(&self.channel().await?, &self.settings).await?;
        let plan = self.refresh().await?;
        self.ensure(&plan).await?;
        Ok(plan)
    }

    /// What a RabbitMQ begins with that has no plan yet: the shards of the settings, unless it is one from before
    /// there were shards.
    async fn first(&self) -> Result<Generation, Error> {
        let wanted = Generation::first(self.settings.shards.unwrap_or(1));
        let Some(hash) = topology::hash_name(&self.settings, wanted) else {
            return Ok(wanted);
        };
        match topology::look(&self.channel().await?, &self.settings.queue).await {
            Ok(_) => return Ok(Generation::first(1)),
            Err(error) if failure::is_missing(&error) => {}
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
        if plan.current.number > generation.number {
            topology::unbind(&channel, settings, generation).await?;
            topology::delete(&channel, settings, generation).await?;
        }
        Ok(())
    }

    /// What there is now.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Lost`] or [`Error::Slow`].
    pub(crate) async fn refresh(&self) -> Result<Plan, Error> {
        self.visit(None).await
    }

    /// Adds a fact, and says what there is then; a fact that does not fit changes nothing.
    ///
    /// # Errors
    /// As [`Log::refresh`]; whether it was added is not known then.
    pub(crate) async fn append(&self, fact: Fact) -> Result<Plan, Error> {
        self.visit(Some(fact)).await
    }

    /// Looks at the plan again and again, for as long as it is polled.
    pub(crate) async fn follow(&self) {
        loop {
            let moves = |plan: &Plan| plan.next.is_some();
            let moves = self.plan.borrow().as_ref().is_some_and(moves);
            let rest = self.settings.rebalance;
            tokio::time::sleep(if moves { rest.min(MOVING) } else { rest }).await;
            if let Err(error) = self.refresh().await {
                let why = &error as &dyn std::error::Error;
                tracing::debug!(error = why, "which shards there are is not known");
            }
        }
    }

    async fn visit(&self, fact: Option<Fact>) -> Result<Plan, Error> {
        let visiting = async {
            let _alone = self.visits.lock().await;
            let channel = self.channel().await?;
            let (version, consumer) = self.visit_on(&channel, fact).await?;
            // What was not taken out goes back. Dropped before, the consumer would be cancelled meanwhile.
            channel.close(200, "seen".into()).await?;
            drop(consumer);
            Ok(version)
        };
        let visited = timeout(self.settings.patience, visiting).await;
        let version = visited.unwrap_or(Err(Error::Slow("read the plan of shards")))?;
        self.tell(&version);
        Ok(version.plan)
    }

    async fn visit_on(
        &self,
        channel: &Channel,
        fact: Option<Fact>,
    ) -> Result<(Version, lapin::Consumer), Error> {
        let queue = self.settings.log.as_str();
        // All that it holds.
        channel.basic_qos(0, BasicQosOptions::default()).await?;
        if self.is_empty(channel).await? {
            self.begin().await?;
        }
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer = channel
            .basic_consume(queue.into(), "".into(), options, arguments)
            .await?;
        let first = loop {
            match timeout(TURN, consumer.next()).await {
                Ok(first) => break first.ok_or(Error::Closed)??,
                // Whoever was to begin has died, or somebody has emptied it.
                Err(_) if topology::look(channel, queue).await?.message_count() == 0 => {
                    self.begin().await?;
                }
                Err(_) => {}
            }
        };
        // The rest was sent with it, before the answer to anything that is asked now.
        topology::look(channel, queue).await?;
        let (mut last, mut is_old, mut count) = (first.delivery_tag, first.redelivered, 1);
        let mut newest = Version::parse(&first.data);
        while let Some(Some(Ok(more))) = consumer.next().now_or_never() {
            (last, is_old, count) = (more.delivery_tag, is_old || more.redelivered, count + 1);
            let other = Version::parse(&more.data);
            if other.as_ref().map(|v| v.revision) > newest.as_ref().map(|v| v.revision) {
                newest = other;
            }
        }
        let newest = newest.ok_or_else(|| Error::Plan(self.settings.log.clone()))?;
        let asked = fact.is_some();
        let plan = fact.and_then(|fact| Plan::after(Some(newest.plan.clone()), fact));
        let plan = plan.unwrap_or_else(|| newest.plan.clone());
        // What lies in a queue for ever keeps RabbitMQ from tidying up behind it.
        if plan == newest.plan && count == 1 && !is_old {
            return Ok((newest, consumer));
        }
        let revision = newest.revision + 1;
        let version = Version { revision, plan };
        if asked {
            self.write(&version).await?;
        } else {
            // It only is to be tidied up: a RabbitMQ that takes nothing in now does without.
            let soon = TURN.min(self.settings.patience / 4);
            let written = timeout(soon, self.write(&version)).await;
            if !matches!(written, Ok(Ok(()))) {
                return Ok((newest, consumer));
            }
        }
        let options = BasicAckOptions { multiple: true };
        channel.basic_ack(last, options).await?;
        Ok((version, consumer))
    }

    /// Whether nothing is there, nor with anybody.
    async fn is_empty(&self, channel: &Channel) -> Result<bool, Error> {
        let queue = topology::look(channel, &self.settings.log).await?;
        Ok(queue.message_count() == 0 && queue.consumer_count() == 0)
    }

    /// Writes down what there is in the beginning. If another does so at the same time, the first one counts.
    async fn begin(&self) -> Result<(), Error> {
        let current = self.first().await?;
        let first = Plan::after(None, Fact::First(current));
        let plan = first.ok_or(Error::Closed)?;
        self.write(&Version { revision: 1, plan }).await
    }

    async fn write(&self, version: &Version) -> Result<(), Error> {
        let channel = self.pen.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        let properties = BasicProperties::default()
            .with_content_type("text/plain".into())
            .with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let (queue, body) = (self.settings.log.as_str(), version.text());
        let confirm = channel
            .basic_publish(
                "".into(),
                queue.into(),
                options,
                body.as_bytes(),
                properties,
            )
            .await?;
        let judged = crate::publish::judge(&confirm.await?, "");
        channel.close(200, "written".into()).await?;
        judged
    }

    fn tell(&self, version: &Version) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if version.revision < *known {
            return;
        }
        *known = version.revision;
        let plan = Some(version.plan.clone());
        self.plan.send_if_modified(|told| {
            let is_new = *told != plan;
            *told = plan;
            is_new
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_read_as_it_was_written() {
        let text = "revision 7\nfirst 1 3\nnext 2 4\ndrained 1 0\ndrained 1 2";
        assert_eq!(Version::parse(text.as_bytes()).unwrap().text(), text);
        for text in [
            "",
            "revision 7",
            "revision x\nfirst 0 1",
            "first 0 1",
            "revision 7\nnext 1 2",
        ] {
            assert_eq!(Version::parse(text.as_bytes()), None, "{text}");
        }
    }
}
