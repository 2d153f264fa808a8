//! What is wrong with a workspace in view of what runs: the diagnostics that need the database.

use std::collections::BTreeSet;

use super::{
    Draft, Fate, JourneyState, Published, Running,
    assemble::{Journey, Passage},
    matching::Matching,
    needed,
    text::number,
};
use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, versions as codes},
    expr::nearest,
    machine::{InFlight, Machine, Migrate, NodeId},
    source::{self, Node, Span},
    workspace::Compiled,
};

/// How much of a removed journey's steps a new one must have to look like its other name.
const ALIKE: (usize, usize) = (2, 3);

/// What is wrong with publishing `draft` over `running`, in the order of the files.
pub fn check(running: &Running, draft: Draft<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for compiled in &draft.workspace.machines {
        let Some(file) = draft.files.iter().find(|f| f.path == compiled.path) else {
            continue;
        };
        let mut sink = Sink::new(file);
        let mut check = Check {
            running,
            draft,
            file,
            root: source::load(file, &mut Sink::new(file)),
            sink: &mut sink,
        };
        check.journey(compiled);
        found.extend(sink.finish());
    }
    found.extend(needed::gone(running, draft));
    found
}

/// One journey of the draft.
struct Check<'a> {
    running: &'a Running,
    draft: Draft<'a>,
    file: &'a SourceFile,
    root: Option<Node>,
    sink: &'a mut Sink,
}

impl Check<'_> {
    fn journey(&mut self, compiled: &Compiled) {
        let machine = &compiled.machine;
        let journey = Journey::of(&machine.journey, self.running, self.draft);
        if let Some(migrate) = &machine.migrate {
            self.migrate(&journey, migrate);
        }
        if journey.versions.is_empty() {
            self.renamed(machine);
        }
    }

    fn migrate(&mut self, journey: &Journey<'_>, migrate: &Migrate) {
        let is_current = journey.current().map(|p| p.id) == journey.new.map(|m| m.id);
        match journey.before() {
            Some(_) if is_current => {}
            Some(before) => self.comes_too_late(before.version),
            None => {
                let known = self.versions(journey, migrate);
                if known && migrate.in_flight == InFlight::Move {
                    self.moves_nobody(journey);
                }
            }
        }
    }

    /// Where a field of `migrate` stands, or the nearest thing above it.
    fn place(&self, field: &str) -> Span {
        let migrate = self.root.as_ref().and_then(|root| root.get("migrate"));
        let node = migrate.and_then(|m| m.get(field)).or(migrate);
        node.or(self.root.as_ref()).map_or(0..0, |n| n.span.clone())
    }

    /// Rule 51: the order acts on the apply that first publishes the machine.
    fn comes_too_late(&mut self, version: u32) {
        let span = self.place("in_flight");
        let found = self.sink.error(
            codes::TOO_LATE,
            span,
            format!("`migrate` does nothing: this is version {version} again"),
        );
        found.severity = Severity::Warning;
        found.labelled("acts only when a version is first published");
        found.notes.push(
            "runs in flight finish on the version that they are on; change a step, and it is a new version".into(),
        );
    }

    /// J901, and whether all is well.
    fn versions(&mut self, journey: &Journey<'_>, migrate: &Migrate) -> bool {
        let there: Vec<u32> = journey.versions.iter().map(|p| p.version).collect();
        let named = migrate.from.iter();
        let unknown: Vec<u32> = named.filter(|v| !there.contains(v)).copied().collect();
        for version in &unknown {
            let span = self.version_span(*version);
            let found = self.sink.error(
                codes::UNKNOWN_VERSION,
                span,
                format!("`{}` never had a version {version}", journey.name),
            );
            found.labelled("no such version");
            found.notes.push(match there.as_slice() {
                [] => "nothing of this journey was published yet: nobody is in flight, and `migrate` can go".into(),
                [only] => format!("only version {only} was published"),
                [first, .., last] => format!("versions {first} to {last} were published; `from: any` means all of them"),
            });
        }
        unknown.is_empty()
    }

    /// The number in the file: `from: 3`, or one of a list.
    fn version_span(&self, version: u32) -> Span {
        let span = self.place("from");
        let text = self.file.text.get(span.clone()).unwrap_or_default();
        let number = version.to_string();
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let found = text.match_indices(&number).map(|(at, _)| at).find(|at| {
            let before = text[..*at].chars().next_back();
            !digit(before) && !digit(text[at + number.len()..].chars().next())
        });
        found.map_or(span.clone(), |at| {
            span.start + at..span.start + at + number.len()
        })
    }

    /// J902: there are runs to move, and none of them stands at a step that is still there.
    fn moves_nobody(&mut self, journey: &Journey<'_>) {
        let (mut moves, mut lost) = (0_u64, 0_u64);
        let mut steps = BTreeSet::new();
        for version in &journey.versions {
            let passage = Passage::of(journey, version);
            for flight in journey.at(version) {
                match passage.fate(flight.node) {
                    Fate::Moves { .. } => moves += flight.runs,
                    Fate::Kept | Fate::Lost => {
                        lost += flight.runs;
                        steps.extend(name(version, flight.node));
                    }
                    _ => {}
                }
            }
        }
        if moves > 0 || lost == 0 {
            return;
        }
        let span = self.place("in_flight");
        let found = self.sink.error(
            codes::MOVES_NOBODY,
            span,
            format!(
                "`in_flight: move` moves nobody: all {} stand at steps that are gone",
                runs(lost)
            ),
        );
        found.severity = Severity::Warning;
        found.labelled("no step is the same as before");
        found.notes.push(format!(
            "they stand at {}; a run moves between steps of the same id and verb",
            joined(&steps)
        ));
        found.notes.push(
            "keep the ids of the steps at which customers wait, or give the old ones back".into(),
        );
    }

    /// J903: a new journey that looks like one that is gone.
    fn renamed(&mut self, new: &Machine) {
        for old in removed(self.running, self.draft) {
            let Some(machine) = &old.machine else {
                continue;
            };
            let inside: u64 = Journey::of(&old.journey, self.running, self.draft)
                .at(old)
                .map(|f| f.runs)
                .sum();
            if inside == 0 || !alike(machine, new) {
                continue;
            }
            let root = self.root.as_ref();
            let span = root
                .and_then(|r| r.get("journey"))
                .map_or(0..0, |n| n.span.clone());
            let found = self.sink.error(
                codes::RENAMED,
                span.clone(),
                format!(
                    "`{}` looks like `{}` under another name",
                    new.journey, old.journey
                ),
            );
            found.severity = Severity::Warning;
            found.labelled("a journey is known by its name");
            found.notes.push(format!(
                "to Parcours, `{}` is removed and `{}` is new: {} in flight finish on the old one, \
                 and the same customers may enter the new one",
                old.journey,
                new.journey,
                runs(inside)
            ));
            found.notes.push(format!(
                "to rename it for people, change `title` and keep `journey: {}`",
                old.journey
            ));
            found.replacement = Some((span, old.journey.to_string()));
        }
    }
}

/// Current versions of journeys that the draft does not have.
fn removed<'a>(running: &'a Running, draft: Draft<'_>) -> Vec<&'a Published> {
    let there: BTreeSet<_> = draft
        .workspace
        .machines
        .iter()
        .map(|c| &c.machine.journey)
        .collect();
    let current = running.published.iter().filter(|p| p.current);
    current.filter(|p| !there.contains(&p.journey)).collect()
}

/// Whether most steps of one are steps of the other.
fn alike(old: &Machine, new: &Machine) -> bool {
    let matching = Matching::of(old, new);
    let ids = (0..).map(NodeId).take(old.nodes.len());
    let kept = ids.filter(|id| matching.new_of(*id).is_some()).count();
    let all = old.nodes.len().max(new.nodes.len());
    all > 0 && kept * ALIKE.1 >= all * ALIKE.0
}

fn name(version: &Published, node: NodeId) -> Option<String> {
    let node = version.machine.as_ref()?.node(node)?;
    Some(super::StepRef::of(node).name())
}

/// `1 run`, `2,000 runs`.
pub(super) fn runs(count: u64) -> String {
    match count {
        1 => "1 run".into(),
        n => format!("{} runs", number(n)),
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// The names of journeys that `apply --stop` can end, if `name` is none of them: why not, and
/// what may be meant.
///
/// # Errors
/// In words for whoever typed it.
pub fn may_stop(name: &str, running: &Running, draft: Draft<'_>) -> Result<(), String> {
    let journey = Journey::of(name, running, draft);
    if journey.new.is_some() {
        return Err(format!(
            "`{name}` is in the workspace: remove journeys/{name}/ first, then its runs can be stopped"
        ));
    }
    if !journey.versions.is_empty() {
        return Ok(());
    }
    Err(unpublished(
        name,
        running.published.iter().map(|p| &*p.journey),
    ))
}

/// Says that no journey of that name was ever published, and which of these may be meant.
pub fn unpublished<'a>(name: &str, published: impl IntoIterator<Item = &'a str>) -> String {
    let meant = nearest(name, published);
    let meant = meant.map_or_else(String::new, |m| format!("; did you mean `{m}`?"));
    format!("no journey `{name}` was ever published{meant}")
}

/// Whether the journey has another state than before.
pub(super) fn changes(state: JourneyState) -> bool {
    state != JourneyState::Unchanged
}
