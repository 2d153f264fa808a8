//! Confirmed publishes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::link::Link;
use crate::{Error, Settings, cut};

/// The longest routing key of the protocol, in bytes.
const MAX_KEY: usize = 255;
/// The header that says which trace a message belongs to (W3C Trace Context).
pub(crate) const TRACEPARENT: &str = "traceparent";
/// How long a channel is kept at the least: refusals do not open any number of them.
const RENEW: Duration = Duration::from_secs(1);
/// Written to disk before it is confirmed.
pub(crate) const PERSISTENT: u8 = 2;

/// One event to be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// The customer's key, by which it is routed.
    pub key: String,
    /// Its content.
    pub body: Bytes,
    /// The W3C trace context that it belongs to: travels as the header of that name.
    pub traceparent: Option<String>,
}

impl From<(String, Bytes)> for Publication {
    fn from((key, body): (String, Bytes)) -> Self {
        Self {
            key,
            body,
            traceparent: None,
        }
    }
}

/// Publishes events: persistent, confirmed by RabbitMQ, and refused if no queue takes them.
#[derive(Debug)]
pub struct Publisher {
    settings: Arc<Settings>,
    link: Arc<Link>,
    /// Locked while a message is handed over, so that confirms and messages keep the same order.
    channel: Mutex<Option<Open>>,
}

/// A channel, and since when.
#[derive(Debug)]
struct Open {
    channel: Channel,
    since: Instant,
}

impl Publisher {
    pub(crate) fn new(settings: Arc<Settings>, link: Arc<Link>) -> Publisher {
        Publisher {
            settings,
            link,
            channel: Mutex::new(None),
        }
    }

    /// Makes sure that there is a channel.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        self.ready(&mut *self.channel.lock().await).await.map(drop)
    }

    /// Waits until RabbitMQ says that it takes nothing for now, and gives its reason: it is short of memory or disk.
    /// Whoever cannot wait for it to have room again gives up what is being published, and does not know what
    /// became of it.
    pub async fn blocked(&self) -> Arc<str> {
        let mut blocked = self.link.blocked();
        loop {
            let reason = blocked.borrow_and_update().clone();
            if let Some(reason) = reason {
                return reason;
            }
            if blocked.changed().await.is_err() {
                // The link is gone, which is ours: never.
                return std::future::pending().await;
            }
        }
    }

    /// Publishes one event and waits until RabbitMQ has it safe.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unroutable`], [`Error::Full`]: it was not kept.
    /// [`Error::Lost`], [`Error::Slow`]: unknown; publish it again, intake knows events by their id.
    /// [`Error::Connect`]: not sent.
    pub async fn publish(&self, customer_key: &str, body: Bytes) -> Result<(), Error> {
        let confirm = self.send_event(customer_key, &body, None).await?;
        self.confirmed(confirm, &self.settings.exchange).await
    }

    /// Publishes events in order, at most `window` of them unconfirmed at a time, and calls
    /// `progress` with the number confirmed so far. Returns how many there were.
    ///
    /// # Errors
    /// [`Error::Interrupted`], with the number that is safe and what happened to the next.
    pub async fn publish_all(
        &self,
        items: impl Stream<Item: Into<Publication>>,
        window: usize,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, Error> {
        let mut items = std::pin::pin!(items.fuse());
        let mut waiting = VecDeque::new();
        let mut confirmed = 0;
        loop {
            let room = waiting.len() < window.max(1) && !items.is_done();
            let step = tokio::select! {
                biased;
                result = first(&mut waiting, &self.settings), if !waiting.is_empty() => {
                    Step::Confirmed(result)
                }
                item = items.next(), if room => Step::Item(item.map(Into::into)),
                else => return Ok(confirmed),
            };
            match step {
                Step::Item(None) => {}
                Step::Item(Some(event)) => match self
                    .send_event(&event.key, &event.body, event.traceparent)
                    .await
                {
                    Ok(confirm) => waiting.push_back(confirm),
                    Err(error) => return Err(self.interrupted(confirmed, waiting, error).await),
                },
                Step::Confirmed(Ok(())) => {
                    confirmed += 1;
                    progress(confirmed);
                }
                Step::Confirmed(Err(error)) => {
                    self.renew_after(&error).await;
                    let source = Box::new(error);
                    // Those behind it may be kept or not; they are not the first ones.
                    return Err(Error::Interrupted { confirmed, source });
                }
            }
        }
    }

    /// Counts what is still confirmed after a message that could not be handed over, up to the first that is not.
    async fn interrupted(
        &self,
        mut confirmed: u64,
        mut waiting: VecDeque<PublisherConfirm>,
        error: Error,
    ) -> Error {
        let mut ended = error;
        while !waiting.is_empty() {
            match first(&mut waiting, &self.settings).await {
                Ok(()) => confirmed += 1,
                Err(earlier) => {
                    self.renew_after(&earlier).await;
                    ended = earlier;
                    break;
                }
            }
        }
        Error::Interrupted {
            confirmed,
            source: Box::new(ended),
        }
    }

    async fn send_event(
        &self,
        key: &str,
        body: &Bytes,
        traceparent: Option<String>,
    ) -> Result<PublisherConfirm, Error> {
        let limit = self.settings.max_body;
        if body.len() > limit {
            return Err(Error::TooLarge {
                bytes: body.len(),
                limit,
            });
        }
        let mut properties =
            BasicProperties::default().with_content_type("application/json".into());
        if let Some(traceparent) = traceparent {
            let mut headers = FieldTable::default();
            let value = AMQPValue::LongString(traceparent.into());
            headers.insert(TRACEPARENT.into(), value);
            properties = properties.with_headers(headers);
        }
        self.send(&self.settings.exchange, routing_key(key), body, properties)
            .await
    }

    /// Where dead letters go.
    pub(crate) fn dead_queue(&self) -> &str {
        &self.settings.dead_queue
    }

    /// Hands one message over; the confirm comes later.
    pub(crate) async fn send(
        &self,
        exchange: &str,
        key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<PublisherConfirm, Error> {
        let mut slot = self.channel.lock().await;
        let channel = self.ready(&mut slot).await?;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let properties = properties.with_delivery_mode(PERSISTENT);
        let sending = channel.basic_publish(exchange.into(), short(key), options, body, properties);
        let sent = in_time(self.settings.patience, "publish", sending).await;
        if matches!(sent, Err(Error::Slow(_))) {
            *slot = None;
        }
        sent
    }

    /// After a refusal, or an answer that did not come: the next publish gets another channel. A channel that first
    /// published to a queue while that had no leader refuses all that goes there, and one whose node led a queue and
    /// died may wait for ever (RabbitMQ 3.10). Others may still wait for confirms on it.
    async fn renew_after(&self, error: &Error) {
        if !matches!(error, Error::Slow(_) | Error::Full) {
            return;
        }
        let mut slot = self.channel.lock().await;
        if let Some(old) = slot.take_if(|open| open.since.elapsed() >= RENEW) {
            let patience = self.settings.patience;
            tokio::spawn(async move {
                tokio::time::sleep(patience).await;
                drop(old);
            });
        }
    }

    /// Waits for the confirm of a message that went to `exchange`.
    pub(crate) async fn confirmed(
        &self,
        confirm: PublisherConfirm,
        exchange: &str,
    ) -> Result<(), Error> {
        let confirmed = in_time(self.settings.patience, "confirm", confirm).await;
        let judged = confirmed.and_then(|confirmation| judge(&confirmation, exchange));
        if let Err(error) = &judged {
            self.renew_after(error).await;
        }
        judged
    }

    /// The channel, opened anew if the last one is gone.
    async fn ready<'a>(&self, slot: &'a mut Option<Open>) -> Result<&'a Channel, Error> {
        if !slot
            .as_ref()
            .is_some_and(|open| open.channel.status().connected())
        {
            *slot = None;
            let channel = self.link.channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            let since = Instant::now();
            *slot = Some(Open { channel, since });
        }
        slot.as_ref().map(|open| &open.channel).ok_or(Error::Closed)
    }
}

enum Step {
    Item(Option<Publication>),
    Confirmed(Result<(), Error>),
}

/// Waits for the oldest confirm. It stays in the queue until then, so this may be cancelled.
async fn first(waiting: &mut VecDeque<PublisherConfirm>, settings: &Settings) -> Result<(), Error> {
    let Some(confirm) = waiting.front_mut() else {
        return Ok(());
    };
    let result = in_time(settings.patience, "confirm", confirm).await;
    waiting.pop_front();
    judge(&result?, &settings.exchange)
}

pub(crate) fn judge(confirmation: &Confirmation, exchange: &str) -> Result<(), Error> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(Error::Unroutable(exchange.to_owned())),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(Error::Full),
    }
}

async fn in_time<T>(
    patience: Duration,
    what: &'static str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Error> {
    match timeout(patience, answer).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Error::Slow(what)),
    }
}

/// As much of a customer's key as the protocol carries. The same customer always gets the same, which
/// is all that routing needs.
fn routing_key(key: &str) -> &str {
    cut(key, MAX_KEY)
}

/// A name that is known to fit.
fn short(name: &str) -> ShortString {
    ShortString::try_new(routing_key(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::routing_key;

    #[test]
    fn a_long_key_is_cut_between_characters() {
        let key = "é".repeat(200);
        assert_eq!(routing_key(&key), "é".repeat(127));
        assert_eq!(routing_key("anna"), "anna");
    }
}
