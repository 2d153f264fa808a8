//! What the HTTP side asks of dead letters: the engine does it.

use std::sync::Arc;

use api::{BoxFuture, Letters, LettersAway, Replay};
use engine::{Door, Engine, NotEdited, Replayed};
use jiff::Timestamp;
use journey::ids::LetterId;
use store::{JobBegun, LetterFilter, NewJob, Sender};
use uuid::Uuid;

/// The dead letters of an engine.
pub struct OfEngine {
    engine: Arc<Engine>,
    door: Door,
}

impl OfEngine {
    /// They are submitted again by that way.
    pub fn new(engine: &Arc<Engine>, door: Door) -> Self {
        let engine = engine.clone();
        Self { engine, door }
    }

    async fn replayed(
        &self,
        id: LetterId,
        edited: Option<Vec<u8>>,
        by: &Sender,
    ) -> Result<Replay, engine::Error> {
        let (now, engine) = (Timestamp::now(), &self.engine);
        let edited = match edited {
            None => None,
            Some(body) => {
                let Some(original) = engine.store().letter_body(id).await? else {
                    return Ok(Replay::NotOpen);
                };
                let schemas = &engine.loaded().schemas;
                match engine::edited(&original, body, schemas, now) {
                    Ok(edited) => Some(edited),
                    Err(NotEdited(cause)) => return Ok(Replay::NotEdited(cause)),
                }
            }
        };
        let replaying = engine.replay_letter(&self.door, id, edited.as_ref(), by, now);
        Ok(match replaying.await? {
            Replayed::Taken => Replay::Taken,
            Replayed::Refused(cause) => Replay::Refused(cause),
            Replayed::NotOpen => Replay::NotOpen,
        })
    }
}

fn away(error: impl std::fmt::Display) -> LettersAway {
    tracing::warn!(%error, "dead letters could not be changed");
    LettersAway
}

impl Letters for OfEngine {
    fn replay(
        &self,
        id: LetterId,
        edited: Option<Vec<u8>>,
        by: Sender,
    ) -> BoxFuture<'_, Result<Replay, LettersAway>> {
        Box::pin(async move { self.replayed(id, edited, &by).await.map_err(away) })
    }

    fn discard(&self, id: LetterId, by: Sender) -> BoxFuture<'_, Result<bool, LettersAway>> {
        let store = self.engine.store();
        Box::pin(async move {
            let done = store.discard_letter(id, &by, Timestamp::now()).await;
            done.map_err(away)
        })
    }

    fn discard_all(
        &self,
        filter: LetterFilter,
        by: Sender,
    ) -> BoxFuture<'_, Result<u64, LettersAway>> {
        let store = self.engine.store();
        Box::pin(async move {
            let done = store.discard_letters(&filter, &by, Timestamp::now()).await;
            done.map_err(away)
        })
    }

    fn begin(&self, job: NewJob) -> BoxFuture<'_, Result<JobBegun, LettersAway>> {
        let store = self.engine.store();
        Box::pin(async move {
            let begun = store.begin_letter_job(&job, Timestamp::now()).await;
            begun.map_err(away)
        })
    }

    fn cancel(&self, job: Uuid) -> BoxFuture<'_, Result<bool, LettersAway>> {
        let store = self.engine.store();
        Box::pin(async move {
            let done = store.cancel_letter_job(job, Timestamp::now()).await;
            done.map_err(away)
        })
    }
}
