//! The loops that join the crates: intake, turn, timers and dispatch.
//!
//! [`Engine::turn`] is the only function that changes customers; events, timers and receipts all
//! go through it. Every loop is made of a single step that says what it did ([`Engine::intake_once`],
//! [`Engine::timers_once`], [`Engine::dispatch_once`]), so that tests drive the engine without
//! sleeping.

mod calls;
mod counts;
mod dispatch;
mod error;
mod forwards;
mod health;
mod intake;
mod letters;
mod links;
mod loops;
pub mod metrics;
mod passages;
mod publish;
mod retention;
mod roles;
mod sample;
mod settings;
mod sweeps;
mod timers;
pub mod traces;
mod turn;
mod world;

use std::{
    collections::BTreeSet,
    sync::{Arc, RwLock},
};

use channels::Channels;
use jiff::Timestamp;
use journey::{advance::Clock, ids::MachineId, world::Startable};
use store::Store;
use tokio::sync::{Mutex, Notify, Semaphore};

pub use self::{
    calls::Calls,
    dispatch::Dispatched,
    error::Error,
    forwards::Forwards,
    health::LoopHealth,
    intake::{Intake, TakenIn},
    letters::{Door, Moved, NotEdited, Replayed, ReplayedBatch, edited},
    links::{CONFIRM, Linker, PREFERENCES, Sent, UNSUBSCRIBE, Unsubscribe},
    passages::Passed,
    publish::{NotPublished, Order, machines, publish, publish_as},
    roles::Roles,
    settings::{Links, Settings, Time},
    sweeps::Swept,
    timers::Fired,
    turn::{Decided, Rejected},
    world::{Loaded, Since},
};

/// One engine. Any number of them may work on the same database and broker.
pub struct Engine {
    store: Store,
    channels: Arc<Channels>,
    settings: Settings,
    linker: Linker,
    loaded: RwLock<Arc<Loaded>>,
    /// Held while something is loaded and put in force, so that nothing older comes after it.
    loading: Mutex<()>,
    /// Shared by the shards that are read: batches that are worked on.
    lanes: Arc<Semaphore>,
    /// Told when a turn has queued messages.
    queued: Notify,
    /// Told when a turn has decided calls.
    called: Notify,
    /// Told when a turn has something for the customer whom another was merged into.
    forwarded: Notify,
    /// Sweeps that are known to be written down.
    planned: Mutex<sweeps::Planned>,
    /// Voucher pools of which it was said that they run low.
    low_pools: Mutex<BTreeSet<Arc<str>>>,
    metrics: metrics::Metrics,
    loops: health::Loops,
    /// What this process tells of itself.
    process: Mutex<sample::Process>,
}

impl Engine {
    /// An engine on a migrated database, with the workspace that was applied last.
    ///
    /// # Errors
    /// If the database cannot be read, or holds a workspace that this version cannot compile, or a
    /// secret of links is too short.
    pub async fn start(
        store: Store,
        channels: Arc<Channels>,
        settings: Settings,
    ) -> Result<Arc<Self>, Error> {
        let loaded = RwLock::new(Arc::new(Loaded::from_store(&store).await?));
        let metrics = metrics::Metrics::new(settings.metric_names)
            .map_err(|error| Error::Setting(format!("no metrics can be kept: {error}")))?;
        let linker = Linker::start(settings.links.clone(), &store, settings.time.now()).await?;
        let begun = settings.time.now();
        let lanes = Arc::new(Semaphore::new(settings.intake_lanes.max(1)));
        Ok(Arc::new(Self {
            store,
            channels,
            lanes,
            settings,
            linker,
            loaded,
            loading: Mutex::default(),
            queued: Notify::new(),
            called: Notify::new(),
            forwarded: Notify::new(),
            planned: Mutex::default(),
            low_pools: Mutex::default(),
            metrics,
            loops: health::Loops::default(),
            process: Mutex::new(sample::Process::new(begun)),
        }))
    }

    /// The workspace in force.
    pub fn loaded(&self) -> Arc<Loaded> {
        // A poisoned lock still holds a whole workspace: it is swapped in one assignment.
        Arc::clone(
            &self
                .loaded
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// Makes the links of customers.
    pub fn linker(&self) -> &Linker {
        &self.linker
    }

    /// The providers, and how they are doing.
    pub fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    /// What happened, in numbers.
    pub fn metrics(&self) -> &metrics::Metrics {
        &self.metrics
    }

    /// How the loops that have begun, or are to, fare, by name.
    pub fn loops(&self) -> Vec<LoopHealth> {
        self.loops.health()
    }

    /// The settings that it was started with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Loads the workspace anew if another was applied, or a journey was paused or goes on. True if so.
    ///
    /// # Errors
    /// As [`Engine::start`]; the workspace in force stays.
    pub async fn reload(&self) -> Result<bool, Error> {
        // Whoever asks for nothing new keeps nobody else from loading.
        if self.store.news().await? == self.loaded().news() {
            return Ok(false);
        }
        let _loading = self.loading.lock().await;
        self.reload_alone().await
    }

    /// Whether customers can enter that journey by the API, by what was published last.
    ///
    /// # Errors
    /// As [`Engine::reload`].
    pub async fn startable(&self, journey: &str) -> Result<Startable, Error> {
        let known = self.loaded().world.startable(journey);
        if known == Startable::Yes || !self.reload().await? {
            return Ok(known);
        }
        Ok(self.loaded().world.startable(journey))
    }

    async fn reload_alone(&self) -> Result<bool, Error> {
        let (loaded, news) = (self.loaded(), self.store.news().await?);
        if news == loaded.news() {
            return Ok(false);
        }
        if news.revision == loaded.revision {
            self.swap(Arc::new(loaded.with_pauses(&self.store).await?));
            return Ok(true);
        }
        let fresh = Arc::new(Loaded::from_store(&self.store).await?);
        tracing::info!(workspace.revision = fresh.revision, "loaded the workspace");
        self.swap(fresh);
        Ok(true)
    }

    /// Loads machines that open runs are on: of a newer workspace, or of one so old that no run
    /// was on it when this engine started.
    async fn learn(&self, unknown: &BTreeSet<MachineId>) -> Result<(), Error> {
        let _loading = self.loading.lock().await;
        self.reload_alone().await?;
        for id in unknown {
            let loaded = self.loaded();
            if loaded.world.machine(*id).is_some() {
                continue;
            }
            match self.store.machine(*id).await? {
                Some(found) => self.swap(Arc::new(loaded.with(found))),
                None => {
                    tracing::error!(machine.id = %id, "a run is on a machine that is not stored");
                }
            }
        }
        Ok(())
    }

    fn swap(&self, fresh: Arc<Loaded>) {
        *self
            .loaded
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
    }

    /// What the wall clock says, in the database's precision.
    fn wall(&self) -> Timestamp {
        self.settings.time.now()
    }

    fn clock(&self) -> Clock {
        self.settings.clock
    }
}
