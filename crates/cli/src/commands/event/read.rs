//! Reading the events that are to be published, each checked as intake would.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use journey::{
    ids::InputId,
    input::Event,
    intake,
    value::{Map, Value},
};

use super::{EventArgs, micros};
use crate::rows::{self, Lines, Mapping, Row, Source};

/// The events of the command line.
///
/// # Errors
/// If one is not well formed, with its file and line.
pub fn events(args: &EventArgs) -> Result<Vec<Event>> {
    let now = Timestamp::now();
    match (&args.file, &args.name, &args.customer) {
        (Some(file), ..) => of_file(&file.clone().into(), &args.mapping, now),
        (None, Some(name), Some(customer)) => {
            let event = one(args, name, customer)?;
            accepted(&event, now)?;
            Ok(vec![event])
        }
        _ => bail!("name a FILE of events, or one event by --name and --customer"),
    }
}

/// What intake says to it.
fn accepted(event: &Event, now: Timestamp) -> Result<()> {
    match intake::parse(&intake::to_json(event), now) {
        Ok(_) => Ok(()),
        Err(refused) => bail!("{refused}"),
    }
}

fn one(args: &EventArgs, name: &str, customer: &str) -> Result<Event> {
    let with = args.with.as_deref().unwrap_or("{}");
    let shape = "--with is a JSON object: --with '{\"total\": 50}'";
    let fields: Value = serde_json::from_str(with).context(shape)?;
    if fields.as_map().is_none() {
        bail!(shape);
    }
    let at = micros(Timestamp::now());
    let id = args
        .id
        .clone()
        .unwrap_or_else(|| InputId::of_event(&format!("{customer} {name} {at}"), with).to_string());
    let (properties, traits) = match (name, fields) {
        ("identify", Value::Map(traits)) => (Value::Map(Arc::default()), (*traits).clone()),
        (_, fields) => (fields, Map::new()),
    };
    Ok(Event {
        customer: Arc::from(customer),
        name: Arc::from(name),
        at,
        properties,
        traits,
        message_id: Arc::from(id),
        source: Arc::from(""),
    })
}

/// Segment's bodies and CloudEvents as they are, other rows by their columns.
fn of_file(source: &Source, mapping: &Mapping, now: Timestamp) -> Result<Vec<Event>> {
    let lines = Lines::read(source)?;
    if let Some(events) = bodies(&lines, now)? {
        return Ok(events);
    }
    let (mut seen, mut events) = (BTreeMap::new(), Vec::new());
    for row in rows::of_lines(&lines, mapping)? {
        let place = lines.place(row.line);
        let event = of_row(row, &mut seen);
        accepted(&event, now).context(place)?;
        events.push(event);
    }
    Ok(events)
}

/// The events of a file in which at least one line is an event as intake reads it: then all must be.
fn bodies(lines: &Lines, now: Timestamp) -> Result<Option<Vec<Event>>> {
    let parse = |text: &str| intake::parse(text.as_bytes(), now);
    let is_events = lines.is_json() && lines.numbered().any(|(_, text)| parse(text).is_ok());
    if !is_events {
        return Ok(None);
    }
    lines
        .numbered()
        .map(|(number, text)| match parse(text) {
            Ok(parsed) => Ok(parsed.event),
            Err(refused) => bail!("{}: {refused}", lines.place(number)),
        })
        .collect::<Result<_>>()
        .map(Some)
}

/// A row as an event. Its id comes from all that it says, and from how often the same was said
/// before it in the file: a file that is published again takes no effect, and another file does.
fn of_row(row: Row, seen: &mut BTreeMap<InputId, u32>) -> Event {
    let mut event = Event {
        customer: row.customer,
        name: row.event,
        at: row.at,
        properties: row.properties,
        traits: row.traits,
        message_id: Arc::from("row"),
        source: Arc::from(""),
    };
    let content = String::from_utf8_lossy(&intake::to_json(&event)).into_owned();
    let says = InputId::of_event("row", &content);
    let before = seen.entry(says).or_default();
    event.message_id = Arc::from(format!("{says}-{before}"));
    *before += 1;
    event
}
