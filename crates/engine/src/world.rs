//! The workspace in force, loaded from the database.

use std::{collections::BTreeMap, sync::Arc};

use journey::{
    ids::MachineId,
    machine::Machine,
    render::Templates,
    schema::Schemas,
    workspace::{self, Options},
    world::World,
};
use store::{Store, StoredMachine};

use crate::Error;

/// An applied workspace, compiled.
#[derive(Debug, Default)]
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
}

impl Loaded {
    /// The workspace that was applied last, with every machine that a run is on.
    pub(crate) async fn from_store(store: &Store) -> Result<Self, Error> {
        let Some(stored) = store.workspace().await? else { return Ok(Self::default()) };
        let (compiled, diagnostics) = workspace::compile(&stored.files, &Options::default());
        let Some(compiled) = compiled else {
            let first = diagnostics.first().map_or_else(String::new, |d| d.message.clone());
            return Err(Error::Workspace(first));
        };
        let machines = store.machines().await?;
        let names = compiled.machines.iter().map(|c| &c.machine.journey);
        // What runs is what was published, not what this version would make of the sources.
        let current: Vec<Arc<Machine>> =
            names.filter_map(|name| newest(&machines, name)).collect();
        let versions = machines.iter().map(|m| (m.machine.id, m.version)).collect();
        let older = machines.into_iter().map(|m| m.machine);
        Ok(Self {
            revision: Some(stored.revision),
            world: World::new(current, older, compiled.policies),
            templates: compiled.templates,
            schemas: compiled.schemas,
            versions,
        })
    }
}

fn newest(machines: &[StoredMachine], journey: &str) -> Option<Arc<Machine>> {
    machines
        .iter()
        .filter(|m| &*m.machine.journey == journey)
        .max_by_key(|m| m.version)
        .map(|m| m.machine.clone())
}
