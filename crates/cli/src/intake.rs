//! Where the HTTP intake hands events: into the turn itself, or to the broker.

use std::sync::Arc;

use api::{Accept, Accepted, BoxFuture, NotAccepted};
use broker::Publisher;
use bytes::Bytes;
use engine::Engine;
use futures::stream;
use jiff::Timestamp;
use journey::intake::Parsed;

/// The most publishes of one request that are unconfirmed at a time.
const WINDOW: usize = 256;

/// Straight into the turn: answered after the commit.
pub struct IntoTurn(pub Arc<Engine>);

impl Accept for IntoTurn {
    fn accept(&self, events: Vec<Accepted>) -> BoxFuture<'_, Result<(), NotAccepted>> {
        Box::pin(async move {
            let (now, loaded) = (Timestamp::now(), self.0.loaded());
            let mut arrivals = Vec::with_capacity(events.len());
            for Accepted { id, event, .. } in events {
                let parsed = Parsed { id, event };
                match self.0.arrival(parsed, now, &loaded) {
                    Ok(arrival) => arrivals.push(arrival),
                    Err(reason) => return Err(NotAccepted::Failed(reason)),
                }
            }
            let decided = self.0.turn(arrivals).await;
            let decided = decided.map_err(|e| NotAccepted::Unavailable(e.to_string()))?;
            match decided.rejected.first() {
                None => Ok(()),
                Some(rejected) => Err(NotAccepted::Failed(rejected.reason.clone())),
            }
        })
    }
}

/// To the broker, confirmed.
pub struct IntoBroker(pub Publisher);

impl Accept for IntoBroker {
    fn accept(&self, events: Vec<Accepted>) -> BoxFuture<'_, Result<(), NotAccepted>> {
        Box::pin(async move {
            let items = events.into_iter().map(|accepted| {
                (
                    accepted.event.customer.to_string(),
                    Bytes::from(accepted.body),
                )
            });
            let published = self
                .0
                .publish_all(stream::iter(items), WINDOW, |_| ())
                .await;
            published
                .map(drop)
                .map_err(|e| NotAccepted::Unavailable(e.to_string()))
        })
    }
}
