//! The loops around the single steps, and how they stop: the batch at hand is finished, leases are
//! given back, and nothing new is begun.

use std::{sync::Arc, time::Duration};

use broker::Broker;
use store::Listener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, Intake};

/// Which loops an engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Takes events from the broker.
    pub intake: bool,
    /// Fires timers, has runs pass to other versions, works sweeps off, and removes what is not kept.
    pub timers: bool,
    /// Hands messages to providers, and makes calls.
    pub dispatch: bool,
}

impl Roles {
    /// All of them.
    pub const ALL: Self = Self {
        intake: true,
        timers: true,
        dispatch: true,
    };
}

/// How often it is looked at whether a round of the retention is due.
const RETENTION_POLL: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// The longest pause after an error.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Engine {
    /// Runs the loops until `stop` is cancelled, then finishes what is at hand. Without a broker
    /// there is no intake loop: events come by HTTP.
    ///
    /// # Errors
    /// If the broker refuses the first consumer; later errors are logged, and the loop goes on.
    pub async fn run(
        self: &Arc<Self>,
        broker: Option<&Broker>,
        roles: Roles,
        stop: CancellationToken,
    ) -> Result<(), Error> {
        let mut tasks = JoinSet::new();
        if let (true, Some(broker)) = (roles.intake, broker) {
            let consumer = broker.consumer().await?;
            tasks.spawn(Arc::clone(self).intake_loop(consumer, stop.clone()));
        }
        if roles.timers {
            tasks.spawn(Arc::clone(self).timer_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).passage_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).sweep_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).retention_loop(stop.clone()));
        }
        if roles.dispatch {
            tasks.spawn(Arc::clone(self).dispatch_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).call_loop(stop.clone()));
        }
        tasks.spawn(Arc::clone(self).workspace_loop(stop.clone()));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a loop has died; the engine stops");
                stop.cancel();
            }
        }
        Ok(())
    }

    async fn intake_loop(self: Arc<Self>, consumer: broker::Consumer, stop: CancellationToken) {
        let mut pause = Pause::default();
        let mut intake = Intake::new(&self, consumer);
        loop {
            let taken = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                taken = intake.next() => taken,
            };
            match taken {
                Ok(Some(taken)) => {
                    pause.reset();
                    tracing::debug!(?taken, "took a batch in");
                }
                Ok(None) => break,
                Err(error) => pause.after("intake", &error, &stop).await,
            }
        }
        // Batches that are open are finished, whatever is asked.
        if let Err(error) = intake.close().await {
            tracing::debug!(%error, "the consumer did not close in order");
        }
    }

    async fn timer_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.timers_once(self.wall()).await {
                Ok(fired) => {
                    pause.reset();
                    if fired.customers > 0 && fired.timers == 0 {
                        // Others are at it, or cannot be helped: no reason to ask at once.
                        sleep(self.settings.timer_poll, &stop).await;
                    } else if fired.timers == 0 {
                        self.sleep_until_due(&stop).await;
                    }
                }
                Err(error) => pause.after("timers", &error, &stop).await,
            }
        }
    }

    /// Until the next timer, but no longer than the poll: an earlier one may come.
    async fn sleep_until_due(&self, stop: &CancellationToken) {
        let poll = self.settings.timer_poll;
        let next = self.store.next_due().await.ok().flatten();
        let wait = next.map_or(poll, |due| due.duration_since(self.wall()).min(poll));
        sleep(wait.max(jiff::SignedDuration::ZERO), stop).await;
    }

    async fn dispatch_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.dispatch_once(&stop).await {
                Ok(dispatched) => {
                    pause.reset();
                    if dispatched.leased == 0 {
                        tokio::select! {
                            () = self.queued.notified() => {}
                            () = sleep(self.settings.dispatch_poll, &stop) => {}
                        }
                    }
                }
                Err(error) => pause.after("dispatch", &error, &stop).await,
            }
        }
    }

    async fn passage_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.passages_once(self.wall()).await {
                // Between two stretches everybody else has their turn.
                Ok(passed) if passed.looked => pause.reset(),
                Ok(_) => {
                    pause.reset();
                    sleep(self.settings.workspace_poll, &stop).await;
                }
                Err(error) => pause.after("passages", &error, &stop).await,
            }
        }
    }

    async fn sweep_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.sweeps_once(self.wall()).await {
                // Between two pages everybody else has their turn.
                Ok(swept) if swept.looked => pause.reset(),
                Ok(_) => {
                    pause.reset();
                    sleep(self.settings.workspace_poll, &stop).await;
                }
                Err(error) => pause.after("sweeps", &error, &stop).await,
            }
        }
    }

    async fn retention_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.retention_once(self.wall()).await {
                // Between two pages everybody else has their turn.
                Ok(Some(_)) => pause.reset(),
                Ok(None) => {
                    pause.reset();
                    sleep(RETENTION_POLL, &stop).await;
                }
                Err(error) => pause.after("retention", &error, &stop).await,
            }
        }
    }

    async fn call_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        while !stop.is_cancelled() {
            match self.calls_once(&stop).await {
                Ok(calls) => {
                    pause.reset();
                    if calls.leased == 0 {
                        tokio::select! {
                            () = self.called.notified() => {}
                            () = sleep(self.settings.dispatch_poll, &stop) => {}
                        }
                    }
                }
                Err(error) => pause.after("calls", &error, &stop).await,
            }
        }
    }

    async fn workspace_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::default();
        let mut news = None;
        while !stop.is_cancelled() {
            match self.reload().await {
                Ok(_) => {
                    pause.reset();
                    self.wait_for_news(&mut news, &stop).await;
                }
                Err(error) => pause.after("workspace", &error, &stop).await,
            }
        }
    }

    /// Until somebody has applied a workspace. The news wakes, the poll is what is relied on.
    async fn wait_for_news(&self, news: &mut Option<Listener>, stop: &CancellationToken) {
        if news.is_none() {
            *news = self.store.listen().await.ok();
        }
        let lost = tokio::select! {
            () = sleep(self.settings.workspace_poll, stop) => false,
            told = told(news) => told.is_err(),
        };
        if lost {
            // Listened to anew after the next look, which waits for the database if it must.
            *news = None;
        }
    }
}

async fn told(news: &mut Option<Listener>) -> Result<(), store::Error> {
    match news {
        Some(listener) => listener.changed().await,
        None => std::future::pending().await,
    }
}

async fn sleep(span: jiff::SignedDuration, stop: &CancellationToken) {
    let span = Duration::try_from(span).unwrap_or_default();
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(span) => {}
    }
}

/// Pauses that grow while errors follow each other.
#[derive(Default)]
struct Pause {
    errors: u32,
}

impl Pause {
    fn reset(&mut self) {
        self.errors = 0;
    }

    async fn after(&mut self, what: &str, error: &Error, stop: &CancellationToken) {
        let wait = Duration::from_millis(100 << self.errors.min(7)).min(LONGEST_PAUSE);
        self.errors = self.errors.saturating_add(1);
        let error = error.told();
        tracing::error!(loop.name = what, error, wait_ms = wait.as_millis(), "will try again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
