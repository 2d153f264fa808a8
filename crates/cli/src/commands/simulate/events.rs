//! What happens in a simulation: a file of events, a script, or events of the command line.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use journey::{
    customer::Customer,
    diagnostic::SourceFile,
    input::{Event, Input},
    intake::{self, Parsed},
    machine::By,
    testing::simulate::{self, Script},
    value::{Map, Value},
    workspace::Workspace,
};

use super::{
    SimulateArgs, pair,
    person::{People, read_value},
    refuse_if_any,
};
use crate::{
    rows::{self, Lines},
    workspace,
};

/// The most events of one simulation.
const MAX_EVENTS: usize = 100_000;

/// What is to be played.
pub(super) struct Given {
    /// Each customer with what happens to them.
    pub(super) plays: Vec<(Customer, Source)>,
}

/// Where the events of one customer come from.
pub(super) enum Source {
    Script(Script, SourceFile),
    Events(Vec<Arrival>),
}

impl Source {
    /// When the first event happens, where that is fixed.
    pub(super) fn first(&self) -> Option<Timestamp> {
        match self {
            Self::Events(events) => events.iter().find_map(|a| match a.when {
                When::At(at) => Some(at),
                When::After(_) => None,
            }),
            Self::Script(..) => None,
        }
    }
}

/// An event on its way.
#[derive(Clone)]
pub(super) struct Arrival {
    event: Event,
    when: When,
}

#[derive(Clone, Copy)]
enum When {
    At(Timestamp),
    After(SignedDuration),
}

impl Arrival {
    /// The event as an input, where the simulation begins at `start`.
    pub(super) fn input(mut self, start: Timestamp) -> Input {
        let now = match self.when {
            When::At(at) => at,
            When::After(span) => journey::time::plus(start, span),
        };
        self.event.at = now;
        intake::input(Parsed::from(self.event), now)
    }
}

/// Reads what the command line says that happens.
///
/// # Errors
/// If a file cannot be read, or an event is none; with its place.
pub(super) fn read(args: &SimulateArgs, compiled: &Workspace) -> Result<Given> {
    let people = People::read(args, &compiled.policies)?;
    let plays = match &args.events {
        Some(path) if is_yaml(path) => of_script(args, path, &people, compiled)?,
        Some(path) => of_file(path, &people, compiled)?,
        None if args.event.is_empty() && !comes_by_itself(args, compiled) => {
            bail!(
                "nothing happens: name an event (--event NAME FIELD=VALUE) or a file (--events FILE)"
            )
        }
        None => of_words(args, &people, compiled)?,
    };
    if args.events.is_some() && !args.event.is_empty() {
        bail!("--event and --events exclude each other: write all events into the file");
    }
    Ok(Given { plays })
}

/// Whether time alone brings somebody in: by a date or a schedule.
fn comes_by_itself(args: &SimulateArgs, compiled: &Workspace) -> bool {
    let played =
        |name: &Arc<str>| **name == *args.journey || args.with.iter().any(|w| **w == **name);
    let machines = compiled.machines.iter().map(|c| &c.machine);
    let mut entries = machines
        .filter(|m| played(&m.journey))
        .flat_map(|m| &m.entries);
    entries.any(|e| matches!(e.by, By::Date { .. } | By::Schedule { .. }))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

fn of_script(
    args: &SimulateArgs,
    path: &Path,
    people: &People,
    compiled: &Workspace,
) -> Result<Vec<(Customer, Source)>> {
    let file = workspace::source(path, &path.display().to_string())?;
    match simulate::script(compiled, &args.journey, &file) {
        Ok(script) => {
            let all = people.all(&compiled.policies).into_iter();
            Ok(all
                .map(|c| (c, Source::Script(script.clone(), file.clone())))
                .collect())
        }
        Err(found) => refuse_if_any(&file, &found).map(|()| Vec::new()),
    }
}

/// Bodies as producers send them, one a line: each customer's in the order of their times.
fn of_file(path: &Path, people: &People, compiled: &Workspace) -> Result<Vec<(Customer, Source)>> {
    let lines = Lines::read(&rows::Source::from(path.to_owned()))?;
    let mut plays: Vec<(Arc<str>, Vec<Arrival>)> = Vec::new();
    let mut count = 0;
    for (number, text) in lines.numbered() {
        let event = body(text).with_context(|| lines.place(number))?;
        if people.named().is_some_and(|key| *key != event.customer) {
            continue;
        }
        count += 1;
        if count > MAX_EVENTS {
            bail!(
                "{}: a simulation has at most {MAX_EVENTS} events",
                lines.place(number)
            );
        }
        let arrival = Arrival {
            when: When::At(event.at),
            event,
        };
        match plays.iter_mut().find(|p| p.0 == arrival.event.customer) {
            Some((_, arrivals)) => arrivals.push(arrival),
            None => plays.push((arrival.event.customer.clone(), vec![arrival])),
        }
    }
    if plays.is_empty() {
        bail!(
            "{} holds no event{}",
            lines.name(),
            people
                .named()
                .map_or_else(String::new, |k| format!(" of {k}"))
        );
    }
    Ok(plays
        .into_iter()
        .map(|(key, mut arrivals)| {
            arrivals.sort_by_key(|a| a.event.at);
            (
                people.find(&key, &compiled.policies),
                Source::Events(arrivals),
            )
        })
        .collect())
}

/// An event as intake reads it. Simulated time may be ahead of ours.
fn body(text: &str) -> Result<Event> {
    let far: Timestamp = "2500-01-01T00:00:00Z".parse()?;
    let parsed =
        intake::parse(text.as_bytes(), far).map_err(|refused| anyhow::anyhow!("{refused}"))?;
    if parsed.event.at == far {
        bail!("the event has no `timestamp`: a simulation needs one");
    }
    Ok(parsed.event)
}

fn of_words(
    args: &SimulateArgs,
    people: &People,
    compiled: &Workspace,
) -> Result<Vec<(Customer, Source)>> {
    let mut written: Vec<(String, Map)> = Vec::new();
    for word in &args.event {
        if !word.contains('=') {
            written.push((word.clone(), Map::new()));
            continue;
        }
        let (name, value) = pair(word, "--event")?;
        let Some((_, fields)) = written.last_mut() else {
            bail!("--event {word}: the name of the event comes first");
        };
        fields.insert(Arc::from(name), read_value(&value));
    }
    let all = people.all(&compiled.policies).into_iter();
    all.map(|customer| {
        let arrivals = written.iter().enumerate();
        let arrivals = arrivals.map(|(n, (name, fields))| arrival(&customer.key, n, name, fields));
        let mut arrivals = arrivals.collect::<Result<Vec<_>>>()?;
        arrivals.sort_by_key(|a| match a.when {
            When::After(span) => span,
            When::At(_) => SignedDuration::ZERO,
        });
        Ok((customer, Source::Events(arrivals)))
    })
    .collect()
}

/// `NAME` at the start, or `NAME@2h` so long after it. The fields of `identify` are traits.
fn arrival(key: &Arc<str>, number: usize, word: &str, fields: &Map) -> Result<Arrival> {
    let (name, after) = match word.split_once('@') {
        None => (word, SignedDuration::ZERO),
        Some((name, text)) => {
            let span = simulate::length(text);
            (
                name,
                span.with_context(|| {
                    format!(
                        "--event {word}: behind `@` stands how long after the start, such as `2h`"
                    )
                })?,
            )
        }
    };
    let (properties, traits) = if name == "identify" {
        (Map::new(), fields.clone())
    } else {
        (fields.clone(), Map::new())
    };
    Ok(Arrival {
        when: When::After(after),
        event: Event {
            customer: key.clone(),
            name: Arc::from(name),
            at: Timestamp::UNIX_EPOCH,
            properties: Value::Map(Arc::new(properties)),
            traits,
            message_id: Arc::from(format!("simulate-{number}")),
            source: Arc::from("simulate"),
        },
    })
}
