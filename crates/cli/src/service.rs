//! The parts that `run`, `dev` and `demo` put together: engine, HTTP, and an orderly stop.

mod health;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use api::{
    Accept, Erases, Look, NotErased, NotPaused, Ops, Pages, Pauses, Providers, Startables, State,
};
use broker::Broker;
use engine::{Door, Engine, Roles};
use jiff::Timestamp;
use journey::world::Startable;
use store::read::Reader;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use self::health::ops;
use crate::{intake::IntoTurn, letters::OfEngine};

/// The HTTP side of a process.
pub struct Http {
    /// Where it listens.
    pub address: SocketAddr,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
}

impl Http {
    /// Serves intake, support, the console and, where they are in `state`, the pages of customers,
    /// until `stop`.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start(listener: TcpListener, state: State, stop: &CancellationToken) -> Result<Self> {
        Self::serve(listener, api::router(state), stop)
    }

    /// Serves the pages of customers and nothing else until `stop`: what the world may reach.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start_pages(
        listener: TcpListener,
        state: State,
        stop: &CancellationToken,
    ) -> Result<Self> {
        Self::serve(listener, api::pages_router(state), stop)
    }

    /// Serves metrics and health and nothing else until `stop`.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start_ops(listener: TcpListener, ops: Ops, stop: &CancellationToken) -> Result<Self> {
        Self::serve(listener, api::ops_router(ops), stop)
    }

    fn serve(listener: TcpListener, router: api::Router, stop: &CancellationToken) -> Result<Self> {
        let address = listener.local_addr()?;
        let stopped = stop.clone().cancelled_owned();
        let tasks = vec![tokio::spawn(api::serve(listener, router, stopped))];
        Ok(Self { address, tasks })
    }

    /// The two as one, at the first one's address.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.tasks.extend(other.tasks);
        self
    }

    /// Waits until the last request is answered.
    ///
    /// # Errors
    /// If the listener failed.
    pub async fn ended(self) -> Result<()> {
        for task in self.tasks {
            task.await
                .context("the HTTP side has died")?
                .context("the HTTP side has failed")?;
        }
        Ok(())
    }
}

/// What the HTTP side answers from: without a mailbox, a write key, pages and a broker, which are added (dead letters go into the turn until then); open until there are users.
pub fn state(engine: &Arc<Engine>, accept: Arc<dyn Accept>) -> State {
    let schemas = engine.clone();
    State {
        refuse: Arc::new(move |event| schemas.loaded().schemas.refuse(event)),
        startable: startables(engine),
        erase: erases(engine),
        pause: pauses(engine),
        reader: Reader::new(engine.store().pool().clone()),
        accept,
        letters: Some(Arc::new(OfEngine::new(engine, Door::Turn))),
        mailbox: None,
        ops: ops(engine, None),
        clock: Timestamp::now,
        access: Some(api::access::Access::new(engine.store().access(), false)),
        write_key: None,
        pages: None,
        chat: None,
        typing: Some(engine.store().chat()),
        answers: Some(engine.store().answers()),
        providers: None,
    }
}

/// What it takes to hear the engine's providers.
pub fn providers(engine: &Arc<Engine>) -> Providers {
    Providers {
        channels: engine.channels().clone(),
        key: engine.linker().key().clone(),
        base: Arc::from(&*engine.settings().links.base),
    }
}

/// The pages of customers, straight into the turn: a no holds before it is answered.
pub fn pages(engine: &Arc<Engine>, look: Look) -> Pages {
    let (policies, uses) = (engine.clone(), engine.clone());
    Pages {
        key: engine.linker().key().clone(),
        turn: Arc::new(IntoTurn(engine.clone())),
        policies: Arc::new(move || policies.loaded().world.policies.clone()),
        uses: Arc::new(move || uses.loaded().uses.clone()),
        browsers: engine.channels().browsers(),
        look,
    }
}

/// What is published says which journeys can be entered; where it cannot be read, nobody is refused.
pub fn startables(engine: &Arc<Engine>) -> Arc<Startables> {
    let engine = engine.clone();
    Arc::new(move |journey| {
        let engine = engine.clone();
        Box::pin(async move {
            let known = engine.startable(&journey).await;
            known.unwrap_or_else(|error| {
                tracing::warn!(%error, "which journeys there are is not known");
                Startable::Yes
            })
        })
    })
}

/// Erases in the engine's database.
pub fn erases(engine: &Arc<Engine>) -> Arc<Erases> {
    let engine = engine.clone();
    Arc::new(move |id, at| {
        let engine = engine.clone();
        Box::pin(async move {
            let erased = engine.store().erase(id, at).await;
            erased
                .map(|erased| erased.map(|e| e.rows))
                .map_err(|error| {
                    tracing::error!(%error, "a customer could not be erased");
                    match error {
                        store::Error::NoSecret => NotErased::NoSecret,
                        error if error.is_retryable() => NotErased::Busy,
                        _ => NotErased::Fault,
                    }
                })
        })
    })
}

/// Pauses journeys in the engine's database, as `parcours pause` does.
pub fn pauses(engine: &Arc<Engine>) -> Arc<Pauses> {
    let engine = engine.clone();
    Arc::new(move |journey, pauses, at| {
        let engine = engine.clone();
        Box::pin(async move {
            let paused = engine.store().pause(&journey, pauses, at).await;
            paused.map_err(|error| {
                tracing::error!(%error, "a journey could not be paused");
                NotPaused
            })
        })
    })
}

/// Listens on `address`; with `or_any`, on a free port if that one is taken.
///
/// # Errors
/// If it cannot.
pub async fn listen(address: &str, or_any: bool) -> Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(_) if or_any => TcpListener::bind("127.0.0.1:0")
            .await
            .context("no free port for the console"),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

/// How work came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// All that was at hand is done.
    InOrder,
    /// Something took too long and was left: what was leased is free again when its lease runs out, what was not
    /// acknowledged comes again, and what was not committed did not happen.
    Hurried,
}

/// Runs the engine's loops until `stop`, and waits for all of it to end, but no longer than `within` after that.
///
/// # Errors
/// If the broker refuses the first consumer, or the HTTP side fails.
pub async fn run(
    engine: &Arc<Engine>,
    broker: Option<&Broker>,
    roles: Roles,
    http: Option<Http>,
    stop: &CancellationToken,
    within: Duration,
) -> Result<Stopped> {
    let work = async {
        let result = engine.run(broker, roles, stop.clone()).await;
        stop.cancel();
        if let Some(http) = http {
            http.ended().await?;
        }
        result?;
        Ok(Stopped::InOrder)
    };
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(within).await;
    };
    tokio::select! {
        biased;
        done = work => done,
        () = overdue => {
            let seconds = within.as_secs();
            tracing::warn!(seconds, "what was at hand took too long and was left: others do it, or the next start");
            Ok(Stopped::Hurried)
        }
    }
}

/// Cancelled by Ctrl-C, SIGTERM or SIGHUP.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn stop_on_signals() -> Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let mut signals = [
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    ];
    let cancelled = stop.clone();
    tokio::spawn(async move {
        let [interrupt, terminate, hangup] = &mut signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}
