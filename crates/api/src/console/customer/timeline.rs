//! All that happened to a customer, day by day: each input in one line, which opens to what was decided on it.

use journey::{
    explain::Tongue,
    ids::MessageId,
    trace::{Fact, Line},
};
use store::read::{InputName, MessageRow, Show, TimelineEntry, TimelineFilter, TimelinePage};

use super::Asked;
use crate::{console::words, i18n::say};

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

pub(super) fn days(page: &TimelinePage, tongue: &Tongue) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for entry in &page.entries {
        let name = words::day(entry.at);
        let shown = shown(entry, &|id| page.messages.get(&id), tongue);
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

/// What became of a message, by its id.
type Found<'a> = dyn Fn(MessageId) -> Option<&'a MessageRow> + 'a;

/// One input in words.
pub(super) fn shown<'a>(entry: &TimelineEntry, found: &Found<'a>, tongue: &Tongue) -> Entry {
    let (kind, title) = head(entry);
    let mut groups: Vec<Group> = Vec::new();
    for line in &entry.trace {
        let journey = line.journey.as_deref().unwrap_or_default();
        let said = said(line, found, tongue);
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
    Entry {
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
        _ => say("A new version was published"),
    }
}

fn occasion(entry: &TimelineEntry, otherwise: &str) -> String {
    let said = entry.occasion();
    said.map_or_else(|| otherwise.into(), |words| words::sentence(&words))
}

fn said<'a>(line: &Line, found: &Found<'a>, tongue: &Tongue) -> Said {
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
        text: words::capital(&line.fact.say(tongue)),
        tone,
        message: message.and_then(found).map(link),
    }
}

fn link(message: &MessageRow) -> Link {
    Link {
        id: message.id,
        status: words::status(&message.status),
        tone: words::tone(&message.status),
    }
}
