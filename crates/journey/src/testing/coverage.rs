//! Which steps and branches of a journey its tests walk.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    outline,
    play::{Played, Visit},
};
use crate::{
    diagnostic::SourceFile,
    diagnostics::Sink,
    machine::{Machine, Op},
    source::{self, Kind, Node},
};

/// What there is to walk in one journey, and how many tests walk it.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The journey.
    pub journey: Arc<str>,
    /// Its `journey.yaml`.
    pub path: Arc<str>,
    /// Steps, branches and exits, in the order of the file.
    pub items: Vec<Item>,
}

/// One thing to walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its line in `journey.yaml`, from 1.
    pub line: u32,
    /// What it is.
    pub kind: ItemKind,
    /// The step's id, or the reason of the exit.
    pub name: Arc<str>,
    /// Which branch of the step.
    pub branch: Option<Arc<str>>,
    /// How many tests walk it.
    pub tests: usize,
}

/// What there is to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A step.
    Step,
    /// A branch of a step.
    Branch,
    /// An exit at the head.
    Exit,
    /// The longest stay: a safety net that many journeys never reach, so it is shown and not
    /// counted.
    Stay,
}

impl ItemKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Branch => "branch",
            Self::Exit => "exit",
            Self::Stay => "stay",
        }
    }
}

impl Item {
    /// As people name it: `offer`, `offer: reminder`, `exit as bought`.
    pub fn title(&self) -> String {
        match (self.kind, &self.branch) {
            (ItemKind::Exit | ItemKind::Stay, _) => format!("exit as {}", self.name),
            (_, Some(branch)) => format!("{}: {branch}", self.name),
            (_, None) => self.name.to_string(),
        }
    }
}

impl Coverage {
    /// Nothing walked yet.
    pub fn new(machine: &Machine, path: &Arc<str>, text: &Arc<str>) -> Self {
        let mut items = exits(machine, path, text);
        for node in &machine.nodes {
            let item = |kind, branch| Item {
                line: node.line,
                kind,
                name: node.id.clone(),
                branch,
                tests: 0,
            };
            items.push(item(ItemKind::Step, None));
            let branches = outline::branches(node).into_iter();
            items.extend(branches.map(|(name, _)| item(ItemKind::Branch, Some(name))));
        }
        Self {
            journey: machine.journey.clone(),
            path: path.clone(),
            items,
        }
    }

    /// Adds what one test walked.
    pub fn add(&mut self, machine: &Machine, played: &Played) {
        let visits: Vec<&Visit> = played
            .visits
            .iter()
            .filter(|v| v.journey == self.journey)
            .collect();
        let left = left_at_the_head(machine, played);
        for item in &mut self.items {
            let walked = match item.kind {
                ItemKind::Step => visits.iter().any(|v| v.step == item.name),
                ItemKind::Branch => visits
                    .iter()
                    .any(|v| v.step == item.name && v.branch == item.branch),
                ItemKind::Exit | ItemKind::Stay => left.contains(&item.name),
            };
            item.tests += usize::from(walked);
        }
    }

    /// How many items of that kind are walked, and how many there are.
    pub fn count(&self, kind: ItemKind) -> (usize, usize) {
        let of_kind = || self.items.iter().filter(move |i| i.kind == kind);
        (of_kind().filter(|i| i.tests > 0).count(), of_kind().count())
    }

    /// How much is walked, in per cent, rounded down; 100 of a journey with nothing to walk.
    pub fn percent(&self) -> u32 {
        let counted = || self.items.iter().filter(|i| i.kind != ItemKind::Stay);
        let walked = counted().filter(|i| i.tests > 0).count();
        let percent = (walked * 100).checked_div(counted().count());
        percent.map_or(100, |p| u32::try_from(p).unwrap_or(100))
    }

    /// What no test walks.
    pub fn missing(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|i| i.tests == 0)
    }
}

/// The exits at the head, with the lines on which they stand.
fn exits(machine: &Machine, path: &Arc<str>, text: &Arc<str>) -> Vec<Item> {
    let lines = exit_lines(path, text);
    let (stays, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|l| l.1);
    let item = |kind| {
        move |(name, (line, _)): (Arc<str>, (u32, bool))| Item {
            line,
            kind,
            name,
            branch: None,
            tests: 0,
        }
    };
    let reasons = machine.exits.iter().map(|e| e.reason.clone()).zip(others);
    let stay = machine.stay.iter().map(|s| s.reason.clone()).zip(stays);
    let exits = reasons.map(item(ItemKind::Exit));
    let mut items: Vec<Item> = exits.chain(stay.map(item(ItemKind::Stay))).collect();
    items.sort_by_key(|i| i.line);
    items
}

/// The line of each exit at the head, and whether it is the longest stay. The journey compiles, so
/// that each entry of the list is one exit.
fn exit_lines(path: &Arc<str>, text: &Arc<str>) -> Vec<(u32, bool)> {
    let file = SourceFile {
        path: path.clone(),
        text: text.clone(),
    };
    let Some(root) = source::load(&file, &mut Sink::new(&file)) else {
        return Vec::new();
    };
    let nodes: Vec<&Node> = match root.get("exit").map(|n| (&n.kind, n)) {
        Some((Kind::List(items), _)) => items.iter().collect(),
        Some((_, node)) => vec![node],
        None => Vec::new(),
    };
    let line = |node: &Node| {
        text.get(..node.span.start)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1
    };
    nodes
        .into_iter()
        .map(|node| {
            (
                u32::try_from(line(node)).unwrap_or(u32::MAX),
                node.get("after").is_some(),
            )
        })
        .collect()
}

/// The reasons of runs that left by the head of the journey, and not by a step.
fn left_at_the_head(machine: &Machine, played: &Played) -> BTreeSet<Arc<str>> {
    let runs = played.runs.iter().filter(|r| r.journey == machine.journey);
    runs.filter_map(|run| {
        let reason = run.left.as_ref()?.reason.clone();
        let last = played.visits.iter().rev().find(|v| v.run == run.id);
        let node = last.and_then(|v| outline::find(machine, &v.step));
        let by_step = node.is_some_and(|n| matches!(&n.op, Op::Exit { reason: r } if *r == reason));
        (!by_step).then_some(reason)
    })
    .collect()
}
