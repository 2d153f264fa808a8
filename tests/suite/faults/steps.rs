//! The steps of a simulation.

use std::sync::Arc;

use engine::Engine;
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, intake};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    compare::ensure,
    queue::Delivery,
    shops,
    sim::{Came, Sim, Work},
};

type Done = Result<(), String>;

/// The most events of one batch.
const BATCH: u64 = 12;
/// The most rounds of one kind until there is nothing left to do.
const ROUNDS: u32 = 200;

/// Who asks people outside.
#[derive(Clone, Copy, Debug)]
enum Asks {
    Messages,
    Calls,
}

/// What one round did; nothing: there was nothing to do.
type Round = (usize, String);

impl Sim<'_> {
    /// One step by chance.
    pub async fn step(&mut self) -> Done {
        let which = self.random.index(2);
        match self.random.below(100) {
            0..=19 => self.produce().await,
            20..=44 => self.deliver(which).await?,
            45..=58 => self.timers(which).await?,
            59..=72 => self.ask(which, Asks::Messages).await?,
            73..=79 => self.ask(which, Asks::Calls).await?,
            80..=85 => self.background(which).await?,
            86..=94 => self.wait().await?,
            95 => self.crash(which).await,
            _ => self.order(which).await?,
        }
        Ok(())
    }

    async fn produce(&mut self) {
        if self.random.chance(30) {
            self.act().await;
        }
        for _ in 0..2 + self.random.below(9) {
            let customer = self.random.of(&self.customers).clone();
            let id = format!("e{}", self.published.len());
            // It may have been under way for a while.
            let late = SignedDuration::from_mins(i64::try_from(self.random.below(90)).unwrap());
            let at = self.clock.now() - late;
            let told = shops::happen(&mut self.random, &customer, id, at);
            self.publish(told);
        }
    }

    /// A person does something by hand to a customer's run, message or consent, as it is kept by now.
    async fn act(&mut self) {
        let customer = self.random.of(&self.customers).clone();
        let kept = async |query: &'static str| {
            let found = sqlx::query_scalar(query).bind(CustomerId::of(&customer).0);
            let found: Option<Uuid> = found.fetch_optional(self.stage.store.pool()).await.unwrap();
            found
        };
        let run = kept("select id from run where customer = $1 order by id limit 1").await;
        let failed = kept(
            "select id from message where customer = $1 and status = 'failed' order by at desc, id limit 1",
        )
        .await;
        let Some(run) = run else { return };
        let (id, at) = (format!("e{}", self.published.len()), self.clock.now());
        let told = shops::act(&mut self.random, &customer, (run, failed), id, at);
        self.note(format_args!(
            "by hand: {}",
            String::from_utf8_lossy(&told.body)
        ));
        self.publish(told);
    }

    /// A batch of events from the broker.
    pub async fn deliver(&mut self, which: usize) -> Done {
        let batch = self.queue.batch(&mut self.random, BATCH);
        if batch.is_empty() {
            return Ok(());
        }
        let engine = self.engines[which].clone();
        let now = self.clock.now();
        let read = |delivery: &Delivery| {
            let parsed = intake::parse(&delivery.told.body, now).ok()?;
            engine.arrival(parsed, now, &engine.loaded()).ok()
        };
        let arrivals: Vec<_> = batch.iter().map(read).collect();
        let readable: Vec<_> = arrivals
            .iter()
            .enumerate()
            .filter(|(_, a)| a.is_some())
            .map(|(n, _)| n)
            .collect();
        let arrivals = arrivals.into_iter().flatten().collect();
        let worker = engine.clone();
        let turn = async move { worker.turn(arrivals).await }.boxed_local();
        self.note(format_args!("{which}: {} events", batch.len()));
        let came = self.attempt(which, "turn", turn).await;
        self.look(which).await;
        match came {
            Came::To(decided) => {
                let rejected: Vec<_> = decided.rejected.iter().map(|r| readable[r.index]).collect();
                for (n, Delivery { told, .. }) in batch.iter().enumerate() {
                    let dead = rejected.contains(&n) || !readable.contains(&n);
                    ensure(!dead || told.poison, || format!("{} was rejected", told.id))?;
                }
                self.note(format_args!(
                    "  {} inputs, {} duplicates, {} dead",
                    decided.inputs,
                    decided.duplicates,
                    rejected.len()
                ));
                self.queue.acknowledge(batch);
            }
            Came::Grief(_) => self.queue.give_back(batch),
            Came::Death => {
                self.queue.give_back(batch);
                self.replace(which).await;
            }
        }
        Ok(())
    }

    async fn timers(&mut self, which: usize) -> Done {
        let work = fired(self.engines[which].clone(), self.clock.now());
        self.simple(which, "timers", work).await.map(drop)
    }

    /// Sweeps, and runs that pass.
    async fn background(&mut self, which: usize) -> Done {
        let work = swept(self.engines[which].clone(), self.clock.now());
        self.simple(which, "sweep", work).await?;
        let work = passed(self.engines[which].clone(), self.clock.now());
        self.simple(which, "passage", work).await.map(drop)
    }

    /// Whether there was something to do.
    async fn simple(
        &mut self,
        which: usize,
        what: &str,
        work: Work<Round>,
    ) -> Result<bool, String> {
        let came = self.attempt(which, what, work).await;
        if matches!(came, Came::To((0, _))) {
            return Ok(false);
        }
        self.look(which).await;
        match came {
            Came::To((_, said)) => {
                self.note(format_args!("{which}: {what} {said}"));
                Ok(true)
            }
            Came::Grief(_) => Ok(true),
            Came::Death => {
                self.replace(which).await;
                Ok(true)
            }
        }
    }

    /// Hands messages over, or makes calls. Sometimes the first answer is long in coming, and others
    /// work meanwhile, the clock runs on, or the process dies.
    async fn ask(&mut self, which: usize, asks: Asks) -> Done {
        let tag = self.tag();
        let engine = self.engines[which].clone();
        let outside = &self.stage.outside;
        if !self.faulty || !self.random.chance(50) {
            let (before, what) = (self.faults, format!("{asks:?}"));
            let came = self.simple(which, &what, asked(engine, asks)).await;
            self.tags[tag].disturbed = self.faults > before;
            return came.map(drop);
        }
        outside.hold();
        let mut work = asked(engine, asks);
        let early = tokio::select! {
            biased;
            done = &mut work => Some(done),
            () = outside.held() => None,
        };
        if let Some(done) = early {
            outside.release();
            self.look(which).await;
            let (_, said) = done.map_err(|error| format!("{asks:?}: {error}"))?;
            self.note(format_args!("{which}: {asks:?} {said}"));
            return Ok(());
        }
        self.tags[tag].disturbed = true;
        self.look(which).await;
        self.note(format_args!(
            "{which}: {asks:?}, an answer is long in coming"
        ));
        for _ in 0..self.random.below(4) {
            self.meanwhile(1 - which).await?;
        }
        if self.random.chance(25) {
            self.note(format_args!("  {which}: killed meanwhile"));
            self.stage.outside.release();
            self.replace(which).await;
            return Ok(());
        }
        self.stage.outside.tag(tag);
        self.stage.outside.release();
        let came = self.attempt(which, "the rest", work).await;
        self.look(which).await;
        match came {
            Came::To((_, said)) => self.note(format_args!("  {which}: {said}")),
            Came::Grief(_) => {}
            Came::Death => self.replace(which).await,
        }
        Ok(())
    }

    /// What the other engine, or time, does while somebody waits for an answer.
    async fn meanwhile(&mut self, which: usize) -> Done {
        match self.random.below(10) {
            0..=2 => self.deliver(which).await?,
            3 => self.timers(which).await?,
            4..=6 => {
                // The lease runs out, and somebody else takes the message: their word is the last.
                self.clock.advance(SignedDuration::from_secs(100));
                let (tag, before) = (self.tag(), self.faults);
                let work = asked(self.engines[which].clone(), Asks::Messages);
                self.simple(which, "messages again", work).await?;
                self.tags[tag].disturbed = self.faults > before;
            }
            7 => self.erase(which).await,
            _ => self.clock.advance(SignedDuration::from_secs(30)),
        }
        Ok(())
    }

    async fn wait(&mut self) -> Done {
        const SECONDS: [i64; 9] = [5, 60, 100, 1_200, 7_200, 7_200, 21_600, 43_200, 86_400];
        let by = SignedDuration::from_secs(*self.random.of(&SECONDS));
        self.clock.advance(by);
        self.note(format_args!("{by:?} later"));
        for which in 0..2 {
            self.reload(which).await?;
        }
        Ok(())
    }

    /// Hears of what was applied.
    pub async fn reload(&mut self, which: usize) -> Done {
        let engine = self.engines[which].clone();
        let fresh = engine
            .reload()
            .await
            .map_err(|error| format!("reload: {error}"))?;
        if fresh {
            self.note(format_args!("{which}: hears of the news"));
        }
        Ok(())
    }

    async fn crash(&mut self, which: usize) {
        self.note(format_args!("{which}: killed"));
        self.replace(which).await;
    }

    /// What people order: an apply, a pause, an erasure.
    async fn order(&mut self, which: usize) -> Done {
        let now = self.clock.now();
        match self.random.below(4) {
            0 | 1 if !self.applied => {
                self.applied = true;
                self.note(format_args!("an apply"));
                let workspace = shops::second(&self.stage.outside.endpoint());
                self.stage.publish(&workspace, now).await;
            }
            0 | 1 => {
                let pauses = self.random.chance(50);
                self.pause(pauses).await;
            }
            2 => self.erase(which).await,
            _ => self.reload(which).await?,
        }
        Ok(())
    }

    async fn pause(&mut self, pauses: bool) {
        let journey = *self.random.of(&shops::PAUSED);
        let said = self
            .stage
            .store
            .pause(journey, pauses, self.clock.now())
            .await
            .unwrap();
        self.note(format_args!("{journey} pauses: {pauses}: {said:?}"));
        self.clock.advance(SignedDuration::from_millis(1));
    }

    async fn erase(&mut self, which: usize) {
        let customer = self.random.of(&self.customers).clone();
        let id = CustomerId::of(&customer);
        let erased = self.stage.store.erase(id, self.clock.now()).await.unwrap();
        self.note(format_args!("{customer} erased: {}", erased.is_some()));
        if erased.is_some() {
            self.forget(&customer);
        }
        self.look(which).await;
    }

    /// Everything that is due, to its end.
    pub async fn round(&mut self, which: usize) -> Done {
        for _ in 0..ROUNDS {
            let engine = || self.engines[which].clone();
            let now = self.clock.now();
            let all = [
                ("sweep", swept(engine(), now)),
                ("passage", passed(engine(), now)),
                ("timers", fired(engine(), now)),
                ("messages", asked(engine(), Asks::Messages)),
                ("calls", asked(engine(), Asks::Calls)),
            ];
            let mut busy = false;
            for (what, work) in all {
                self.tag();
                busy |= self.simple(which, what, work).await?;
            }
            if !busy {
                return Ok(());
            }
            // The next round of an order about runs in flight begins a while later.
            self.clock.advance(SignedDuration::from_secs(6));
        }
        Err(format!("engine {which} does not come to rest"))
    }
}

fn fired(engine: Arc<Engine>, now: Timestamp) -> Work<Round> {
    let work = async move {
        let fired = engine.timers_once(now).await?;
        Ok((fired.timers, format!("{fired:?}")))
    };
    work.boxed_local()
}

fn swept(engine: Arc<Engine>, now: Timestamp) -> Work<Round> {
    let work = async move {
        let swept = engine.sweeps_once(now).await?;
        Ok((usize::from(swept.looked), format!("{swept:?}")))
    };
    work.boxed_local()
}

fn passed(engine: Arc<Engine>, now: Timestamp) -> Work<Round> {
    let work = async move {
        let passed = engine.passages_once(now).await?;
        Ok((usize::from(passed.looked), format!("{passed:?}")))
    };
    work.boxed_local()
}

fn asked(engine: Arc<Engine>, asks: Asks) -> Work<Round> {
    let work = async move {
        let stop = CancellationToken::new();
        match asks {
            Asks::Messages => {
                let done = engine.dispatch_once(&stop).await?;
                Ok((done.leased, format!("{done:?}")))
            }
            Asks::Calls => {
                let done = engine.calls_once(&stop).await?;
                Ok((done.leased, format!("{done:?}")))
            }
        }
    };
    work.boxed_local()
}
