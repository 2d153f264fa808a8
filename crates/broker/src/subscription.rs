//! A consumer's hold on a queue.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use lapin::Channel;
use lapin::message::Delivery as Raw;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use crate::batch::{Batch, Delivery};
use crate::ledger::Ledger;
use crate::link::Link;
use crate::publish::Publisher;
use crate::settings::MIN_PREFETCH;
use crate::{Error, Settings, reshard};

/// A consumer's hold on the queue, until its channel ends.
#[derive(Debug)]
pub(crate) struct Subscription {
    queue: Arc<str>,
    pub(crate) channel: Channel,
    pub(crate) deliveries: lapin::Consumer,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) acks: Arc<tokio::sync::Mutex<()>>,
    /// The tag of what was taken last.
    pub(crate) taken: u64,
}

impl Subscription {
    pub(crate) async fn open(
        link: &Link,
        queue: &str,
        prefetch: u16,
    ) -> Result<Subscription, Error> {
        let channel = link.channel().await?;
        channel
            .basic_qos(prefetch, BasicQosOptions::default())
            .await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let deliveries = channel
            .basic_consume(queue.into(), "".into(), options, arguments)
            .await?;
        Ok(Subscription {
            queue: Arc::from(queue),
            channel,
            deliveries,
            ledger: Arc::default(),
            acks: Arc::default(),
            taken: 0,
        })
    }

    /// `first` and what is ready after it, up to a mark, which is noted.
    pub(crate) fn gather(
        &mut self,
        first: Raw,
        most: usize,
        mark: &mut Option<u64>,
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let mut next = Some(first);
        while let Some(raw) = next.take() {
            if reshard::is_mark(&raw) {
                *mark = Some(raw.delivery_tag);
                break;
            }
            self.taken = raw.delivery_tag;
            deliveries.push(raw.into());
            if deliveries.len() < most {
                // An error is met again at the next turn; what came before it can still be worked on.
                let ready = self.deliveries.next().now_or_never();
                next = ready.flatten().and_then(Result::ok);
            }
        }
        deliveries
    }

    pub(crate) fn batch(&self, deliveries: Vec<Delivery>, publisher: Arc<Publisher>) -> Batch {
        let (channel, ledger) = (self.channel.clone(), self.ledger.clone());
        Batch {
            deliveries,
            queue: self.queue.clone(),
            channel,
            ledger,
            acks: self.acks.clone(),
            publisher,
            settled: false,
        }
    }
}

/// Each shard's part of what may be sent ahead.
pub(crate) fn prefetch(settings: &Settings, shards: u32) -> u16 {
    match shards {
        0 | 1 => settings.prefetch,
        _ => {
            let part = u32::from(settings.prefetch) / shards;
            let least = settings.prefetch.min(MIN_PREFETCH);
            u16::try_from(part).unwrap_or(u16::MAX).max(least)
        }
    }
}
