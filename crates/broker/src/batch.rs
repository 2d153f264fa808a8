//! What was delivered, and how it is settled.

use std::sync::Arc;

use bytes::Bytes;
use lapin::message::Delivery as Raw;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel};

use crate::Error;
use crate::dead::{self, Grounds};
use crate::ledger::Ledger;
use crate::publish::{Publisher, TRACEPARENT};

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
    pub(crate) exchange: String,
    pub(crate) properties: BasicProperties,
    pub(crate) tag: u64,
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
            exchange: raw.exchange.as_str().to_owned(),
            properties: raw.properties,
            tag: raw.delivery_tag,
        }
    }
}

/// Deliveries that are to be settled together. Dropped without that, they are delivered again, in
/// their order, as soon as their consumer is asked for more.
#[derive(Debug)]
pub struct Batch {
    /// In the order of the queue; never empty.
    pub deliveries: Vec<Delivery>,
    /// The queue that they were read from.
    pub(crate) queue: Arc<str>,
    pub(crate) channel: Channel,
    pub(crate) ledger: Arc<Ledger>,
    /// Held from the note in the ledger to the last acknowledgement: an "all up to here" of another batch would
    /// otherwise come between, and RabbitMQ closes a channel that acknowledges twice.
    pub(crate) acks: Arc<tokio::sync::Mutex<()>>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) settled: bool,
}

impl Batch {
    /// Puts the deliveries named by their index aside as dead letters with their reasons, and waits
    /// until RabbitMQ has those safe; then acknowledges all. An index that does not exist is passed
    /// over.
    ///
    /// # Errors
    /// Nothing was acknowledged for certain, and all is delivered again: [`Error::Lost`],
    /// [`Error::Connect`], [`Error::Slow`], [`Error::Unroutable`] or [`Error::Full`].
    pub async fn settle(mut self, dead: Vec<(usize, Grounds)>) -> Result<(), Error> {
        self.bury(&dead).await?;
        let acks = self.acks.clone();
        let _alone = acks.lock().await;
        let span = self.span();
        if self.ledger.settle(span) {
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
        self.ledger.settle(self.span());
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

    async fn bury(&self, dead: &[(usize, Grounds)]) -> Result<(), Error> {
        let mut confirms = Vec::with_capacity(dead.len());
        for (index, grounds) in dead {
            if let Some(delivery) = self.deliveries.get(*index) {
                let properties = dead::properties(delivery, &self.queue, grounds);
                confirms.push(self.publisher.send_dead(delivery, properties).await?);
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
            self.ledger.tear();
        }
    }
}

impl Publisher {
    /// Hands one dead letter over.
    async fn send_dead(
        &self,
        delivery: &Delivery,
        properties: BasicProperties,
    ) -> Result<lapin::PublisherConfirm, Error> {
        self.send("", self.dead_queue(), &delivery.body, properties)
            .await
    }
}
