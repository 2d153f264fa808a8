//! Where the HTTP intake hands events: into the turn itself, or to the broker.

use std::sync::Arc;

use api::{Accept, Accepted, BoxFuture, NotAccepted};
use broker::{Publication, Publisher};
use bytes::Bytes;
use engine::{
    Engine,
    metrics::Way,
    traces::{SpanKind, Step, Traced, Traces},
};
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
            let (mut traced, traces) = (Traced::new(), &self.0.settings().traces);
            for accepted in events {
                let (parent, parsed) = (accepted.traceparent.clone(), parsed(accepted));
                match self.0.arrival(parsed, now, &loaded) {
                    Ok(arrival) => {
                        if let Some(step) = traces.take_in(&arrival, parent.as_deref()) {
                            traced.insert((arrival.customer, arrival.input.id), step);
                        }
                        arrivals.push(arrival);
                    }
                    Err(reason) => return Err(NotAccepted::Failed(reason)),
                }
            }
            let count = arrivals.len();
            let decided = self.0.turn_traced(arrivals, &traced).await;
            let decided = decided.map_err(|e| NotAccepted::Unavailable(e.to_string()))?;
            let (again, lost) = (decided.duplicates, decided.rejected.len());
            let metrics = self.0.metrics();
            metrics.taken_in(Way::Http, count, again, lost);
            match decided.rejected.first() {
                None => Ok(()),
                Some(rejected) => Err(NotAccepted::Failed(rejected.reason.clone())),
            }
        })
    }
}

fn parsed(accepted: Accepted) -> Parsed {
    Parsed {
        id: accepted.id,
        event: accepted.event,
        traceparent: accepted.traceparent,
    }
}

/// To the broker, confirmed.
pub struct IntoBroker {
    /// Where they go.
    pub publisher: Publisher,
    /// The traces that they may belong to.
    pub traces: Traces,
}

impl Accept for IntoBroker {
    fn accept(&self, events: Vec<Accepted>) -> BoxFuture<'_, Result<(), NotAccepted>> {
        Box::pin(async move {
            // Each ends when all are confirmed.
            let mut steps: Vec<_> = events
                .iter()
                .map(|event| self.step(event.traceparent.as_deref()))
                .collect();
            let traceparents: Vec<_> = steps
                .iter()
                .map(|step| step.as_ref().map(Step::traceparent))
                .collect();
            let items = events.into_iter().zip(traceparents);
            let items = items.map(|(accepted, traceparent)| Publication {
                key: accepted.event.customer.to_string(),
                body: Bytes::from(accepted.body),
                traceparent,
            });
            let publishing = self
                .publisher
                .publish_all(stream::iter(items), WINDOW, |_| ());
            let refused = tokio::select! {
                // What waits for a RabbitMQ without room keeps a producer waiting for longer than it is willing to.
                biased;
                reason = self.publisher.blocked() => format!("RabbitMQ takes nothing for now: {reason}"),
                published = publishing => match published {
                    Ok(_) => return Ok(()),
                    Err(error) => error.to_string(),
                },
            };
            let all = steps.iter_mut().flatten();
            all.for_each(|step| step.failed("not confirmed"));
            Err(NotAccepted::Unavailable(refused))
        })
    }
}

impl IntoBroker {
    fn step(&self, parent: Option<&str>) -> Option<Step> {
        let traces = &self.traces;
        traces.begin("parcours accept", SpanKind::Producer, parent)
    }
}
