//! Batches in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use lapin::message::Delivery as Raw;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ErrorKind};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::link::Link;
use crate::publish::{Publisher, TRACEPARENT};
use crate::{Error, Settings, dead, topology};

/// The first pause before RabbitMQ is tried again; it doubles up to [`Settings::max_pause`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// One message as it came.
#[derive(Debug)]
pub struct Delivery {
    /// Its content.
    pub body: Bytes,
    /// The producer's id of the message, if it gave one.
    pub message_id: Option<String>,
    /// True when it may have been delivered before.
    pub redelivered: bool,
    /// When the producer says that it was made: seconds since 1970.
    pub timestamp: Option<u64>,
    pub(crate) routing_key: String,
    pub(crate) properties: BasicProperties,
    tag: u64,
}

impl Delivery {
    /// The W3C trace context that its producer sent along, in the header `traceparent`.
    pub fn traceparent(&self) -> Option<&str> {
        let headers = self.properties.headers().as_ref()?;
        match headers.inner().get(TRACEPARENT)? {
            AMQPValue::LongString(value) => std::str::from_utf8(value.as_bytes()).ok(),
            AMQPValue::ShortString(value) => Some(value.as_str()),
            _ => None,
        }
    }
}

impl From<Raw> for Delivery {
    fn from(raw: Raw) -> Delivery {
        Delivery {
            body: raw.data.into(),
            message_id: raw
                .properties
                .message_id()
                .as_ref()
                .map(|id| id.as_str().to_owned()),
            redelivered: raw.redelivered,
            timestamp: *raw.properties.timestamp(),
            routing_key: raw.routing_key.as_str().to_owned(),
            properties: raw.properties,
            tag: raw.delivery_tag,
        }
    }
}

/// Reads the intake queue in batches.
#[derive(Debug)]
pub struct Consumer {
    settings: Arc<Settings>,
    link: Arc<Link>,
    publisher: Arc<Publisher>,
    closing: watch::Receiver<bool>,
    subscription: Option<Subscription>,
    stopped: bool,
}

/// A consumer's hold on the queue, until its channel ends.
#[derive(Debug)]
struct Subscription {
    channel: Channel,
    deliveries: lapin::Consumer,
    ledger: Arc<Mutex<Ledger>>,
    acks: Arc<tokio::sync::Mutex<()>>,
}

impl Consumer {
    pub(crate) async fn open(
        settings: Arc<Settings>,
        link: Arc<Link>,
        publisher: Publisher,
    ) -> Result<Consumer, Error> {
        let subscription = Some(Subscription::open(&link, &settings).await?);
        let (publisher, closing) = (Arc::new(publisher), link.closing());
        Ok(Consumer {
            settings,
            link,
            publisher,
            closing,
            subscription,
            stopped: false,
        })
    }

    /// Waits for one delivery, then takes those that are ready, at most [`Settings::batch`]; it does
    /// not linger for more. While RabbitMQ is away it waits and tries again. None: the consumer was
    /// stopped or the broker closed. It may be cancelled without loss.
    ///
    /// # Errors
    /// [`Error::Topology`], [`Error::Address`], or [`Error::Connect`] where RabbitMQ refuses us by
    /// name: what waiting does not cure.
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            if self.stopped || *self.closing.borrow() {
                return Ok(None);
            }
            let Some(subscription) = self.subscription.as_mut().filter(|s| s.is_whole()) else {
                // If it fails, the channel is gone already.
                let _ = self.leave().await;
                self.reopen().await?;
                continue;
            };
            let first = tokio::select! {
                first = subscription.deliveries.next() => first,
                _ = self.closing.wait_for(|closing| *closing) => return Ok(None),
            };
            match first {
                Some(Ok(first)) => {
                    let deliveries = subscription.gather(first, self.settings.batch);
                    return Ok(Some(subscription.batch(deliveries, self.publisher.clone())));
                }
                Some(Err(error)) => tracing::warn!(%error, "the intake queue was lost"),
                None => tracing::warn!("the intake queue was taken away"),
            }
            self.subscription = None;
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
        let Some(subscription) = self.subscription.take() else {
            return Ok(());
        };
        let closing = subscription.channel.close(200, "done".into());
        let closed = timeout(self.settings.patience, closing).await;
        Ok(closed.map_err(|_| Error::Slow("close"))??)
    }

    /// Tries until RabbitMQ is there again, or the broker is closed.
    async fn reopen(&mut self) -> Result<(), Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            match Subscription::open(&self.link, &self.settings).await {
                Ok(subscription) => {
                    tracing::info!("reading the intake queue again");
                    self.subscription = Some(subscription);
                    return Ok(());
                }
                Err(Error::Closed) => return Ok(()),
                Err(error) if is_lasting(&error) => return Err(error),
                Err(error) => {
                    let why = &error as &dyn std::error::Error;
                    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    tracing::warn!(error = why, pause_ms, "RabbitMQ is away; trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.closing.wait_for(|closing| *closing) => return Ok(()),
            }
            pause = (pause * 2).min(self.settings.max_pause);
        }
    }
}

impl Subscription {
    /// One attempt; a RabbitMQ that has just started can take its time over a queue.
    async fn open(link: &Link, settings: &Settings) -> Result<Subscription, Error> {
        let opening = Subscription::open_patiently(link, settings);
        timeout(settings.patience, opening)
            .await
            .unwrap_or(Err(Error::Slow("consume")))
    }

    async fn open_patiently(link: &Link, settings: &Settings) -> Result<Subscription, Error> {
        let channel = link.channel().await?;
        // Somebody may have deleted the queue, which ends a subscription too.
        topology::declare(&channel, settings).await?;
        channel
            .basic_qos(settings.prefetch, BasicQosOptions::default())
            .await?;
        let deliveries = channel
            .basic_consume(
                settings.queue.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(Subscription {
            channel,
            deliveries,
            ledger: Arc::default(),
            acks: Arc::default(),
        })
    }

    /// False when a batch was dropped unsettled: only a new channel makes RabbitMQ give it out again.
    fn is_whole(&self) -> bool {
        !lock(&self.ledger).broken
    }

    /// `first` and what is ready after it.
    fn gather(&mut self, first: Raw, most: usize) -> Vec<Delivery> {
        let mut deliveries = vec![Delivery::from(first)];
        while deliveries.len() < most {
            // An error is met again at the next turn; what came before it can still be worked on.
            let Some(Some(Ok(next))) = self.deliveries.next().now_or_never() else {
                break;
            };
            deliveries.push(next.into());
        }
        deliveries
    }

    fn batch(&self, deliveries: Vec<Delivery>, publisher: Arc<Publisher>) -> Batch {
        let (channel, ledger) = (self.channel.clone(), self.ledger.clone());
        Batch {
            deliveries,
            channel,
            ledger,
            acks: self.acks.clone(),
            publisher,
            settled: false,
        }
    }
}

/// Deliveries that are to be settled together. Dropped without that, they are delivered again, in
/// their order, as soon as their consumer is asked for more.
#[derive(Debug)]
pub struct Batch {
    /// In the order of the queue; never empty.
    pub deliveries: Vec<Delivery>,
    channel: Channel,
    ledger: Arc<Mutex<Ledger>>,
    /// Held from the note in the ledger to the last acknowledgement: an "all up to here" of another batch would
    /// otherwise come between, and RabbitMQ closes a channel that acknowledges twice.
    acks: Arc<tokio::sync::Mutex<()>>,
    publisher: Arc<Publisher>,
    settled: bool,
}

impl Batch {
    /// Puts the deliveries named by their index aside as dead letters with their reasons, and waits
    /// until RabbitMQ has those safe; then acknowledges all. An index that does not exist is passed
    /// over.
    ///
    /// # Errors
    /// Nothing was acknowledged for certain, and all is delivered again: [`Error::Lost`],
    /// [`Error::Connect`], [`Error::Slow`], [`Error::Unroutable`] or [`Error::Full`].
    pub async fn settle(mut self, dead: Vec<(usize, String)>) -> Result<(), Error> {
        self.bury(&dead).await?;
        let acks = self.acks.clone();
        let _alone = acks.lock().await;
        let span = self.span();
        if lock(&self.ledger).settle(span) {
            let options = BasicAckOptions { multiple: true };
            self.channel.basic_ack(span.1, options).await?;
        } else {
            // An earlier batch is still open, and "all up to here" would take it along.
            for delivery in &self.deliveries {
                self.channel
                    .basic_ack(delivery.tag, BasicAckOptions::default())
                    .await?;
            }
        }
        self.settled = true;
        Ok(())
    }

    /// Gives everything back to the queue, for any consumer to take, behind what waits there: a
    /// batch that is to come again in its order is dropped instead.
    ///
    /// # Errors
    /// [`Error::Lost`]: it was given back already, by the loss.
    pub async fn give_back(mut self) -> Result<(), Error> {
        let acks = self.acks.clone();
        let _alone = acks.lock().await;
        lock(&self.ledger).settle(self.span());
        for delivery in &self.deliveries {
            let options = BasicNackOptions {
                multiple: false,
                requeue: true,
            };
            self.channel.basic_nack(delivery.tag, options).await?;
        }
        self.settled = true;
        Ok(())
    }

    async fn bury(&self, dead: &[(usize, String)]) -> Result<(), Error> {
        let mut confirms = Vec::with_capacity(dead.len());
        for (index, reason) in dead {
            if let Some(delivery) = self.deliveries.get(*index) {
                confirms.push(self.publisher.send_dead(delivery, reason).await?);
            }
        }
        for confirm in confirms {
            self.publisher.confirmed(confirm, "").await?;
        }
        Ok(())
    }

    /// The first and the last tag.
    fn span(&self) -> (u64, u64) {
        let tag = |delivery: Option<&Delivery>| delivery.map_or(0, |delivery| delivery.tag);
        (tag(self.deliveries.first()), tag(self.deliveries.last()))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.settled {
            lock(&self.ledger).broken = true;
        }
    }
}

impl Publisher {
    /// Hands one dead letter over.
    async fn send_dead(
        &self,
        delivery: &Delivery,
        reason: &str,
    ) -> Result<lapin::PublisherConfirm, Error> {
        let properties = dead::properties(delivery, reason);
        self.send("", self.dead_queue(), &delivery.body, properties)
            .await
    }
}

/// Which deliveries of a channel are settled. Tags count from 1 without gaps.
#[derive(Debug, Default)]
struct Ledger {
    /// All tags up to this one are settled.
    through: u64,
    /// Settled spans beyond it: first tag to last.
    beyond: BTreeMap<u64, u64>,
    /// A batch was dropped unsettled.
    broken: bool,
}

impl Ledger {
    /// Notes a span; true when everything before it is settled.
    fn settle(&mut self, (first, last): (u64, u64)) -> bool {
        let is_next = first == self.through + 1;
        self.beyond.insert(first, last);
        while let Some(last) = self.beyond.remove(&(self.through + 1)) {
            self.through = last;
        }
        is_next
    }
}

/// A panic elsewhere leaves nothing half done in a ledger.
fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True for what waiting does not cure: a wrong address or password, or a queue of another kind.
fn is_lasting(error: &Error) -> bool {
    let source = match error {
        Error::Address(_) => return true,
        Error::Connect { source, .. } | Error::Topology { source, .. } => source,
        _ => return false,
    };
    let ErrorKind::ProtocolError(error) = source.kind() else {
        return false;
    };
    matches!(
        error.kind(),
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED)
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
    )
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn only_a_gapless_span_may_take_all_before_it_along() {
        let mut ledger = Ledger::default();
        assert!(ledger.settle((1, 5)));
        assert!(!ledger.settle((8, 9)), "6 and 7 are open");
        assert!(ledger.settle((6, 7)));
        assert!(ledger.settle((10, 12)), "8 and 9 were settled out of order");
        assert_eq!(ledger.through, 12);
        assert!(ledger.beyond.is_empty());
    }
}
