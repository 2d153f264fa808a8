//! Moving all customers from one generation of shards to the next, while events come in.
//!
//! Every step may be done twice, and by several processes at once; whoever is killed leaves the rest to whoever
//! finds the plan. What makes it safe is the order of the steps:
//!
//! 1. The queues of the next generation are declared, and everything is routed to **both**. An event that is in
//!    both takes effect once. Nobody reads the next generation yet.
//! 2. After [`Settings::overlap`](crate::Settings::overlap), what was on its way to the old generation alone has
//!    arrived there. Nothing more is routed to it, and each of its queues gets a *mark*.
//! 3. A queue's active consumer, who has settled all before the mark, says so in the log. When that has been said of
//!    every old queue, and not before, the next generation is read: so a customer's events in an old queue are decided
//!    before those in a new one, whichever they are.
//! 4. What comes behind a mark is also in the next generation. Old queues are still read, and after another overlap,
//!    when they are empty, they are deleted.

use std::sync::Arc;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::message::Delivery as Raw;

use crate::log::Log;
use crate::plan::{Fact, Generation, Plan, Shard};
use crate::publish::Publisher;
use crate::{Error, Settings, failure, topology};

/// The type of a mark.
const MARK: &str = "parcours.mark";
/// How often the old queues are looked at for stragglers.
const LOOK: Duration = Duration::from_millis(200);
/// How long marks may be under way before others are put behind them.
const AGAIN: Duration = Duration::from_secs(60);
/// The pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether it is a mark: what producers publish comes through an exchange.
pub(crate) fn is_mark(raw: &Raw) -> bool {
    let kind = raw.properties.kind().as_ref();
    raw.exchange.as_str().is_empty() && kind.is_some_and(|kind| kind.as_str() == MARK)
}

/// Moves customers whenever the log says so.
#[derive(Debug)]
pub(crate) struct Mover {
    pub(crate) settings: Arc<Settings>,
    pub(crate) log: Arc<Log>,
    pub(crate) publisher: Arc<Publisher>,
}

impl Mover {
    /// For as long as it is polled.
    pub(crate) async fn run(&self) {
        let mut plans = self.log.plan();
        loop {
            let moving = plans.borrow_and_update().clone();
            let Some((plan, next)) = moving.and_then(|plan| plan.next.map(|next| (plan, next)))
            else {
                if plans.changed().await.is_err() {
                    return;
                }
                continue;
            };
            if let Err(error) = self.move_on(&plan, next).await {
                failed(&error);
                tokio::time::sleep(PAUSE).await;
                // It may have been done by another meanwhile.
                let _ = self.log.refresh().await;
            }
        }
    }

    async fn move_on(&self, plan: &Plan, next: Generation) -> Result<(), Error> {
        let old = plan.current;
        // What was heard last may be long past.
        if self.log.refresh().await?.next != Some(next) {
            return Ok(());
        }
        tracing::info!(
            from = old.shards,
            to = next.shards,
            "moving customers to new shards"
        );
        let channel = self.log.channel().await?;
        self.log.route(next).await?;
        if !plan.is_drained() {
            tokio::time::sleep(self.settings.overlap).await;
            topology::unbind(&channel, &self.settings, old).await?;
            self.drain(old).await?;
        }
        tokio::time::sleep(self.settings.overlap + turn()).await;
        if self.log.refresh().await?.current.number > old.number {
            // Another was faster.
            return Ok(());
        }
        // Somebody who declared it late may have bound it again.
        let channel = self.log.channel().await?;
        topology::unbind(&channel, &self.settings, old).await?;
        while !self.is_empty(old).await? {
            tokio::time::sleep(LOOK).await;
        }
        topology::delete(&channel, &self.settings, old).await?;
        let generation = old.number;
        self.log.append(Fact::Retired { generation }).await?;
        tracing::info!(shards = next.shards, "all customers are in the new shards");
        Ok(())
    }

    /// Puts a mark at the end of a queue.
    async fn mark(&self, shard: Shard) -> Result<(), Error> {
        let queue = topology::queue_name(&self.settings, shard);
        let properties = BasicProperties::default().with_type(MARK.into());
        let confirm = self.publisher.send("", &queue, b"", properties).await?;
        match self.publisher.confirmed(confirm, "").await {
            // Nothing is left of what somebody has deleted.
            Err(Error::Unroutable(_)) => {
                tracing::warn!(queue, "an old shard is not there any longer");
                let (generation, shard) = (shard.generation.number, shard.shard);
                self.log
                    .append(Fact::Drained { generation, shard })
                    .await
                    .map(drop)
            }
            other => other,
        }
    }

    /// Puts marks into the old queues until consumers have met all of them.
    async fn drain(&self, old: Generation) -> Result<(), Error> {
        let mut plans = self.log.plan();
        let left = |plan: &Option<Plan>| -> Vec<Shard> {
            let is_met = |shard: &Shard| {
                let met = |plan: &Plan| plan.is_over(*shard) || plan.drained.contains(&shard.shard);
                plan.as_ref().is_some_and(met)
            };
            old.queues().filter(|shard| !is_met(shard)).collect()
        };
        loop {
            let open = left(&plans.borrow_and_update());
            if open.is_empty() {
                return Ok(());
            }
            for shard in open {
                self.mark(shard).await?;
            }
            // One behind another does no harm, and one may have gone astray with the node that had it.
            let all_met = plans.wait_for(|plan| left(plan).is_empty());
            let _ = tokio::time::timeout(AGAIN, all_met).await;
        }
    }

    /// Whether nothing waits in the old queues. One that is not there was deleted by somebody at the same step.
    async fn is_empty(&self, old: Generation) -> Result<bool, Error> {
        let mut channel = self.log.channel().await?;
        for shard in old.queues() {
            let name = topology::queue_name(&self.settings, shard);
            match topology::look(&channel, &name).await {
                Ok(queue) if queue.message_count() > 0 => return Ok(false),
                Ok(_) => {}
                Err(error) if failure::is_missing(&error) => {
                    channel = self.log.channel().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

/// Not all at once: RabbitMQ makes an error of a look at what another has just deleted.
fn turn() -> Duration {
    Duration::from_millis(u64::from(std::process::id() % 10) * 50)
}

fn failed(error: &Error) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(
        error,
        "customers cannot be moved to the new shards; trying again"
    );
}
