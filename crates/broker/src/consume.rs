//! Batches in, from one queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicCancelOptions};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::batch::Batch;
use crate::link::Link;
use crate::log::Log;
use crate::plan::{Fact, Plan, Shard};
use crate::publish::Publisher;
use crate::subscription::{Subscription, prefetch};
use crate::{Error, Settings, failure, topology};

/// The first pause before RabbitMQ is tried again; it doubles up to [`Settings::max_pause`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What the other parts of a process have to say to a consumer, and it to them.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    /// It is the one that RabbitMQ gives the queue's deliveries to.
    active: AtomicBool,
    /// It is to let another one have the queue.
    yields: AtomicBool,
    asked: Notify,
}

impl Hold {
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Asks the consumer to let another have its queue, and to stand by itself.
    pub(crate) fn give_way(&self) {
        self.yields.store(true, Ordering::Relaxed);
        self.asked.notify_one();
    }
}

/// Reads the queue of a shard in batches.
#[derive(Debug)]
pub struct Consumer {
    settings: Arc<Settings>,
    link: Arc<Link>,
    log: Arc<Log>,
    publisher: Arc<Publisher>,
    closing: watch::Receiver<bool>,
    shard: Shard,
    queue: String,
    hold: Arc<Hold>,
    subscription: Option<Subscription>,
    /// The tag of the mark behind which nothing comes but stragglers, once it has been met.
    mark: Option<u64>,
    stopped: bool,
}

/// What a consumer of one queue shares with the others of its process.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) link: Arc<Link>,
    pub(crate) log: Arc<Log>,
    pub(crate) publisher: Arc<Publisher>,
}

impl Consumer {
    /// One that subscribes when it is first asked for something.
    pub(crate) fn new(parts: Parts, shard: Shard) -> Consumer {
        let Parts {
            settings,
            link,
            log,
            publisher,
        } = parts;
        Consumer {
            queue: topology::queue_name(&settings, shard),
            closing: link.closing(),
            hold: Arc::default(),
            subscription: None,
            mark: None,
            stopped: false,
            settings,
            link,
            log,
            publisher,
            shard,
        }
    }

    /// Subscribes; one attempt.
    pub(crate) async fn open(&mut self) -> Result<(), Error> {
        let prefetch = prefetch(&self.settings, self.shard.generation.shards);
        let opening = Subscription::open(&self.link, &self.queue, prefetch);
        // A RabbitMQ that has just started can take its time over a queue.
        let opened = timeout(self.settings.patience, opening).await;
        self.subscription = Some(opened.unwrap_or(Err(Error::Slow("consume")))?);
        Ok(())
    }

    /// Which queue it reads.
    #[must_use]
    pub fn shard(&self) -> Shard {
        self.shard
    }

    pub(crate) fn hold(&self) -> &Arc<Hold> {
        &self.hold
    }

    /// Waits for one delivery, then takes those that are ready, at most [`Settings::batch`]; it does
    /// not linger for more. While RabbitMQ is away it waits and tries again. None: the consumer was
    /// stopped, the broker closed, or the shard is no more. It may be cancelled without loss.
    ///
    /// # Errors
    /// [`Error::Topology`], [`Error::Plugin`], [`Error::Address`], or [`Error::Connect`] where RabbitMQ refuses us by
    /// name: what waiting does not cure.
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            if self.stopped || *self.closing.borrow() {
                return Ok(None);
            }
            let whole = |s: &&mut Subscription| !s.ledger.is_broken();
            let Some(subscription) = self.subscription.as_mut().filter(whole) else {
                // If it fails, the channel is gone already.
                let _ = self.leave().await;
                if !self.reopen().await? {
                    return Ok(None);
                }
                continue;
            };
            if let Some(mark) = self.mark {
                self.end(mark).await;
                continue;
            }
            if self.hold.yields.load(Ordering::Relaxed) {
                self.give_way().await;
                continue;
            }
            let first = tokio::select! {
                first = subscription.deliveries.next() => first,
                () = self.hold.asked.notified() => continue,
                _ = self.closing.wait_for(|closing| *closing) => return Ok(None),
            };
            match first {
                Some(Ok(first)) => {
                    self.hold.active.store(true, Ordering::Relaxed);
                    let deliveries =
                        subscription.gather(first, self.settings.batch, &mut self.mark);
                    if !deliveries.is_empty() {
                        return Ok(Some(subscription.batch(deliveries, self.publisher.clone())));
                    }
                    continue;
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, queue = self.queue, "an intake queue was lost");
                }
                // Deleted, as an old shard is in the end.
                None => {
                    self.forget();
                    let over = |plan: Plan| plan.is_over(self.shard);
                    if self.log.refresh().await.is_ok_and(over) {
                        return Ok(None);
                    }
                }
            }
            self.forget();
        }
    }

    /// Ends the subscription. Batches that were taken can still be settled; what RabbitMQ had sent
    /// ahead goes to others as soon as the consumer and its batches are dropped.
    ///
    /// # Errors
    /// [`Error::Lost`]: the connection was gone already, and the subscription with it.
    pub async fn stop(&mut self) -> Result<(), Error> {
        self.stopped = true;
        let Some(subscription) = self.subscription.take() else {
            return Ok(());
        };
        let tag = subscription.deliveries.tag();
        Ok(subscription
            .channel
            .basic_cancel(tag, BasicCancelOptions::default())
            .await?)
    }

    /// Ends the subscription once no batch is open: what RabbitMQ had sent ahead goes back to where
    /// it was in the queue, in order. (After [`Consumer::stop`], it goes to the end of the queue.)
    ///
    /// # Errors
    /// [`Error::Lost`]: the connection was gone already, and the subscription with it.
    pub async fn close(mut self) -> Result<(), Error> {
        self.stopped = true;
        self.leave().await
    }

    /// Closes the channel, and no more: cancelled first, RabbitMQ would put what it had sent ahead
    /// to the end of the queue, behind later events of the same customers.
    async fn leave(&mut self) -> Result<(), Error> {
        let Some(subscription) = self.forget() else {
            return Ok(());
        };
        let closing = subscription.channel.close(200, "done".into());
        let closed = timeout(self.settings.patience, closing).await;
        Ok(closed.map_err(|_| Error::Slow("close"))??)
    }

    fn forget(&mut self) -> Option<Subscription> {
        self.mark = None;
        self.hold.active.store(false, Ordering::Relaxed);
        self.subscription.take()
    }

    /// Once nothing is open, leaves the queue to whoever has stood by for longest, and stands by.
    async fn give_way(&mut self) {
        if let Some(subscription) = &self.subscription {
            if !subscription.ledger.settled(subscription.taken).await {
                return;
            }
            tracing::info!(queue = self.queue, "leaving a shard to another process");
        }
        self.hold.yields.store(false, Ordering::Relaxed);
        if let Err(error) = self.leave().await {
            tracing::debug!(%error, "the channel was gone before it was closed");
        }
    }

    /// Says that all before the mark is settled, as soon as it is, and takes the mark away. Done
    /// again from the start if it is cancelled; the log does not mind.
    async fn end(&mut self, mark: u64) {
        let Some(subscription) = &self.subscription else {
            return;
        };
        if !subscription.ledger.settled(mark - 1).await {
            return;
        }
        let (generation, shard) = (self.shard.generation.number, self.shard.shard);
        let said = self.log.append(Fact::Drained { generation, shard }).await;
        if let Err(error) = said {
            tracing::warn!(%error, queue = self.queue, "it cannot be said that a shard is empty");
            tokio::time::sleep(FIRST_PAUSE).await;
            return;
        }
        tracing::info!(queue = self.queue, "a shard of the old number is empty");
        let (acks, channel) = (subscription.acks.clone(), subscription.channel.clone());
        let ledger = subscription.ledger.clone();
        let _alone = acks.lock().await;
        // From here on it is done, cancelled or not.
        self.mark = None;
        ledger.settle((mark, mark));
        let options = BasicAckOptions { multiple: true };
        if let Err(error) = channel.basic_ack(mark, options).await {
            tracing::debug!(%error, "the mark comes again");
        }
    }

    /// Tries until RabbitMQ is there again; false when there is nothing to read any longer.
    async fn reopen(&mut self) -> Result<bool, Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.open().await {
                Ok(()) => {
                    tracing::info!(queue = self.queue, "reading an intake queue");
                    return Ok(true);
                }
                Err(Error::Lost(error)) if failure::is_missing(&error) => match self.mend().await {
                    Ok(true) => Error::Lost(error),
                    Ok(false) => return Ok(false),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if matches!(error, Error::Closed) {
                return Ok(false);
            }
            if failure::is_lasting(&error) {
                return Err(error);
            }
            away(&error, pause);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.closing.wait_for(|closing| *closing) => return Ok(false),
            }
            pause = (pause * 2).min(self.settings.max_pause);
        }
    }

    /// The queue is not there: declares it anew if it should be; false if it should not.
    async fn mend(&self) -> Result<bool, Error> {
        let plan = self.log.refresh().await?;
        if plan.is_over(self.shard) {
            return Ok(false);
        }
        self.log.ensure(&plan).await?;
        Ok(true)
    }
}

impl Drop for Consumer {
    /// lapin cancels a consumer that it drops, which has RabbitMQ put what it had sent ahead to the end of the queue:
    /// it is dropped after its channel is closed.
    fn drop(&mut self) {
        let (Some(subscription), Ok(runtime)) =
            (self.forget(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            let closing = subscription.channel.close(200, "dropped".into());
            let _ = closing.await;
            drop(subscription);
        });
    }
}

fn away(error: &Error, pause: Duration) {
    let error = error as &dyn std::error::Error;
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(error, pause_ms, "RabbitMQ is away; trying again");
}
