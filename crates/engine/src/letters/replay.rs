//! Letters that are submitted again, one or a batch of many, by the way that events come in.
//!
//! A letter is claimed, submitted, and then recorded. Killed in between, it is submitted again: its event is known by
//! its id, so that it takes effect once.

use std::sync::Arc;

use broker::{Publication, Publisher};
use futures::stream;
use jiff::Timestamp;
use journey::{
    ids::LetterId,
    intake::{self, Cause, Parsed},
};
use store::{ClaimedLetter, EditedLetter, Fence, LetterEnd, Sender};

use super::check;
use crate::{Engine, Error, metrics::Way};

/// Publishes that are unconfirmed at a time.
const WINDOW: usize = 256;

/// By which way events come in.
pub enum Door {
    /// Through RabbitMQ, confirmed. What is refused there comes back as a dead letter.
    Broker(Publisher),
    /// Straight into the turn.
    Turn,
}

/// What became of a letter that was to be submitted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It was taken over.
    Taken,
    /// It was refused again, and is still open.
    Refused(Cause),
    /// It is not there, not open, or somebody else is at it.
    NotOpen,
}

/// What one batch of a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayedBatch {
    /// Letters that were taken over.
    pub taken: usize,
    /// Letters that were refused again.
    pub refused: usize,
    /// Whether the replay is over.
    pub last: bool,
}

type Ended = Vec<(Fence, LetterEnd)>;

/// A letter that is an event.
struct Ready {
    fence: Fence,
    parsed: Parsed,
    traceparent: Option<Arc<str>>,
}

impl Engine {
    /// Submits one letter again, with another body if one is given.
    ///
    /// # Errors
    /// If the database or the broker is away: the letter is open, and may have been taken over all the same.
    pub async fn replay_letter(
        &self,
        door: &Door,
        id: LetterId,
        edited: Option<&EditedLetter>,
        by: &Sender,
        now: Timestamp,
    ) -> Result<Replayed, Error> {
        let until = now.saturating_add(self.settings.replay_lease);
        let until = until.unwrap_or(now);
        let claimed = self.store.claim_letter(id, edited, by, now, until).await?;
        let Some(claimed) = claimed else {
            return Ok(Replayed::NotOpen);
        };
        let ended = self.submit(door, vec![claimed], now).await?;
        self.store.end_letters(&ended, now).await?;
        Ok(match ended.into_iter().next() {
            Some((_, LetterEnd::Refused(cause))) => Replayed::Refused(cause),
            _ => Replayed::Taken,
        })
    }

    /// Submits the next batch of the replay that has waited longest. `None`: there is none to take up.
    ///
    /// # Errors
    /// If the database or the broker is away; the batch is submitted again.
    pub async fn replays_once(
        &self,
        door: &Door,
        now: Timestamp,
    ) -> Result<Option<ReplayedBatch>, Error> {
        let (lease, limit) = (self.settings.replay_lease, self.settings.replay_batch);
        let Some(batch) = self.store.take_letter_job(now, lease, limit).await? else {
            return Ok(None);
        };
        // What was mended meanwhile counts.
        self.reload().await?;
        let ended = match self.submit(door, batch.letters.clone(), now).await {
            Ok(ended) => ended,
            Err(error) => {
                let why = error.to_string();
                self.store
                    .trouble_with_letter_job(&batch, &why, now)
                    .await?;
                return Err(error);
            }
        };
        self.store
            .end_letter_batch(&batch, &ended, self.wall())
            .await?;
        let is_taken = |(_, end): &&(Fence, LetterEnd)| *end == LetterEnd::Taken;
        let taken = ended.iter().filter(is_taken).count();
        Ok(Some(ReplayedBatch {
            taken,
            refused: ended.len() - taken,
            last: batch.last,
        }))
    }

    /// What becomes of each: those that are no events are refused here, the others go their way together.
    async fn submit(
        &self,
        door: &Door,
        letters: Vec<ClaimedLetter>,
        now: Timestamp,
    ) -> Result<Ended, Error> {
        let loaded = self.loaded();
        let (mut ready, mut ended) = (Vec::new(), Vec::new());
        for letter in letters {
            match check::read(&letter.body, &loaded.schemas, letter.at, now) {
                Ok(mut parsed) => ready.push(Ready {
                    fence: letter.fence,
                    traceparent: parsed.traceparent.take().or(letter.traceparent),
                    parsed,
                }),
                Err(cause) => ended.push((letter.fence, LetterEnd::Refused(cause))),
            }
        }
        ended.extend(match door {
            Door::Broker(publisher) => publish(publisher, ready).await?,
            Door::Turn => self.take_again(ready, now).await?,
        });
        Ok(ended)
    }

    async fn take_again(&self, ready: Vec<Ready>, now: Timestamp) -> Result<Ended, Error> {
        let loaded = self.loaded();
        let (mut arrivals, mut fences, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for letter in ready {
            match self.arrival(letter.parsed, now, &loaded) {
                Ok(arrival) => {
                    arrivals.push(arrival);
                    fences.push(letter.fence);
                }
                Err(why) => {
                    let cause = Cause::of_schema(why);
                    ended.push((letter.fence, LetterEnd::Refused(cause)));
                }
            }
        }
        let count = arrivals.len();
        let decided = self.turn(arrivals).await?;
        let (again, lost) = (decided.duplicates, decided.rejected.len());
        self.metrics.taken_in(Way::Http, count, again, lost);
        let mut ends = vec![LetterEnd::Taken; count];
        for rejected in decided.rejected {
            ends[rejected.index] = LetterEnd::Refused(Cause::quarantined(rejected.reason));
        }
        ended.extend(fences.into_iter().zip(ends));
        Ok(ended)
    }
}

async fn publish(publisher: &Publisher, ready: Vec<Ready>) -> Result<Ended, Error> {
    let ended = ready.iter().map(|letter| (letter.fence, LetterEnd::Taken));
    let ended = ended.collect();
    let items = ready.into_iter().map(|letter| Publication {
        key: letter.parsed.event.customer.to_string(),
        body: intake::to_json(&letter.parsed.event).into(),
        traceparent: letter.traceparent.as_deref().map(str::to_owned),
    });
    let publishing = publisher.publish_all(stream::iter(items), WINDOW, |_| ());
    tokio::select! {
        biased;
        reason = publisher.blocked() => {
            Err(Error::Setting(format!("RabbitMQ takes nothing for now: {reason}")))
        }
        published = publishing => {
            published?;
            Ok(ended)
        }
    }
}
