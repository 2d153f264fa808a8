//! Where the branches of a customer's runs lead, in their authors' words: a trace says which arm was taken by its
//! number alone.

use std::{collections::BTreeMap, sync::Arc};

use journey::{
    ids::{CustomerId, RunId},
    machine::{Machine, NodeId, Op},
};

use super::{ReadError, Reader, runs};

/// One branch: `choose`, or `if`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Each condition as it is written, and the id of the step that it leads to; `None`: to the end.
    pub arms: Vec<(Arc<str>, Option<Arc<str>>)>,
    /// Where it leads if none holds.
    pub otherwise: Option<Arc<str>>,
}

/// A step from which several ways lead.
#[derive(Clone, Debug)]
enum Fork {
    Branch(Branch),
    /// The weights of a split's arms, by name.
    Split(BTreeMap<Arc<str>, u32>),
}

/// The branches and splits of a customer's runs, by the version that each is on now.
#[derive(Clone, Debug, Default)]
pub struct Ways(BTreeMap<RunId, BTreeMap<Arc<str>, Fork>>);

impl Ways {
    /// The branch of that name in the journey of that run; `None`: it is there no more.
    pub fn branch(&self, run: RunId, step: &str) -> Option<&Branch> {
        match self.0.get(&run)?.get(step)? {
            Fork::Branch(branch) => Some(branch),
            Fork::Split(_) => None,
        }
    }

    /// The weight of an arm of a split, and of all its arms together; `None`: it is there no more.
    pub fn weight(&self, run: RunId, step: &str, arm: &str) -> Option<(u32, u32)> {
        match self.0.get(&run)?.get(step)? {
            Fork::Split(weights) => Some((*weights.get(arm)?, weights.values().sum())),
            Fork::Branch(_) => None,
        }
    }
}

impl Reader {
    /// The branches of a customer's runs, of at most 100 open ones and 100 that are over.
    ///
    /// # Errors
    /// If the database cannot be read, or a run's state is of another version.
    pub async fn ways(&self, customer: CustomerId) -> Result<Ways, ReadError> {
        let mut tx = self.page().await?;
        let found = runs::found(&mut tx, customer).await?;
        let all = found.open.iter().chain(&found.ended);
        let ways = all.filter_map(|run| Some((run.id, forks(found.machine(run)?))));
        Ok(Ways(ways.collect()))
    }
}

fn forks(machine: &Machine) -> BTreeMap<Arc<str>, Fork> {
    let name = |node: NodeId| machine.node(node).map(|n| n.id.clone());
    let fork = |op: &Op| match op {
        Op::Choose { arms, otherwise } => {
            let arms = arms.iter();
            Some(Fork::Branch(Branch {
                arms: arms
                    .map(|(condition, to)| (Arc::from(condition.source()), name(*to)))
                    .collect(),
                otherwise: name(*otherwise),
            }))
        }
        Op::Split { arms, .. } => {
            let weights = arms.iter().map(|arm| (arm.name.clone(), arm.weight));
            Some(Fork::Split(weights.collect()))
        }
        _ => None,
    };
    let nodes = machine.nodes.iter();
    nodes
        .filter_map(|node| Some((node.id.clone(), fork(&node.op)?)))
        .collect()
}
