//! Who is inside, and what turns have counted of runs.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use journey::{
    counts::What,
    ids::MachineId,
    machine::{Machine, NodeId},
    plan::Matching,
};
use sqlx::PgConnection;

use super::{super::ReadError, Counted, StepFlow, VersionRow, versions::Version};

/// The numbers that were added up, and those that are not yet. Days are told of what is shown day by day.
const COUNTED: &str = "
select machine, case when what in ('entered', 'left_on', 'goal_on') then day end, what, step, way, sum(n)::bigint
from (select machine, day, what, step, way, n from journey_day
      where journey = $1 and ($2::date is null or day >= $2)
      union all
      select machine, day, c->>0, c->>1, c->>2, (c->>3)::bigint
      from journey_counted, jsonb_array_elements(counts) c
      where journey = $1 and ($2::date is null or day >= $2)) all_counts
group by 1, 2, 3, 4, 5";

type Line = (
    uuid::Uuid,
    Option<jiff_sqlx::Date>,
    String,
    String,
    String,
    i64,
);

/// Who is inside, by version and step.
pub(super) async fn inside(
    tx: &mut PgConnection,
    current: &Machine,
    versions: &[Version],
    counted: &mut Counted,
) -> Result<(), ReadError> {
    let found: Vec<(uuid::Uuid, i32, i64)> = sqlx::query_as(
        "select machine, node, count(*) from run
         where journey = $1 and left_at is null group by machine, node",
    )
    .bind(&*current.journey)
    .fetch_all(tx)
    .await?;
    counted.inside = found.iter().map(|(.., n)| n.unsigned_abs()).sum();
    for version in versions {
        let here: Vec<_> = found
            .iter()
            .filter(|(of, ..)| *of == version.id.0)
            .collect();
        counted.versions.push(VersionRow {
            version: version.number,
            published_at: version.published_at,
            current: version.id == current.id,
            inside: here.iter().map(|(.., n)| n.unsigned_abs()).sum(),
            entered: 0,
            goals: 0,
        });
        let Some(names) = version.machine.as_ref().map(|m| Names::of(m, current)) else {
            continue;
        };
        for (_, node, n) in here {
            let node = u32::try_from(*node).ok().map(NodeId);
            if let Some(step) = node.and_then(|node| names.at(node)) {
                counted.steps.entry(step).or_default().inside += n.unsigned_abs();
            }
        }
    }
    Ok(())
}

/// What turns have counted.
pub(super) async fn runs(
    tx: &mut PgConnection,
    current: &Machine,
    versions: &[Version],
    since: Option<Date>,
    counted: &mut Counted,
) -> Result<(), ReadError> {
    let lines: Vec<Line> = sqlx::query_as(COUNTED)
        .bind(&*current.journey)
        .bind(since.map(Date::to_sqlx))
        .fetch_all(tx)
        .await?;
    let names: BTreeMap<MachineId, (usize, Option<Names<'_>>)> = versions
        .iter()
        .enumerate()
        .map(|(at, v)| {
            (
                v.id,
                (at, v.machine.as_ref().map(|m| Names::of(m, current))),
            )
        })
        .collect();
    let mut sums = Sums::default();
    for (machine, day, what, step, way, n) in lines {
        let Some(what) = What::of(&what) else {
            continue;
        };
        let known = names.get(&MachineId(machine));
        let version = known.map(|(at, _)| *at);
        let step = match (step.is_empty(), known) {
            (true, _) => Some(Arc::from("")),
            (false, Some((_, Some(names)))) => names.named(&step),
            (false, _) => Some(Arc::from(step)),
        };
        let Some(step) = step else { continue };
        sums.add(
            version,
            day.map(jiff_sqlx::Date::to_jiff),
            (what, step, way),
            n,
        );
    }
    sums.into(counted);
    Ok(())
}

/// The names that steps of a version have in the one that is entered.
struct Names<'m> {
    old: &'m Machine,
    new: &'m Machine,
    matching: Option<Matching>,
}

impl<'m> Names<'m> {
    fn of(old: &'m Machine, new: &'m Machine) -> Self {
        let matching = (old.id != new.id).then(|| Matching::of(old, new));
        Self { old, new, matching }
    }

    /// The step that a run stands at: as it is called now, else as it was called.
    fn at(&self, node: NodeId) -> Option<Arc<str>> {
        let was = self.old.node(node)?;
        let there = self
            .matching
            .as_ref()
            .map_or(Some(node), |m| m.new_of(node));
        let is = there.and_then(|node| self.new.node(node));
        Some(is.unwrap_or(was).id.clone())
    }

    /// The same by its id. `None`: it is gone, and only its place gave it a name, which another step may have now.
    fn named(&self, id: &str) -> Option<Arc<str>> {
        let at = self.old.nodes.iter().position(|node| *node.id == *id)?;
        let Some(matching) = &self.matching else {
            return Some(Arc::from(id));
        };
        let there = matching.new_of(NodeId(u32::try_from(at).ok()?));
        match there.and_then(|node| self.new.node(node)) {
            Some(node) => Some(node.id.clone()),
            None => (!id.contains('#')).then(|| Arc::from(id)),
        }
    }
}

/// Numbers as they are summed: some of them may be below zero on their own.
#[derive(Default)]
struct Sums {
    whole: BTreeMap<(What, Arc<str>), i64>,
    versions: BTreeMap<usize, [i64; 2]>,
    days: BTreeMap<Date, [i64; 3]>,
    steps: BTreeMap<(What, Arc<str>, String), i64>,
}

impl Sums {
    fn add(
        &mut self,
        version: Option<usize>,
        day: Option<Date>,
        (what, step, way): (What, Arc<str>, String),
        n: i64,
    ) {
        let column = match what {
            What::Entered => Some(0),
            What::LeftOn => Some(1),
            What::GoalOn => Some(2),
            _ => None,
        };
        if let Some((column, day)) = column.zip(day) {
            self.days.entry(day).or_default()[column] += n;
        }
        if let (Some(version), What::Entered | What::Goal) = (version, what) {
            self.versions.entry(version).or_default()[usize::from(what == What::Goal)] += n;
        }
        if step.is_empty() {
            *self.whole.entry((what, Arc::from(way))).or_default() += n;
        } else {
            *self.steps.entry((what, step, way)).or_default() += n;
        }
    }

    fn into(self, counted: &mut Counted) {
        let known = |n: i64| u64::try_from(n).unwrap_or_default();
        for ((what, way), n) in self.whole {
            match what {
                What::Entered => counted.entered += known(n),
                What::Goal => counted.goals += known(n),
                What::Left => {
                    counted.left.insert(way, known(n));
                }
                _ => {}
            }
        }
        for (at, [entered, goals]) in self.versions {
            if let Some(row) = counted.versions.get_mut(at) {
                (row.entered, row.goals) = (known(entered), known(goals));
            }
        }
        for (day, [entered, left, goals]) in self.days {
            let day = counted.days.entry(day).or_default();
            (day.entered, day.left, day.goals) = (known(entered), known(left), known(goals));
        }
        for ((what, step, way), n) in self.steps {
            let step: &mut StepFlow = counted.steps.entry(step).or_default();
            match what {
                What::Came => step.came += known(n),
                What::Took => *step.took.entry(Arc::from(way)).or_default() += known(n),
                What::GoalOfArm => *step.goals.entry(Arc::from(way)).or_default() += known(n),
                _ => {}
            }
        }
    }
}
