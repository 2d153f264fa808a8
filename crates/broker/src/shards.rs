//! All queues that a process reads.

use std::sync::{Arc, Mutex, PoisonError, Weak};

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
    loop {
        tokio::time::sleep(parts.settings.rebalance).await;
        if let Err(error) = balance_once(&parts, &holds).await {
            let why = &error as &dyn std::error::Error;
            tracing::debug!(
                error = why,
                "whether the shards are shared out fairly is not known"
            );
        }
    }
}

async fn balance_once(parts: &Parts, holds: &Holds) -> Result<(), Error> {
    let Some(newest) = newest(parts) else {
        return Ok(());
    };
    let mut active: Vec<(Shard, Arc<Hold>)> = lock(holds)
        .iter()
        .filter_map(|(shard, hold)| Some((*shard, hold.upgrade()?)))
        .filter(|(shard, hold)| shard.generation == newest && hold.is_active())
        .collect();
    // With one shard, there is nothing to share out.
    if active.len() < 2 {
        return Ok(());
    }
    let channel = parts.log.channel().await?;
    let mut processes = u32::MAX;
    for (shard, _) in &active {
        let name = topology::queue_name(&parts.settings, *shard);
        let queue = topology::look(&channel, &name).await?;
        processes = processes.min(queue.consumer_count().max(1));
    }
    for (_, hold) in active.drain(fair(newest.shards, processes).min(active.len())..) {
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
    shards.div_ceil(processes) as usize
}

fn lock(holds: &Holds) -> std::sync::MutexGuard<'_, Vec<(Shard, Weak<Hold>)>> {
    holds.lock().unwrap_or_else(PoisonError::into_inner)
}
