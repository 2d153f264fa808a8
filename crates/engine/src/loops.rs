//! The loops around the single steps, and how they stop: the batch at hand is finished, leases are
//! given back, and nothing new is begun.

mod pause;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use broker::Broker;
use store::Listener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use self::pause::{Pause, sleep};
use crate::{Door, Engine, Error, Intake, Roles, dispatch::Rounds};

/// How often it is looked at whether a round of the retention is due.
const RETENTION_POLL: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// How often it is looked at whether there are more dead letters than are kept.
const TRIM_POLL: Duration = Duration::from_secs(60);
/// How often what was counted is added to its totals.
const COUNTS_POLL: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

impl Engine {
    /// These roles' loops are to run: until they do, the engine does not count as ready.
    pub fn expect(&self, roles: Roles) {
        roles.loops().for_each(|name| self.loops.expect(name));
    }

    /// Returns when all loops run that are expected.
    pub async fn begun(&self) {
        self.loops.begun().await;
    }

    /// Runs the loops until `stop` is cancelled, then finishes what is at hand. Without a broker
    /// there is no intake loop: events come by HTTP.
    ///
    /// # Errors
    /// If the broker does not say which shards there are, or lets nobody publish; later errors are logged, and the loop goes on.
    pub async fn run(
        self: &Arc<Self>,
        broker: Option<&Broker>,
        roles: Roles,
        stop: CancellationToken,
    ) -> Result<(), Error> {
        let mut tasks = JoinSet::new();
        if let (true, Some(broker)) = (roles.intake, broker) {
            broker.plan().await?;
            tasks.spawn(Arc::clone(self).shards_loop(broker.shards(), stop.clone()));
            tasks.spawn(Arc::clone(self).letter_loop(broker.letterbox(), stop.clone()));
        }
        if roles.timers {
            let door = match broker {
                Some(broker) => Door::Broker(broker.publisher().await?),
                None => Door::Turn,
            };
            tasks.spawn(Arc::clone(self).replay_loop(door, stop.clone()));
            tasks.spawn(Arc::clone(self).timer_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).passage_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).sweep_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).retention_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).forward_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).count_loop(stop.clone()));
        }
        if roles.dispatch {
            tasks.spawn(Arc::clone(self).dispatch_loop(stop.clone()));
            tasks.spawn(Arc::clone(self).call_loop(stop.clone()));
        }
        tasks.spawn(Arc::clone(self).workspace_loop(stop.clone()));
        tasks.spawn(Arc::clone(self).sample_loop(broker.cloned(), roles, stop.clone()));
        while let Some(ended) = tasks.join_next().await {
            died(ended, &stop);
        }
        Ok(())
    }

    /// Reads every shard there is, and those that come.
    async fn shards_loop(self: Arc<Self>, mut shards: broker::Shards, stop: CancellationToken) {
        let mut loops = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = loops.join_next(), if !loops.is_empty() => died(ended, &stop),
                consumer = shards.next() => match consumer {
                    Some(consumer) => {
                        loops.spawn(Arc::clone(&self).intake_loop(consumer, stop.clone()));
                    }
                    None => break,
                },
            }
        }
        while let Some(ended) = loops.join_next().await {
            died(ended, &stop);
        }
    }

    async fn intake_loop(self: Arc<Self>, consumer: broker::Consumer, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "intake", &stop);
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
                Err(error) => pause.after(&error).await,
            }
        }
        // Batches that are open are finished, whatever is asked.
        if let Err(error) = intake.close().await {
            tracing::debug!(%error, "the consumer did not close in order");
        }
    }

    async fn timer_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "timers", &stop);
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
                Err(error) => pause.after(&error).await,
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
        let mut pause = Pause::of(&self, "dispatch", &stop);
        let mut rounds = Rounds::default();
        while !stop.is_cancelled() {
            while let Some(ended) = rounds.try_ended() {
                pause.look(ended).await;
            }
            match self.begin_rounds(&mut rounds, &stop).await {
                Ok(0) => {
                    if rounds.is_idle() {
                        pause.reset();
                    }
                    tokio::select! {
                        ended = rounds.ended() => pause.look(ended).await,
                        () = self.queued.notified() => {}
                        () = sleep(self.settings.dispatch_poll, &stop) => {}
                    }
                }
                Ok(_) => {}
                Err(error) => pause.after(&error).await,
            }
        }
        if let Err(error) = rounds.finish().await {
            tracing::debug!(%error, "what became of some messages is not recorded");
        }
    }

    async fn passage_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "passages", &stop);
        while !stop.is_cancelled() {
            match self.passages_once(self.wall()).await {
                // Between two stretches everybody else has their turn.
                Ok(passed) if passed.looked => pause.reset(),
                Ok(_) => {
                    pause.reset();
                    sleep(self.settings.workspace_poll, &stop).await;
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn sweep_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "sweeps", &stop);
        while !stop.is_cancelled() {
            match self.sweeps_once(self.wall()).await {
                // Between two pages everybody else has their turn.
                Ok(swept) if swept.looked => pause.reset(),
                Ok(_) => {
                    pause.reset();
                    sleep(self.settings.workspace_poll, &stop).await;
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn letter_loop(
        self: Arc<Self>,
        mut letterbox: broker::Letterbox,
        stop: CancellationToken,
    ) {
        let mut pause = Pause::of(&self, "letters", &stop);
        while !stop.is_cancelled() {
            match self.letters_once(&mut letterbox, self.wall()).await {
                Ok(moved) => {
                    pause.reset();
                    if moved.letters == 0 {
                        sleep(self.settings.letter_poll, &stop).await;
                    }
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn replay_loop(self: Arc<Self>, door: Door, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "replays", &stop);
        let mut trimmed: Option<Instant> = None;
        while !stop.is_cancelled() {
            let due = trimmed.is_none_or(|at| at.elapsed() >= TRIM_POLL);
            if due {
                trimmed = Some(Instant::now());
                if let Err(error) = self.trim_letters_once(self.wall()).await {
                    pause.after(&error).await;
                }
            }
            match self.replays_once(&door, self.wall()).await {
                // Between two batches everybody else has their turn.
                Ok(Some(_)) => pause.reset(),
                Ok(None) => {
                    pause.reset();
                    sleep(self.settings.letter_poll, &stop).await;
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn retention_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "retention", &stop);
        while !stop.is_cancelled() {
            match self.retention_once(self.wall()).await {
                // Between two pages everybody else has their turn.
                Ok(Some(_)) => pause.reset(),
                Ok(None) => {
                    pause.reset();
                    sleep(RETENTION_POLL, &stop).await;
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn forward_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "forwards", &stop);
        while !stop.is_cancelled() {
            match self.forwards_once().await {
                Ok(forwards) => {
                    pause.reset();
                    if forwards.leased == 0 {
                        tokio::select! {
                            () = self.forwarded.notified() => {}
                            () = sleep(self.settings.dispatch_poll, &stop) => {}
                        }
                    }
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn count_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "counts", &stop);
        while !stop.is_cancelled() {
            match self.counts_once().await {
                // Between two pages everybody else has their turn.
                Ok(true) => pause.reset(),
                Ok(false) => {
                    pause.reset();
                    sleep(COUNTS_POLL, &stop).await;
                }
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn call_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "calls", &stop);
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
                Err(error) => pause.after(&error).await,
            }
        }
    }

    async fn sample_loop(
        self: Arc<Self>,
        broker: Option<Broker>,
        roles: Roles,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            self.tell_once(broker.as_ref(), roles, self.wall()).await;
            sleep(self.settings.sample_every, &stop).await;
        }
        self.farewell().await;
    }

    async fn workspace_loop(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = Pause::of(&self, "reload", &stop);
        let mut news = None;
        while !stop.is_cancelled() {
            match self.reload().await {
                Ok(_) => {
                    pause.reset();
                    self.wait_for_news(&mut news, &stop).await;
                }
                Err(error) => pause.after(&error).await,
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

/// Stops the engine if a loop has ended as none should.
fn died(ended: Result<(), JoinError>, stop: &CancellationToken) {
    if let Err(error) = ended {
        tracing::error!(%error, "a loop has died; the engine stops");
        stop.cancel();
    }
}

async fn told(news: &mut Option<Listener>) -> Result<(), store::Error> {
    match news {
        Some(listener) => listener.changed().await,
        None => std::future::pending().await,
    }
}
