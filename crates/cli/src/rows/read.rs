//! Reading rows, typing their columns, and sorting them by time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use journey::{
    customer::{Consent, ConsentState, Customer},
    message::Channel,
    value::{Map, Value},
};

use super::{Mapping, Raw, Row, Source, time};

/// The longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Reads past events, sorted by time; rows of the same time stay in their order.
///
/// # Errors
/// If the file cannot be read, or a row has no customer, event or time; with its line.
pub fn read(source: &Source, mapping: &Mapping) -> Result<Vec<Row>> {
    let columns = Columns::new(mapping)?;
    let raws = raw(source, mapping)?;
    let mut rows = raws
        .into_iter()
        .map(|raw| columns.row(raw))
        .collect::<Result<Vec<Row>>>()?;
    rows.sort_by_key(|row| row.at);
    Ok(rows)
}

/// Customers as a file states them, by key.
pub type Customers = BTreeMap<Arc<str>, Customer>;

/// Reads customers: `id`, traits (all other columns, or an object `traits`), and `consent`: `all`,
/// or by purpose a list of channels. A channel with a stated consent counts as reachable.
///
/// # Errors
/// If the file cannot be read or a row has no id; with its line.
pub fn read_customers(source: &Source, since: jiff::Timestamp) -> Result<Customers> {
    let mut customers = Customers::new();
    for mut raw in raw(source, &Mapping::default())? {
        let id = ["id", "customer", "userId", "user_id", "customer_id"]
            .iter()
            .find_map(|name| raw.fields.remove(*name))
            .and_then(|v| v.to_key())
            .with_context(|| format!("line {}: a customer needs an `id`", raw.line))?;
        let mut customer = Customer::new(&id);
        let consent = raw.fields.remove("consent").unwrap_or_default();
        state_consents(&mut customer, &consent, since)
            .with_context(|| format!("line {}", raw.line))?;
        match raw.fields.remove("traits") {
            Some(Value::Map(traits)) => customer.traits = (*traits).clone(),
            _ => {
                customer.traits = raw
                    .fields
                    .into_iter()
                    .filter(|(_, v)| !v.is_null())
                    .collect();
            }
        }
        customers.insert(Arc::from(id), customer);
    }
    Ok(customers)
}

fn state_consents(customer: &mut Customer, stated: &Value, at: jiff::Timestamp) -> Result<()> {
    let Value::Map(purposes) = stated else {
        if stated.is_null() {
            return Ok(());
        }
        bail!("`consent` is an object of purposes: {{\"marketing\": [\"email\"]}}");
    };
    for (purpose, channels) in purposes.iter() {
        let Value::List(channels) = channels else {
            bail!("the consent for {purpose} is a list of channels: [\"email\", \"sms\"]");
        };
        for channel in channels.iter() {
            let channel: Channel = channel
                .as_text()
                .and_then(|t| t.parse().ok())
                .with_context(|| format!("{channel} is no channel: email, sms, push, chat"))?;
            let consent = Consent {
                state: ConsentState::Granted,
                at,
            };
            let of_purpose = customer.ledger.consents.entry(purpose.clone()).or_default();
            of_purpose.insert(channel, consent);
            customer.ledger.assumed_reachable.push(channel);
        }
    }
    Ok(())
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
        let line = raw.line;
        let missing = |what: &str, columns: &[String]| {
            format!(
                "line {line}: no {what} (looked for {}); name its column with --map {what}=COLUMN",
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
        let customer = customer.with_context(|| missing("customer", &self.customer))?;
        let at = take(&self.at).and_then(|v| v.to_key());
        let at = at.with_context(|| missing("at", &self.at))?;
        let at = time::moment(&at, &self.zone)
            .with_context(|| format!("line {line}: `{at}` is no time"))?;
        let named = take(&self.event)
            .and_then(|v| v.to_key())
            .or_else(|| self.name.clone());
        let named = named.with_context(|| {
            format!(
                "{} or give all of them one with --event NAME",
                missing("event", &self.event)
            )
        })?;
        let event = self.rename.get(&named).unwrap_or(&named);
        Ok(Row {
            number: raw.number,
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

fn raw(source: &Source, mapping: &Mapping) -> Result<Vec<Raw>> {
    let (name, input): (String, Box<dyn Read>) = match source {
        Source::File(path) => {
            let file =
                File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            (path.display().to_string(), Box::new(file))
        }
        Source::Stdin => ("standard input".into(), Box::new(io::stdin())),
    };
    let mut input = BufReader::new(input);
    let starts_with_brace =
        input.fill_buf()?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let rows = if starts_with_brace {
        ndjson(input)
    } else {
        csv(input, mapping)
    };
    rows.with_context(|| name)
}

fn ndjson(mut input: impl BufRead) -> Result<Vec<Raw>> {
    let (mut rows, mut line, mut text) = (Vec::new(), 0, Vec::new());
    loop {
        text.clear();
        line += 1;
        if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut text)? == 0 {
            return Ok(rows);
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value: Value =
            serde_json::from_slice(&text).with_context(|| format!("line {line}: not JSON"))?;
        let Value::Map(fields) = value else {
            bail!("line {line}: not a JSON object")
        };
        let number = rows.len() as u64 + 1;
        rows.push(Raw {
            number,
            line,
            fields: (*fields).clone(),
        });
    }
}

fn csv(input: impl Read, mapping: &Mapping) -> Result<Vec<Raw>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(input);
    let header: Vec<Arc<str>> = reader.headers()?.iter().map(Arc::from).collect();
    let mut records = Vec::new();
    for record in reader.records() {
        records.push(record?);
    }
    let types = types(&header, &records, mapping)?;
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
