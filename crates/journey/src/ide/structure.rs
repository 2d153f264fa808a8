//! The outline of a file: for a journey, its steps.

use super::{
    outline::{Kind, Node, Pair},
    project::Project,
    walk,
};
use crate::{grammar::File, source::Span};

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// What it is, in a word or two.
    pub detail: String,
    /// What kind of part.
    pub kind: PartKind,
    /// All of it.
    pub span: Span,
    /// What to select: its name.
    pub name_span: Span,
    /// Its parts.
    pub children: Vec<Part>,
}

/// What kind of part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A step.
    Step,
    /// A branch of a step: `then`, `else`, an arm.
    Branch,
    /// Any other field.
    Field,
}

/// How deep the outline goes.
const MAX_DEPTH: usize = 24;

/// The parts of a file.
pub fn outline(project: &Project, path: &str) -> Vec<Part> {
    let Some((read, file)) = project.get(path).and_then(|r| Some((r, r.file?))) else {
        return Vec::new();
    };
    let writer = Writer {
        text: &read.text,
        journey: [File::Journey, File::Fragment].contains(&file),
    };
    match &read.tree.kind {
        Kind::List(items) => items.iter().filter_map(|i| writer.named_item(i)).collect(),
        _ => read.tree.pairs().iter().map(|p| writer.top(p)).collect(),
    }
}

struct Writer<'t> {
    text: &'t str,
    journey: bool,
}

impl Writer<'_> {
    fn part(&self, kind: PartKind, pair: &Pair) -> Part {
        Part {
            name: self.text[pair.key.clone()].to_owned(),
            detail: self.short(&pair.value),
            kind,
            span: pair.key.start..pair.value.span.end.max(pair.key.end),
            name_span: pair.key.clone(),
            children: Vec::new(),
        }
    }

    /// A scalar's first line; nothing for what has parts.
    fn short(&self, node: &Node) -> String {
        let raw = node.raw(self.text).unwrap_or_default();
        let line = raw.lines().next().unwrap_or_default();
        line.chars().take(60).collect()
    }

    fn top(&self, pair: &Pair) -> Part {
        let mut part = self.part(PartKind::Field, pair);
        part.children = if self.journey && part.name == "steps" {
            self.steps(&pair.value, 0)
        } else if pair.value.items().is_empty() {
            let pairs = pair.value.pairs().iter().filter(|p| !p.key.is_empty());
            pairs.map(|p| self.part(PartKind::Field, p)).collect()
        } else {
            pair.value
                .items()
                .iter()
                .filter_map(|i| self.named_item(i))
                .collect()
        };
        part.named()
    }

    /// An item of a list that has a name: a cap, a test; or the first of its fields.
    fn named_item(&self, item: &Node) -> Option<Part> {
        let pair = item
            .pair(self.text, "name")
            .or_else(|| item.pairs().first())?;
        let mut part = self.part(PartKind::Field, pair);
        if !part.detail.is_empty() {
            let word = std::mem::take(&mut part.name);
            part.name = std::mem::replace(&mut part.detail, word);
        }
        part.span = item.span.clone();
        Some(part.named())
    }

    fn steps(&self, list: &Node, depth: usize) -> Vec<Part> {
        list.items()
            .iter()
            .filter_map(|item| self.step(item, depth))
            .collect()
    }

    fn step(&self, item: &Node, depth: usize) -> Option<Part> {
        let context = walk::step().as_ref().and_then(walk::context)?;
        let heads = || context.forms.iter().map(|f| f.head.name);
        let verb = item
            .pairs()
            .iter()
            .find(|p| heads().any(|h| h == &self.text[p.key.clone()]));
        let id = item.pair(self.text, "id").map(|p| &p.value);
        let shown = verb.or_else(|| item.pairs().first())?;
        let mut part = self.part(PartKind::Step, shown);
        if let Some(id) = id.filter(|id| id.raw(self.text).is_some_and(|raw| !raw.is_empty())) {
            part.detail = format!("{} {}", part.name, part.detail)
                .trim_end()
                .to_owned();
            part.name = self.short(id);
            part.name_span = id.inner().unwrap_or_else(|| id.span.clone());
        } else if !part.detail.is_empty() {
            part.name = format!("{} {}", part.name, part.detail);
            part.detail = String::new();
        }
        part.span = item.span.clone();
        if depth < MAX_DEPTH {
            part.children = self.branches(item, depth + 1);
        }
        Some(part.named())
    }

    /// The lists of steps inside a step.
    fn branches(&self, item: &Node, depth: usize) -> Vec<Part> {
        let mut found = Vec::new();
        for pair in item.pairs() {
            let name = &self.text[pair.key.clone()];
            match name {
                "then" | "else" | "steps" | "not_understood" | "missed" => {
                    found.extend(self.branch(pair, &pair.value, depth));
                }
                "arms" | "options" => {
                    for arm in pair.value.pairs() {
                        let steps = ["steps", "then"]
                            .iter()
                            .find_map(|n| arm.value.get(self.text, n));
                        found.extend(self.branch(arm, steps.unwrap_or(&arm.value), depth));
                    }
                }
                "choose" | "any" | "wait_for" => found.extend(self.choices(&pair.value, depth)),
                _ => {}
            }
        }
        found
    }

    fn choices(&self, list: &Node, depth: usize) -> Vec<Part> {
        let items = match list.get(self.text, "any") {
            Some(any) => any.items(),
            None => list.items(),
        };
        let choice = |item: &Node| {
            let head = ["when", "event", "if"]
                .iter()
                .find_map(|n| item.pair(self.text, n))?;
            let steps = item.get(self.text, "then")?;
            self.branch(head, steps, depth)
        };
        items.iter().filter_map(choice).collect()
    }

    fn branch(&self, pair: &Pair, steps: &Node, depth: usize) -> Option<Part> {
        if pair.key.is_empty() {
            return None;
        }
        let mut part = self.part(PartKind::Branch, pair);
        part.span.end = part.span.end.max(steps.span.end);
        part.children = self.steps(steps, depth);
        Some(part.named())
    }
}

impl Part {
    /// Editors refuse a part without a name, and one whose name stands outside of it.
    fn named(mut self) -> Self {
        if self.name.trim().is_empty() {
            self.name = "…".to_owned();
        }
        self.span.start = self.span.start.min(self.name_span.start);
        self.span.end = self.span.end.max(self.name_span.end);
        self
    }
}
