//! Where accepted events go.

use std::{future::Future, pin::Pin, sync::Arc};

use journey::{ids::InputId, input::Event};

/// A boxed future, so that the traits of this crate can be objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One event that is well formed.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// Its id, for de-duplication.
    pub id: InputId,
    /// The event.
    pub event: Event,
    /// The same event as self-contained JSON (`type` filled in from the path, CloudEvents
    /// attributes from the headers), for whoever passes it on: parsing it gives this event again.
    pub body: Vec<u8>,
    /// The W3C trace context that its producer sent along: the request's header, or the CloudEvent's extension.
    pub traceparent: Option<Arc<str>>,
}

/// Takes events over. `dev` puts them into the turn and answers after the commit; `run` publishes
/// them with confirms.
pub trait Accept: Send + Sync {
    /// Takes all of these events, in order, or none that could get lost: after `Ok` they are
    /// safe; after an error the producer sends them again, and ids sort out the duplicates.
    fn accept(&self, events: Vec<Accepted>) -> BoxFuture<'_, Result<(), NotAccepted>>;
}

/// Why events were not taken over.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// The broker or the database is away, or behind. The producer is asked to try again.
    #[error("events cannot be taken now: {0}")]
    Unavailable(String),
    /// A fault of ours. Logged; the producer learns only that it was one.
    #[error("events could not be taken: {0}")]
    Failed(String),
}
