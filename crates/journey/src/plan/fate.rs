//! What becomes of runs in flight (rules 51 to 54).

use serde::Serialize;

use super::{diff::StepRef, matching::Matching};
use crate::machine::{InFlight, Lost, Machine, Migrate, NodeId};

/// What becomes of runs that stand at one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "lowercase")]
pub enum Fate {
    /// Their version stays the current one.
    Stays,
    /// They finish on their version; no new run enters it.
    Finishes,
    /// They move to the new version.
    Moves {
        /// To this step.
        to: StepRef,
        /// Whether what it waits for is another now.
        anew: bool,
    },
    /// They would move, but their step is gone: they finish on their version.
    Kept,
    /// They leave as `migrated`.
    Leaves,
    /// They would move, but their step is gone: they leave as `migrated`.
    Lost,
    /// They leave as `stopped`.
    Stopped,
}

impl Fate {
    /// The fate in a word: `finishes`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Finishes => "finishes",
            Self::Moves { .. } => "moves",
            Self::Kept => "kept",
            Self::Leaves => "leaves",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }
}

/// Whether the order is about runs of that version.
pub fn acts_on(migrate: &Migrate, version: u32) -> bool {
    let meant = migrate.from.is_empty() || migrate.from.contains(&version);
    migrate.in_flight != InFlight::Finish && meant
}

/// What an order does to a run at that node of an older version.
pub(super) fn ordered(
    migrate: &Migrate,
    old: &Machine,
    new: &Machine,
    matching: &Matching,
    node: NodeId,
) -> Fate {
    if migrate.in_flight == InFlight::Exit {
        return Fate::Leaves;
    }
    let target = matching.new_of(node).and_then(|to| new.node(to));
    match (target, old.node(node), migrate.lost) {
        (Some(to), Some(from), _) => Fate::Moves {
            to: StepRef::of(to),
            anew: super::facets::step(&from.op) != super::facets::step(&to.op),
        },
        (_, _, Lost::Finish) => Fate::Kept,
        (_, _, Lost::Exit) => Fate::Lost,
    }
}
