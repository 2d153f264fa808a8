//! All that happened to a customer, day by day: each input in one line, which opens to what was decided on it.

use std::{collections::BTreeMap, sync::Arc};

use journey::{
    action::Undone,
    explain::Tongue,
    ids::MessageId,
    trace::{Fact, Line},
};
use store::read::{
    Branch, InputName, MessageRow, Show, TimelineEntry, TimelineFilter, TimelinePage, Ways,
};

use super::Asked;
use crate::{
    console::words,
    i18n::{fill, say},
};

/// What the timeline shows, as links and a select say it.
pub(super) struct Filters {
    pub(super) filter: TimelineFilter,
    /// The word of what is shown.
    pub(super) show: &'static str,
    pub(super) journey: String,
    pub(super) kinds: Vec<Kind>,
}

/// One thing that can be shown.
pub(super) struct Kind {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    pub(super) chosen: bool,
}

const SHOWS: [(&str, Show); 6] = [
    ("", Show::All),
    ("messages", Show::Messages),
    ("refusals", Show::Refusals),
    ("events", Show::Events),
    ("receipts", Show::Receipts),
    ("timers", Show::Timers),
];

impl Filters {
    /// A word that is none shows everything.
    pub(super) fn of(asked: &Asked) -> Self {
        let known = SHOWS.iter().find(|(word, _)| *word == asked.show);
        let (word, show) = *known.unwrap_or(&SHOWS[0]);
        let kinds = SHOWS.iter().map(|(w, s)| Kind {
            word: w,
            name: name(*s),
            chosen: *s == show,
        });
        Self {
            show: word,
            journey: asked.journey.clone(),
            kinds: kinds.collect(),
            filter: TimelineFilter {
                show,
                journey: (!asked.journey.is_empty()).then(|| asked.journey.clone()),
            },
        }
    }
}

fn name(show: Show) -> &'static str {
    match show {
        Show::All => say("Everything"),
        Show::Events => say("Events"),
        Show::Messages => say("Messages"),
        Show::Refusals => say("Not sent"),
        Show::Receipts => say("Receipts"),
        Show::Timers => say("Timers"),
    }
}

pub(super) struct Day {
    pub(super) name: String,
    pub(super) entries: Vec<Entry>,
}

/// One input.
pub(super) struct Entry {
    pub(super) iso: String,
    pub(super) clock: String,
    pub(super) kind: &'static str,
    pub(super) title: String,
    /// The journeys that it moved, at most two.
    pub(super) journeys: Vec<String>,
    /// What it came to, where it is not open.
    pub(super) gist: Vec<Said>,
    /// How much more was decided.
    pub(super) more: u64,
    pub(super) groups: Vec<Group>,
    pub(super) unreadable: bool,
    pub(super) input: String,
}

/// Facts in a row that are about the same run.
pub(super) struct Group {
    pub(super) journey: String,
    pub(super) facts: Vec<Said>,
}

/// A fact in words.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) step: String,
    pub(super) text: String,
    pub(super) tone: &'static str,
    pub(super) message: Option<Link>,
}

/// A message that a fact is about.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) id: MessageId,
    pub(super) status: &'static str,
    pub(super) tone: &'static str,
}

/// What facts are put into words with.
pub(super) struct Known<'a> {
    pub(super) messages: &'a BTreeMap<MessageId, MessageRow>,
    pub(super) ways: &'a Ways,
    pub(super) tongue: &'a Tongue,
}

pub(super) fn days(page: &TimelinePage, ways: &Ways, tongue: &Tongue) -> Vec<Day> {
    let known = Known {
        messages: &page.messages,
        ways,
        tongue,
    };
    let mut days: Vec<Day> = Vec::new();
    for entry in &page.entries {
        let name = words::day(entry.at);
        let shown = shown(entry, &known);
        match days.last_mut() {
            Some(day) if day.name == name => day.entries.push(shown),
            _ => days.push(Day {
                name,
                entries: vec![shown],
            }),
        }
    }
    days
}

/// One input in words.
pub(super) fn shown(entry: &TimelineEntry, known: &Known<'_>) -> Entry {
    let (kind, title) = head(entry);
    let mut groups: Vec<Group> = Vec::new();
    for line in &entry.trace {
        let journey = line.journey.as_deref().unwrap_or_default();
        let said = said(line, known);
        match groups.last_mut() {
            Some(group) if group.journey == journey => group.facts.push(said),
            _ => groups.push(Group {
                journey: journey.to_owned(),
                facts: vec![said],
            }),
        }
    }
    let all: Vec<&Said> = groups.iter().flat_map(|g| &g.facts).collect();
    let gist = gist(&all);
    let mut journeys: Vec<String> = groups.iter().map(|g| g.journey.clone()).collect();
    journeys.retain(|name| !name.is_empty());
    journeys.dedup();
    journeys.truncate(2);
    Entry {
        journeys,
        more: (all.len() - gist.len()) as u64,
        gist,
        iso: entry.at.to_string(),
        clock: words::clock(entry.at),
        kind,
        title,
        groups,
        unreadable: entry.unreadable,
        input: entry.id.to_string(),
    }
}

/// What matters most of what was decided: what became of messages, else the first fact.
fn gist(all: &[&Said]) -> Vec<Said> {
    const MOST: usize = 2;
    let loud = all.iter().filter(|said| said.tone != "calm");
    let loud: Vec<Said> = loud.take(MOST).map(|said| (*said).clone()).collect();
    if loud.is_empty() {
        all.first()
            .map(|said| (*said).clone())
            .into_iter()
            .collect()
    } else {
        loud
    }
}

fn head(entry: &TimelineEntry) -> (&'static str, String) {
    match entry.kind {
        InputName::Event => ("event", entry.name.to_string()),
        InputName::Timer => ("timer", say("Time had come").into()),
        InputName::Receipt => ("receipt", say("News of a message").into()),
        InputName::Passage => ("passage", passage(entry).into()),
        InputName::Date => ("timer", occasion(entry, say("A date had come"))),
        InputName::Sweep => ("timer", occasion(entry, say("Its turn had come"))),
        InputName::Answer => ("receipt", say("News of a call").into()),
        InputName::TakeOver => ("passage", say("News of a merged customer").into()),
    }
}

/// What made a run pass, as a heading.
fn passage(entry: &TimelineEntry) -> &'static str {
    match entry.trace.first().map(|line| &line.fact) {
        Some(Fact::Paused { .. }) => say("The journey was paused"),
        Some(Fact::Resumed { .. }) => say("The journey goes on"),
        // For all but those that a person has paused.
        Some(Fact::Ignored { why }) if **why == *Undone::STAYS.as_str() => {
            say("The journey goes on")
        }
        _ => say("A new version was published"),
    }
}

fn occasion(entry: &TimelineEntry, otherwise: &str) -> String {
    let said = entry.occasion();
    said.map_or_else(|| otherwise.into(), |words| words::sentence(&words))
}

fn said(line: &Line, known: &Known<'_>) -> Said {
    let (tone, message) = match &line.fact {
        Fact::Sends { message, .. } => ("good", Some(*message)),
        Fact::Suppressed { message, .. } | Fact::Recalled { message } => ("warn", Some(*message)),
        Fact::Failed { message, .. } => ("bad", Some(*message)),
        Fact::Noted { message, .. } => ("calm", Some(*message)),
        Fact::Held { .. } => ("warn", None),
        Fact::Goal => ("good", None),
        _ => ("calm", None),
    };
    Said {
        step: line.step.as_deref().unwrap_or_default().to_owned(),
        text: chosen(line, known.ways)
            .unwrap_or_else(|| words::capital(&line.fact.say(known.tongue))),
        tone,
        message: message.and_then(|id| known.messages.get(&id)).map(link),
    }
}

/// Which condition decided a branch, as it is written, and where it leads; of a split how many get that arm.
fn chosen(line: &Line, ways: &Ways) -> Option<String> {
    let (run, step) = (line.run?, line.step.as_deref()?);
    let arm = match &line.fact {
        Fact::Chose { arm } => *arm,
        Fact::Split { arm } => {
            let (weight, all) = ways.weight(run, step, arm)?;
            return Some(fill(
                "Arm {0}: dealt by chance, to {1} of {2}, and always the same to one customer",
                &[arm, &weight, &all],
            ));
        }
        _ => return None,
    };
    let branch = ways.branch(run, step)?;
    let end = || Arc::from(say("the end"));
    match arm {
        Some(n) => {
            let (condition, to) = branch.arms.get(usize::try_from(n).ok()?)?;
            let to = to.clone().unwrap_or_else(end);
            Some(fill("`{0}` holds: on to `{1}`", &[condition, &to]))
        }
        None => {
            let to = branch.otherwise.clone().unwrap_or_else(end);
            let none = conditions(branch);
            Some(fill("No condition holds ({0}): on to `{1}`", &[&none, &to]))
        }
    }
}

fn conditions(branch: &Branch) -> String {
    let all = branch
        .arms
        .iter()
        .map(|(condition, _)| format!("`{condition}`"));
    all.collect::<Vec<_>>().join(", ")
}

fn link(message: &MessageRow) -> Link {
    Link {
        id: message.id,
        status: words::status(&message.status),
        tone: words::tone(&message.status),
    }
}
