//! Reading rows, typing their columns, and sorting them by time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, bail};
use jiff::tz::TimeZone;
use journey::value::{Map, Value};

use super::{Lines, Mapping, Raw, Row, Source, time};

/// Reads past events, sorted by time; rows of the same time stay in their order.
///
/// # Errors
/// If the file cannot be read, or a row has no customer, event or time; with its line.
pub fn read(source: &Source, mapping: &Mapping) -> Result<Vec<Row>> {
    of_lines(&Lines::read(source)?, mapping)
}

/// The same of a file that was read already.
///
/// # Errors
/// As [`read`].
pub fn of_lines(lines: &Lines, mapping: &Mapping) -> Result<Vec<Row>> {
    let columns = Columns::new(mapping)?;
    let row = |raw: Raw| {
        let line = raw.line;
        columns.row(raw).with_context(|| lines.place(line))
    };
    let raws = raw(lines, mapping)?;
    let mut rows = raws.into_iter().map(row).collect::<Result<Vec<Row>>>()?;
    rows.sort_by_key(|row| row.at);
    Ok(rows)
}

/// Which column is what.
struct Columns {
    customer: Vec<String>,
    event: Vec<String>,
    at: Vec<String>,
    name: Option<String>,
    rename: BTreeMap<String, String>,
    zone: TimeZone,
}

impl Columns {
    fn new(mapping: &Mapping) -> Result<Self> {
        let mut map: BTreeMap<_, _> = mapping.map.iter().cloned().collect();
        let mut column = |what: &str, usual: &[&str]| match map.remove(what) {
            Some(column) => vec![column],
            None => usual.iter().map(ToString::to_string).collect(),
        };
        let columns = Self {
            customer: column(
                "customer",
                &["customer", "userId", "user_id", "customer_id"],
            ),
            event: column("event", &["event"]),
            at: column("at", &["at", "timestamp", "time", "date"]),
            name: mapping.event.clone(),
            rename: mapping.rename.iter().cloned().collect(),
            zone: journey::time::named(&mapping.zone)
                .with_context(|| format!("--zone {}: there is no such time zone", mapping.zone))?,
        };
        if let Some(what) = map.keys().next() {
            bail!("--map {what}=…: a column can be `customer`, `event` or `at`");
        }
        Ok(columns)
    }

    fn row(&self, mut raw: Raw) -> Result<Row> {
        let missing = |what: &str, word: &str, columns: &[String]| {
            format!(
                "no {what} (looked for {}); name its column with --map {word}=COLUMN",
                columns.join(", ")
            )
        };
        let mut take = |columns: &[String]| {
            columns
                .iter()
                .find_map(|c| raw.fields.remove(c.as_str()))
                .filter(|v| !v.is_null())
        };
        let customer = take(&self.customer).and_then(|v| v.to_key());
        let customer = customer.with_context(|| missing("customer", "customer", &self.customer))?;
        let at = take(&self.at).and_then(|v| v.to_key());
        let at = at.with_context(|| missing("time", "at", &self.at))?;
        let at = time::moment(&at, &self.zone)
            .with_context(|| format!("`{at}` is no time; write it as 2024-03-13T10:21:14Z, 2024-03-13 10:21:14, 2024-03-13, or seconds since 1970"))?;
        let named = take(&self.event)
            .and_then(|v| v.to_key())
            .or_else(|| self.name.clone());
        let named = named.with_context(|| {
            format!(
                "{} or give all of them one with --event NAME",
                missing("event", "event", &self.event)
            )
        })?;
        let event = self.rename.get(&named).unwrap_or(&named);
        Ok(Row {
            number: raw.number,
            line: raw.line,
            customer: Arc::from(customer),
            event: Arc::from(event.as_str()),
            at,
            traits: traits(&mut raw),
            properties: properties(raw),
        })
    }
}

fn traits(raw: &mut Raw) -> Map {
    match raw.fields.remove("traits") {
        Some(Value::Map(traits)) => (*traits).clone(),
        _ => Map::new(),
    }
}

/// The remaining columns; Segment's `properties` where the row has them.
fn properties(mut raw: Raw) -> Value {
    match raw.fields.remove("properties") {
        Some(properties @ Value::Map(_)) => properties,
        _ => {
            raw.fields.retain(|_, value| !value.is_null());
            Value::Map(Arc::new(raw.fields))
        }
    }
}

pub(super) fn raw(lines: &Lines, mapping: &Mapping) -> Result<Vec<Raw>> {
    if lines.is_json() {
        ndjson(lines)
    } else {
        csv(lines, mapping)
    }
}

fn ndjson(lines: &Lines) -> Result<Vec<Raw>> {
    let rows = lines.numbered().zip(1..).map(|((line, text), number)| {
        let place = || lines.place(line);
        let value: Value = serde_json::from_str(text)
            .map_err(|error| anyhow!("{}: not JSON: {}", place(), without_line(&error)))?;
        let Value::Map(fields) = value else {
            bail!("{}: not a JSON object", place())
        };
        let fields = (*fields).clone();
        Ok(Raw {
            number,
            line,
            fields,
        })
    });
    rows.collect()
}

/// serde_json counts the one line that it saw.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} (column {})", error.column()),
        None => text,
    }
}

fn csv(lines: &Lines, mapping: &Mapping) -> Result<Vec<Raw>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(lines.text().as_bytes());
    let header = reader.headers().map_err(|e| broken(lines, &e))?;
    let header: Vec<Arc<str>> = header.iter().map(Arc::from).collect();
    let mut records = Vec::new();
    for record in reader.records() {
        records.push(record.map_err(|error| broken(lines, &error))?);
    }
    let types = types(&header, &records, mapping).with_context(|| lines.name().to_owned())?;
    let row = |(index, record): (usize, &csv::StringRecord)| Raw {
        number: index as u64 + 1,
        line: record
            .position()
            .map_or(index as u64 + 2, csv::Position::line),
        fields: header
            .iter()
            .zip(&types)
            .zip(record)
            .map(|((name, kind), text)| (name.clone(), kind.read(text)))
            .collect(),
    };
    Ok(records.iter().enumerate().map(row).collect())
}

/// An error of the reader, with its line and in the words of a spreadsheet.
fn broken(lines: &Lines, error: &csv::Error) -> anyhow::Error {
    let place = error
        .position()
        .map_or_else(|| lines.name().to_owned(), |at| lines.place(at.line()));
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            anyhow!("{place}: {len} fields, where the header has {expected_len}")
        }
        _ => anyhow!("{place}: {error}"),
    }
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Boolean,
}

impl Kind {
    /// An empty cell is null; so is one that is not of its column's stated type.
    fn read(self, text: &str) -> Value {
        match self {
            _ if text.is_empty() => Value::Null,
            Self::Text => Value::text(text),
            Self::Boolean => match text {
                "true" | "1" | "yes" => Value::Bool(true),
                "false" | "0" | "no" => Value::Bool(false),
                _ => Value::Null,
            },
            Self::Number => number(text).unwrap_or_default(),
        }
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    // Not `inf`, `nan` or anything else that Rust reads and a spreadsheet would not.
    if !text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
    {
        return None;
    }
    match text.parse::<i64>() {
        Ok(whole) => Some(Value::Int(whole)),
        Err(_) => text
            .parse()
            .ok()
            .filter(|f: &f64| f.is_finite())
            .map(Value::Float),
    }
}

fn types(
    header: &[Arc<str>],
    records: &[csv::StringRecord],
    mapping: &Mapping,
) -> Result<Vec<Kind>> {
    let stated: BTreeMap<&str, &str> = mapping
        .types
        .iter()
        .map(|(c, t)| (c.as_str(), t.as_str()))
        .collect();
    let known: BTreeSet<&str> = header.iter().map(|h| &**h).collect();
    if let Some(column) = stated.keys().find(|c| !known.contains(**c)) {
        bail!(
            "--types {column}=…: the file has no such column; it has {}",
            header.join(", ")
        );
    }
    // Names of customers, events and times stay text: customer 00001 is not customer 1.
    let columns = Columns::new(mapping)?;
    let names: BTreeSet<&str> = [&columns.customer, &columns.event, &columns.at]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(["id"])
        .collect();
    header
        .iter()
        .enumerate()
        .map(|(index, name)| match stated.get(&**name) {
            Some(&"number") => Ok(Kind::Number),
            Some(&"text") => Ok(Kind::Text),
            Some(&"boolean") => Ok(Kind::Boolean),
            Some(other) => bail!("--types {name}={other}: a type is number, text or boolean"),
            None if names.contains(&**name) => Ok(Kind::Text),
            None => Ok(guess(records, index)),
        })
        .collect()
}

/// Numbers where every value is one.
fn guess(records: &[csv::StringRecord], index: usize) -> Kind {
    let mut values = records
        .iter()
        .filter_map(|r| r.get(index))
        .filter(|v| !v.is_empty())
        .peekable();
    let some = values.peek().is_some();
    if some && values.all(|v| number(v).is_some()) {
        Kind::Number
    } else {
        Kind::Text
    }
}
