//! The parts that `run`, `dev` and `demo` put together: engine, HTTP, and an orderly stop.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use api::{Accept, CaptureStore, Erases, NotErased, Readiness, Startables};
use broker::Broker;
use engine::{Engine, Roles};
use jiff::Timestamp;
use journey::world::Startable;
use store::read::Reader;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The HTTP side of a process.
pub struct Http {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Http {
    /// Serves intake, support and the console on `listener` until `stop`. Intake asks for the
    /// write key, if there is one.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start(
        listener: TcpListener,
        engine: &Arc<Engine>,
        accept: Arc<dyn Accept>,
        mailbox: Option<Arc<dyn CaptureStore>>,
        write_key: Option<String>,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let address = listener.local_addr()?;
        let schemas = engine.clone();
        let state = api::State {
            refuse: Arc::new(move |event| schemas.loaded().schemas.refuse(event)),
            startable: startables(engine),
            erase: erases(engine),
            reader: Reader::new(engine.store().pool().clone()),
            accept,
            mailbox,
            ready: Arc::new(Vec::<Readiness>::new),
            clock: Timestamp::now,
            write_key: write_key.map(Arc::from),
        };
        let task = tokio::spawn(api::serve(
            listener,
            api::router(state),
            stop.clone().cancelled_owned(),
        ));
        Ok(Self { address, task })
    }

    /// Waits until the last request is answered.
    ///
    /// # Errors
    /// If the listener failed.
    pub async fn ended(self) -> Result<()> {
        self.task
            .await
            .context("the HTTP side has died")?
            .context("the HTTP side has failed")
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

/// Runs the engine's loops and waits for all of it to stop in order.
///
/// # Errors
/// If the broker refuses the first consumer, or the HTTP side fails.
pub async fn run(
    engine: &Arc<Engine>,
    broker: Option<&Broker>,
    roles: Roles,
    http: Option<Http>,
    stop: &CancellationToken,
) -> Result<()> {
    let result = engine.run(broker, roles, stop.clone()).await;
    stop.cancel();
    if let Some(http) = http {
        http.ended().await?;
    }
    Ok(result?)
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
