//! Dead letters, taken out of their queue by whoever keeps them elsewhere.

use std::sync::Arc;

use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use tokio::time::timeout;

use crate::dead::{self, DeadLetter};
use crate::link::Link;
use crate::{Error, Settings};

/// Takes letters a few at a time. What was taken and not settled comes again.
#[derive(Debug)]
pub struct Letterbox {
    settings: Arc<Settings>,
    link: Arc<Link>,
    /// Kept between two looks, while nothing that it gave out is open.
    channel: Option<Channel>,
}

/// Letters that are to be settled together. Dropped without that, they go back to where they were.
#[derive(Debug)]
pub struct Letters {
    /// The oldest first; never empty.
    pub letters: Vec<DeadLetter>,
    channel: Channel,
    last: u64,
}

impl Letterbox {
    pub(crate) fn new(settings: Arc<Settings>, link: Arc<Link>) -> Self {
        Self {
            settings,
            link,
            channel: None,
        }
    }

    /// The oldest letters: at most `most`, and no more once they have `bytes` together. `None`: there are none.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Slow`] or [`Error::Lost`]; letters that were taken come again.
    pub async fn take(&mut self, most: usize, bytes: usize) -> Result<Option<Letters>, Error> {
        let channel = match self.channel.take() {
            Some(channel) if channel.status().connected() => channel,
            _ => self.link.channel().await?,
        };
        let taking = self.fetch(&channel, most, bytes);
        let (letters, last) = timeout(self.settings.patience, taking)
            .await
            .unwrap_or(Err(Error::Slow("get")))?;
        if letters.is_empty() {
            self.channel = Some(channel);
            return Ok(None);
        }
        Ok(Some(Letters {
            letters,
            channel,
            last,
        }))
    }

    async fn fetch(
        &self,
        channel: &Channel,
        most: usize,
        bytes: usize,
    ) -> Result<(Vec<DeadLetter>, u64), Error> {
        let (mut letters, mut last, mut size) = (Vec::new(), 0, 0);
        while letters.len() < most && size < bytes {
            let queue = self.settings.dead_queue.as_str().into();
            let got = channel.basic_get(queue, BasicGetOptions::default()).await?;
            let Some(message) = got else { break };
            last = message.delivery.delivery_tag;
            size += message.delivery.data.len();
            letters.push(dead::letter(message.delivery));
        }
        Ok((letters, last))
    }

    /// Takes these letters away for good: they are kept elsewhere now.
    ///
    /// # Errors
    /// [`Error::Lost`]: they come again.
    pub async fn settle(&mut self, letters: Letters) -> Result<(), Error> {
        let options = BasicAckOptions { multiple: true };
        letters.channel.basic_ack(letters.last, options).await?;
        self.channel = Some(letters.channel);
        Ok(())
    }
}
