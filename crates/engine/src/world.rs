//! The workspace in force, loaded from the database.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use journey::{
    diagnostic::SourceFile,
    endpoints::Endpoints,
    ids::MachineId,
    machine::By,
    processing,
    render::Templates,
    schema::Schemas,
    sources::Sources,
    vouchers::Pools,
    workspace::{self, Compiled, Options},
    world::{Pausing, World},
};
use store::{News, Store, StoredMachine, StoredPassage};

use crate::Error;

/// An applied workspace, compiled.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Its revision; `None` before the first apply.
    pub revision: Option<i64>,
    /// Machines and policies.
    pub world: World,
    /// Templates.
    pub templates: Templates,
    /// What events must look like.
    pub schemas: Schemas,
    /// The version of each machine.
    pub versions: BTreeMap<MachineId, i32>,
    /// Who can be called.
    pub endpoints: Endpoints,
    /// What messages are filled in from when they leave.
    pub sources: Sources,
    /// Pools of codes.
    pub vouchers: Pools,
    /// From when on each current machine counts.
    pub since: BTreeMap<MachineId, Since>,
    /// For which purposes each trait is read.
    pub uses: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// The last pause or end of one that it knows of.
    pub pauses: Option<i64>,
}

/// From when on a current machine counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// Since when new runs enter it without a break.
    pub held: Timestamp,
    /// When each of its entries with `backfill` was first published as it stands: by its place.
    pub backfills: BTreeMap<u16, Timestamp>,
}

impl Loaded {
    /// The workspace that was applied last, with every machine that a run is on.
    pub async fn from_store(store: &Store) -> Result<Self, Error> {
        let Some(stored) = store.workspace().await? else {
            return Ok(Self::default());
        };
        // Journeys were checked and compiled when they were published. What a newer version would
        // say of them must not keep it from starting.
        let declarations: Vec<_> = stored.files.into_iter().filter(is_declaration).collect();
        let alone = Options {
            alone: true,
            ..Options::default()
        };
        let (compiled, diagnostics) = workspace::compile(&declarations, &alone);
        let Some(compiled) = compiled else {
            let first = diagnostics
                .first()
                .map_or_else(String::new, |d| d.message.clone());
            return Err(Error::Workspace(first));
        };
        let passages = store.passages().await?;
        let mut machines = store.machines().await?;
        load_targets(store, &passages, &mut machines).await?;
        let mut since = BTreeMap::new();
        for machine in &machines {
            if let Some(held) = machine.since {
                let backfills = backfills(store, machine).await?;
                since.insert(machine.machine.id, Since { held, backfills });
            }
        }
        let versions = machines.iter().map(|m| (m.machine.id, m.version)).collect();
        let (current, older): (Vec<_>, Vec<_>) = machines.into_iter().partition(|m| m.current);
        let of = |stored: Vec<StoredMachine>| stored.into_iter().map(|m| m.machine);
        let mut compiled = compiled;
        compiled.machines = current.iter().map(as_compiled).collect();
        let uses = processing::record(&compiled).uses();
        let mut world = World::new(of(current), of(older), compiled.policies);
        let pauses = pause(&mut world, &passages);
        let moves = passages
            .iter()
            .filter(|p| Pausing::of(&p.passage).is_none());
        for order in moves {
            for source in &order.sources {
                world.pass(*source, order.passage);
            }
        }
        Ok(Self {
            revision: Some(stored.revision),
            world,
            templates: compiled.templates,
            schemas: compiled.schemas,
            versions,
            endpoints: compiled.endpoints,
            sources: compiled.sources,
            vouchers: compiled.vouchers,
            since,
            pauses,
            uses,
        })
    }

    /// What it has heard of.
    pub(crate) fn news(&self) -> News {
        News {
            revision: self.revision,
            pause: self.pauses,
        }
    }

    /// The same with what has been said of pauses meanwhile: engines are to hear of that at once, and
    /// machines are found by reading every open run.
    pub(crate) async fn with_pauses(&self, store: &Store) -> Result<Self, Error> {
        let mut loaded = self.clone();
        loaded.world.forget_pauses();
        loaded.pauses = pause(&mut loaded.world, &store.passages().await?);
        Ok(loaded)
    }

    /// The same with a machine that a run was found on.
    pub(crate) fn with(&self, found: StoredMachine) -> Self {
        let mut loaded = self.clone();
        loaded.versions.insert(found.machine.id, found.version);
        loaded.world.remember(found.machine);
        loaded
    }
}

/// A published machine among what is compiled: where its source stood is not known any more.
fn as_compiled(stored: &StoredMachine) -> Compiled {
    Compiled {
        machine: stored.machine.clone(),
        path: Arc::from(""),
        source: Arc::from(""),
    }
}

/// What those orders say of pauses. Returns the last of them.
fn pause(world: &mut World, orders: &[StoredPassage]) -> Option<i64> {
    let mut last = None;
    for order in orders {
        if let Some(pausing) = Pausing::of(&order.passage) {
            world.pause(order.journey.clone(), pausing);
            last = Some(order.id);
        }
    }
    last
}

/// Loads the machines to which runs are to pass, and on which nobody is yet.
async fn load_targets(
    store: &Store,
    passages: &[StoredPassage],
    machines: &mut Vec<StoredMachine>,
) -> Result<(), Error> {
    let loaded: BTreeSet<_> = machines.iter().map(|m| m.machine.id).collect();
    let targets: BTreeSet<_> = passages.iter().filter_map(|p| p.passage.to()).collect();
    for id in targets.difference(&loaded) {
        machines.extend(store.machine(*id).await?);
    }
    Ok(())
}

/// Costs nothing where no entry has `backfill`.
async fn backfills(
    store: &Store,
    stored: &StoredMachine,
) -> Result<BTreeMap<u16, Timestamp>, Error> {
    let mut found = BTreeMap::new();
    for (place, entry) in stored.machine.entries.iter().enumerate() {
        if let (By::Segment { backfill: true, .. }, Ok(number)) = (&entry.by, u16::try_from(place))
        {
            found.insert(number, store.entry_since(stored, place).await?);
        }
    }
    Ok(found)
}

/// Policies, schemas and templates: what is read anew at every start.
fn is_declaration(file: &SourceFile) -> bool {
    file.path.starts_with("config/") || file.path.starts_with("templates/")
}
