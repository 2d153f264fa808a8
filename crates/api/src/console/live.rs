//! Pages that keep themselves up to date: they are told by server-sent events that something has changed, and ask
//! for themselves again (`static/console.js`), so that there is one way to render them.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use axum::{
    Extension,
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use serde::Deserialize;
use store::read::ReadError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep},
};

use crate::problem::Problem;

/// How many pages are told at the same time, by one address that is served.
const MOST: usize = 500;
/// How often it is looked whether something has changed.
const EVERY: Duration = Duration::from_secs(1);
/// How long a connection is kept; the page makes another.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How often a sign of life is sent: proxies give up on what is silent for a minute.
const ALIVE: Duration = Duration::from_secs(20);

/// The pages that are told. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    places: Arc<Semaphore>,
    over: Arc<watch::Sender<bool>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST)),
            over: Arc::new(watch::Sender::new(false)),
        }
    }
}

impl Live {
    /// Ends every page's connection, so that the process can stop.
    pub(crate) fn close(&self) {
        self.over.send_replace(true);
    }
}

/// What a page has seen already, as [`tell`] said it.
#[derive(Deserialize)]
pub(super) struct Seen {
    seen: Option<String>,
}

impl Seen {
    /// That word; `None`: nothing.
    pub(super) fn new(seen: Option<String>) -> Self {
        Self { seen }
    }
}

/// Tells a page `changed` whenever `look` answers something else than before: a word that stands for all that the
/// page shows, cheap to find. The page names the one that it was made with, so that nothing is missed in between.
///
/// # Errors
/// If too many pages are told already.
pub(super) fn tell<F, L>(
    live: Option<Extension<Live>>,
    seen: Seen,
    look: F,
) -> Result<Response, Problem>
where
    F: Fn() -> L + Send + 'static,
    L: Future<Output = Result<String, ReadError>> + Send + 'static,
{
    let Extension(live) = live.unwrap_or_default();
    let place = live.places.clone().try_acquire_owned().map_err(|_| {
        let detail = "Too many pages are open at once; this one does not keep itself up to date.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many", detail)
    })?;
    let telling = Telling {
        look,
        seen: seen.seen,
        until: Instant::now() + LONGEST,
        over: live.over.subscribe(),
        _place: place,
    };
    let alive = KeepAlive::new().interval(ALIVE);
    let response = Sse::new(events(telling)).keep_alive(alive).into_response();
    // Some proxies collect what is answered, unless they are told not to.
    Ok(([("x-accel-buffering", "no")], response).into_response())
}

/// One open page.
struct Telling<F> {
    look: F,
    /// What was answered last.
    seen: Option<String>,
    until: Instant,
    over: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

fn events<F, L>(telling: Telling<F>) -> impl Stream<Item = Result<Event, Infallible>>
where
    F: Fn() -> L + Send + 'static,
    L: Future<Output = Result<String, ReadError>> + Send + 'static,
{
    stream::unfold(telling, |mut telling| async move {
        telling.changed().await?;
        Some((Ok(Event::default().event("changed").data("{}")), telling))
    })
}

impl<F, L> Telling<F>
where
    F: Fn() -> L,
    L: Future<Output = Result<String, ReadError>>,
{
    /// Waits until something has changed; `None`: the page is to connect again.
    async fn changed(&mut self) -> Option<()> {
        while !*self.over.borrow() && Instant::now() < self.until {
            match (self.look)().await {
                Ok(now) => {
                    let before = self.seen.replace(now);
                    if before.is_some() && before != self.seen {
                        return Some(());
                    }
                }
                Err(error) => tracing::debug!(%error, "a page cannot be kept up to date"),
            }
            tokio::select! {
                () = sleep(EVERY) => {}
                _ = self.over.changed() => {}
            }
        }
        None
    }
}
