//! One seed: two engines, a broker, providers and a clock, driven step by step.
//!
//! Every step is a real function of the engine on a real database. Chance chooses the next step, how
//! far the clock goes, which statement fails and how, who dies when, and what people outside answer.
//! There is one thread and no waiting for real time, so a seed does the same every time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use engine::{Engine, Error};
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use journey::ids::{CustomerId, InputId};
use parcours_tests::kit::{Fault, Random};
use uuid::Uuid;

use super::{
    compare::{self, Tag},
    outside::Answer,
    queue::Queue,
    shops::{self, Says, Told},
    stage::{Clock, Stage},
    watch::Watch,
};

/// Monday, so that the letters go out.
const START: &str = "2026-03-02T07:00:00Z";
/// Steps before everything is left to come to rest.
const STEPS: u64 = 34;
/// Looks at what is due afterwards, some more than a day apart. Waits end before, but for date entries.
const REST: usize = 13;
/// And some more, two hours apart: what is decided last may have to be tried again.
const RETRIES: usize = 30;
/// Codes that pass by themselves: a conflict, a deadlock, no room, cancelled, a lock not to be had.
const PASSING: [&str; 5] = ["40001", "40P01", "53100", "57014", "55P03"];

/// Something that an engine is to do.
pub type Work<T> = LocalBoxFuture<'static, Result<T, Error>>;

/// What a step came to, where something may go wrong.
pub enum Came<T> {
    To(T),
    Grief(Error),
    /// The process died at that point.
    Death,
}

/// What a seed left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of every step, and of what the database holds at the end.
    pub hash: u64,
    pub inputs: usize,
    pub sent: usize,
    pub faults: u64,
}

pub struct Sim<'s> {
    pub stage: &'s Stage,
    pub random: Random,
    pub clock: Clock,
    pub engines: [Arc<Engine>; 2],
    pub queue: Queue,
    pub customers: Vec<String>,
    pub published: Vec<Told>,
    pub erased: BTreeMap<String, Timestamp>,
    pub applied: bool,
    pub tags: Vec<Tag>,
    pub log: Vec<String>,
    /// Whether things still go wrong.
    pub faulty: bool,
    pub faults: u64,
    consents: BTreeSet<(CustomerId, &'static str)>,
    watch: Watch,
}

impl<'s> Sim<'s> {
    /// Plays a seed.
    ///
    /// # Errors
    /// What is wrong, with the steps that led there.
    pub async fn play(stage: &'s Stage, seed: u64) -> Result<Outcome, String> {
        let mut sim = Self::set(stage, seed).await;
        let found = Box::pin(sim.run()).await;
        found.map_err(|wrong| format!("{}\n{wrong}", sim.log.join("\n")))
    }

    async fn set(stage: &'s Stage, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let clock = Clock::at(START);
        stage.proxy.disarm();
        stage.reset().await;
        stage.outside.judge(judge(random.bits(), random.below(50)));
        stage
            .publish(&shops::first(&stage.outside.endpoint()), clock.now())
            .await;
        let engines = [
            stage.engine(clock.settings()).await,
            stage.engine(clock.settings()).await,
        ];
        let customers: Vec<_> = (0..4 + random.below(12)).map(|n| format!("c{n}")).collect();
        let mut sim = Self {
            stage,
            random,
            clock,
            engines,
            queue: Queue::default(),
            customers,
            published: Vec::new(),
            erased: BTreeMap::new(),
            applied: false,
            tags: vec![Tag::default()],
            log: Vec::new(),
            faulty: true,
            faults: 0,
            consents: BTreeSet::new(),
            watch: Watch::default(),
        };
        for customer in sim.customers.clone() {
            if sim.random.chance(85) {
                let now = sim.clock.now();
                shops::arrive(&customer, now)
                    .into_iter()
                    .for_each(|told| sim.publish(told));
            }
        }
        sim
    }

    async fn run(&mut self) -> Result<Outcome, String> {
        for _ in 0..STEPS {
            Box::pin(self.step()).await?;
        }
        self.faulty = false;
        for journey in shops::PAUSED {
            let store = &self.stage.store;
            store.pause(journey, false, self.clock.now()).await.unwrap();
        }
        self.rest().await?;
        self.verify().await
    }

    /// Lets the clock go on, with nothing going wrong, until the longest waits are over.
    async fn rest(&mut self) -> Result<(), String> {
        for look in 0..REST + RETRIES {
            let late = look >= REST;
            self.clock
                .advance(SignedDuration::from_hours(if late { 2 } else { 26 }));
            let which = look % 2;
            self.reload(which).await?;
            while !self.queue.is_empty() {
                self.deliver(which).await?;
            }
            Box::pin(self.round(which)).await?;
            let rests = compare::at_rest(self.stage.store.pool(), self.clock.now()).await;
            if late && rests.is_ok() {
                return Ok(());
            }
        }
        compare::at_rest(self.stage.store.pool(), self.clock.now()).await
    }

    async fn verify(&mut self) -> Result<Outcome, String> {
        let store = &self.stage.store;
        let rows = compare::messages(store.pool()).await;
        let asked = self.stage.outside.asked();
        compare::events(store.pool(), &self.published, &self.erased).await?;
        compare::outside(&rows, &asked, &self.tags)?;
        compare::limits(&rows)?;
        compare::with_the_model(store, &self.customers, &self.watch, self.clock.now()).await?;
        let mut hasher = DefaultHasher::new();
        self.log.hash(&mut hasher);
        format!("{rows:?}{asked:?}").hash(&mut hasher);
        format!("{:?}", self.watch.decided).hash(&mut hasher);
        Ok(Outcome {
            hash: hasher.finish(),
            inputs: self.watch.decided.len(),
            sent: rows.iter().filter(|r| r.status == "sent").count(),
            faults: self.faults,
        })
    }

    pub fn publish(&mut self, told: Told) {
        self.published.push(told.clone());
        self.queue.publish(told);
    }

    pub fn note(&mut self, line: fmt::Arguments<'_>) {
        self.log.push(format!("{} {line}", self.clock.now()));
    }

    /// Does something on an engine, while a statement or the process may fail. `what` goes into the log.
    pub async fn attempt<T>(&mut self, which: usize, what: &str, work: Work<T>) -> Came<T> {
        let armed = self.arm(what);
        let kills = armed == Some(true);
        let proxy = &self.stage.proxy;
        let came = tokio::select! {
            biased;
            () = proxy.struck(), if kills => Came::Death,
            done = work => match done {
                Ok(done) => Came::To(done),
                Err(error) => Came::Grief(error),
            },
        };
        if !matches!(came, Came::Death) {
            self.settle(which).await;
        }
        let struck = armed.is_some() && !proxy.disarm();
        self.faults += u64::from(struck);
        match &came {
            Came::To(_) => {}
            Came::Grief(error) => self.note(format_args!("  {what}: {error}")),
            Came::Death => self.note(format_args!("  {what}: killed")),
        }
        came
    }

    /// Until the engine's connection is at rest: one that is given back may first roll back.
    async fn settle(&self, which: usize) {
        let pool = self.engines[which].store().pool();
        let busy = || pool.num_idle() < pool.size() as usize;
        for _ in 0..20 {
            if !busy() {
                return;
            }
            tokio::task::yield_now().await;
        }
        while busy() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Chooses what goes wrong with the next step, if anything; and whether the process dies of it.
    fn arm(&mut self, what: &str) -> Option<bool> {
        if !self.faulty || !self.random.chance(22) {
            return None;
        }
        let trip = 1 + self.random.below(16);
        let fault = match self.random.below(3) {
            0 => Fault::Before,
            1 => Fault::After,
            _ => Fault::Refuse(PASSING[self.random.index(PASSING.len())]),
        };
        let kills = !matches!(fault, Fault::Refuse(_)) && self.random.chance(50);
        self.note(format_args!(
            "  {what}: {fault:?} at round trip {trip}, kills: {kills}"
        ));
        self.stage.proxy.arm(trip, fault);
        Some(kills)
    }

    /// A process in the place of one that died.
    pub async fn replace(&mut self, which: usize) {
        self.engines[which] = self.stage.engine(self.clock.settings()).await;
    }

    /// Notes what a step has done, and lets a moment pass.
    pub async fn look(&mut self, which: usize) {
        let loaded = self.engines[which].loaded();
        for (customer, input) in self.watch.look(self.stage.store.pool(), &loaded).await {
            self.heard(customer, input);
        }
        self.clock.advance(SignedDuration::from_millis(1));
    }

    /// Counts consents as a customer would: by what they said, in the order in which it was heard.
    fn heard(&mut self, customer: CustomerId, input: InputId) {
        let same = |told: &&Told| InputId::of_event("", &told.id) == input;
        let Some(says) = self.published.iter().find(same).map(|told| told.says) else {
            return;
        };
        let all = ["email", "sms", "push", "chat"];
        match says {
            Says::Nothing => {}
            Says::Yes => self.consents.extend(all.map(|channel| (customer, channel))),
            Says::No => self.consents.retain(|(c, _)| *c != customer),
            Says::Stop => {
                self.consents.remove(&(customer, "sms"));
            }
        }
    }

    /// Requests from here on belong to a step of their own. Returns its number.
    pub fn tag(&mut self) -> usize {
        self.tags.push(Tag {
            consents: self.consents.clone(),
            disturbed: false,
        });
        let tag = self.tags.len() - 1;
        self.stage.outside.tag(tag);
        tag
    }

    pub fn forget(&mut self, customer: &str) {
        let id = CustomerId::of(customer);
        self.consents.retain(|(c, _)| *c != id);
        self.erased.insert(customer.to_owned(), self.clock.now());
    }
}

/// How people outside answer: by chance, the same for the same key and attempt.
fn judge(seed: u64, trouble: u64) -> impl Fn(Uuid, u64) -> Answer + Send + 'static {
    move |key, before| {
        let (high, low) = key.as_u64_pair();
        let mut random = Random::new(seed ^ high ^ low.rotate_left(7) ^ before);
        if !random.chance(trouble) {
            return Answer::Take;
        }
        match random.below(7) {
            0 => Answer::TakeAndFail,
            1 => Answer::TakeAndHangUp,
            2 => Answer::Fail,
            3 => Answer::Throttle(1 + random.below(4_000)),
            4 => Answer::HangUp,
            _ => Answer::Refuse,
        }
    }
}
