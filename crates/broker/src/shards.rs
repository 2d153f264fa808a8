//! All queues that a process reads.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use lapin::Channel;
use lapin::options::BasicConsumeOptions;
use lapin::types::FieldTable;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::consume::{Consumer, Hold, Parts};
use crate::plan::{Plan, Shard};
use crate::reshard::Mover;
use crate::{Error, topology};

/// The consumers that this process has.
type Holds = Arc<Mutex<Vec<(Shard, Weak<Hold>)>>>;

/// Gives a [`Consumer`] for every shard that is to be read, now and after a re-sharding, which it takes part in. All
/// processes subscribe to all shards; RabbitMQ lets one at a time read each, and this sees to it that nobody keeps
/// more than a fair part of them.
#[derive(Debug)]
pub struct Shards {
    parts: Parts,
    plan: watch::Receiver<Option<Plan>>,
    closing: watch::Receiver<bool>,
    given: Vec<Shard>,
    holds: Holds,
    /// They end when this is dropped.
    _tasks: JoinSet<()>,
}

impl Shards {
    pub(crate) fn new(parts: Parts) -> Shards {
        let mut tasks = JoinSet::new();
        let holds = Holds::default();
        let (log, settings) = (parts.log.clone(), parts.settings.clone());
        let mover = Mover {
            settings,
            log: log.clone(),
            publisher: parts.publisher.clone(),
        };
        tasks.spawn(async move { log.follow().await });
        tasks.spawn(async move { mover.run().await });
        tasks.spawn(balance(parts.clone(), holds.clone()));
        Shards {
            plan: parts.log.plan(),
            closing: parts.link.closing(),
            given: Vec::new(),
            holds,
            parts,
            _tasks: tasks,
        }
    }

    /// The next shard to read; waits for one. None: the broker was closed. It may be cancelled without loss.
    pub async fn next(&mut self) -> Option<Consumer> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            let sources: Vec<Shard> = match &*self.plan.borrow_and_update() {
                Some(plan) => plan.sources().collect(),
                None => Vec::new(),
            };
            self.given.retain(|given| sources.contains(given));
            if let Some(shard) = sources.into_iter().find(|s| !self.given.contains(s)) {
                self.given.push(shard);
                let consumer = Consumer::new(self.parts.clone(), shard);
                let mut holds = lock(&self.holds);
                holds.retain(|(_, hold)| hold.strong_count() > 0);
                holds.push((shard, Arc::downgrade(consumer.hold())));
                return Some(consumer);
            }
            tokio::select! {
                changed = self.plan.changed() => changed.ok()?,
                _ = self.closing.wait_for(|closing| *closing) => return None,
            }
        }
    }
}

/// Lets others have what this process reads beyond its part, for as long as it is polled. RabbitMQ makes the
/// consumer that came first the active one, of every queue; so whoever is started second would have nothing.
async fn balance(parts: Parts, holds: Holds) {
    let mut presence = None;
    loop {
        tokio::time::sleep(parts.settings.rebalance).await;
        if let Err(error) = balance_once(&parts, &holds, &mut presence).await {
            presence = None;
            let why = &error as &dyn std::error::Error;
            tracing::debug!(
                error = why,
                "whether the shards are shared out fairly is not known"
            );
        }
    }
}

/// Shows others that this process is there, for as long as it is held: a consumer of a queue in which nothing ever is.
#[derive(Debug)]
struct Presence {
    channel: Channel,
    /// RabbitMQ counts it. (Of a queue that is read by one at a time, it counts the active consumer alone.)
    _consumer: lapin::Consumer,
}

impl Presence {
    async fn show(parts: &Parts) -> Result<Presence, Error> {
        let channel = parts.log.channel().await?;
        let name = &parts.settings.presence;
        topology::presence(&channel, name).await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel
            .basic_consume(name.as_str().into(), "".into(), options, arguments)
            .await?;
        Ok(Presence {
            channel,
            _consumer: consumer,
        })
    }
}

async fn balance_once(
    parts: &Parts,
    holds: &Holds,
    presence: &mut Option<Presence>,
) -> Result<(), Error> {
    // One shard cannot be shared out.
    let Some(newest) = newest(parts).filter(|newest| newest.shards > 1) else {
        *presence = None;
        return Ok(());
    };
    let present = match presence {
        Some(present) => present,
        None => presence.insert(Presence::show(parts).await?),
    };
    let queue = topology::look(&present.channel, &parts.settings.presence).await?;
    let fair = fair(newest.shards, queue.consumer_count());
    let active: Vec<Arc<Hold>> = lock(holds)
        .iter()
        .filter(|(shard, _)| shard.generation == newest)
        .filter_map(|(_, hold)| hold.upgrade())
        .filter(|hold| hold.is_active())
        .collect();
    for hold in active.iter().skip(fair) {
        hold.give_way();
    }
    Ok(())
}

/// What is read by most processes at this moment.
fn newest(parts: &Parts) -> Option<crate::Generation> {
    let plan = parts.log.plan();
    let plan = plan.borrow();
    plan.as_ref()?.sources().last().map(|s| s.generation)
}

/// How many shards a process may read, if all do the same.
fn fair(shards: u32, processes: u32) -> usize {
    shards.div_ceil(processes.max(1)) as usize
}

fn lock(holds: &Holds) -> std::sync::MutexGuard<'_, Vec<(Shard, Weak<Hold>)>> {
    holds.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::fair;

    #[test]
    fn what_is_fair_is_enough_for_all_shards() {
        let parts = [(4, 1), (4, 2), (4, 3), (5, 2), (4, 9), (4, 0)].map(|(s, p)| fair(s, p));
        assert_eq!(parts, [4, 2, 2, 3, 1, 4]);
    }
}
