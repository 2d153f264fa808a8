//! `parcours event`: publishes one event or a file of them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use broker::Broker;
use bytes::Bytes;
use clap::Args;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use journey::{
    ids::InputId,
    input::Event,
    intake,
    value::{Map, Value},
};

use crate::{
    config::Config,
    output::{self, Format},
    rows::{self, Mapping, Row},
};

/// Publishes that are unconfirmed at a time.
const WINDOW: usize = 1_000;

/// What to publish.
#[derive(Args, Clone, Debug)]
pub struct EventArgs {
    /// A file of events, CSV with a header or one JSON object a line (`-`: standard input); without
    /// it, one event from --name, --customer and --with
    file: Option<PathBuf>,
    /// One event: its name
    #[arg(long, conflicts_with = "file", requires = "customer")]
    name: Option<String>,
    /// One event: whose
    #[arg(long, conflicts_with = "file")]
    customer: Option<String>,
    /// One event: its fields, as a JSON object
    #[arg(long, conflicts_with = "file", value_name = "JSON")]
    with: Option<String>,
    /// One event: its id, so that a repetition takes no effect (default: made from its content and
    /// the time)
    #[arg(long, conflicts_with = "file")]
    id: Option<String>,
    /// Publish to this HTTP intake instead of RabbitMQ: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    http: Option<String>,
    #[command(flatten)]
    mapping: Mapping,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// If an event is not well formed, with its line; nothing is published then. Or if the broker or
/// the HTTP intake does not take them.
pub async fn run(args: &EventArgs, root: &Path) -> Result<()> {
    let events = events(args)?;
    let total = events.len() as u64;
    let bar = progress(total);
    match &args.http {
        Some(url) => over_http(url, events, &bar).await?,
        None => over_amqp(&Config::load(root)?, events, &bar).await?,
    }
    bar.finish_and_clear();
    match args.format {
        Format::Json => output::json(&serde_json::json!({ "published": total })),
        Format::Text => {
            output::text(&format!(
                "{total} event{} published",
                if total == 1 { "" } else { "s" }
            ));
            Ok(())
        }
    }
}

/// A bar that says what is done, how fast and how long it will take.
pub fn progress(total: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} events  {per_sec}  {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

/// The events to publish, each checked as intake would.
fn events(args: &EventArgs) -> Result<Vec<Event>> {
    let events = match (&args.file, &args.name, &args.customer) {
        (Some(file), ..) => of_file(file, &args.mapping)?,
        (None, Some(name), Some(customer)) => vec![one(args, name, customer)?],
        _ => bail!("name a FILE, or --name and --customer"),
    };
    let now = Timestamp::now();
    for (index, event) in events.iter().enumerate() {
        intake::parse(&intake::to_json(event), now)
            .map_err(|refused| anyhow::anyhow!("event {}: {refused}", index + 1))?;
    }
    Ok(events)
}

fn one(args: &EventArgs, name: &str, customer: &str) -> Result<Event> {
    let with = args.with.as_deref().unwrap_or("{}");
    let fields: Value = serde_json::from_str(with).context("--with is no JSON")?;
    if fields.as_map().is_none() {
        bail!("--with is a JSON object: --with '{{\"total\": 50}}'");
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

/// Segment's bodies as they are, other rows by their columns. A row's id is its own `messageId`,
/// else the file's name and its number: publishing a file again has no effect.
fn of_file(file: &Path, mapping: &Mapping) -> Result<Vec<Event>> {
    if let Some(events) = segment_lines(file)? {
        return Ok(events);
    }
    let name = file
        .file_name()
        .map_or_else(|| "-".into(), |n| n.to_string_lossy().into_owned());
    let rows = rows::read(&file.to_owned().into(), mapping)?;
    Ok(rows.into_iter().map(|row| of_row(row, &name)).collect())
}

/// The events of a file whose first line is a Segment body or a CloudEvent.
fn segment_lines(file: &Path) -> Result<Option<Vec<Event>>> {
    if file.as_os_str() == "-" {
        return Ok(None);
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let now = Timestamp::now();
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty())
        .peekable();
    let is_event = |line: &str| intake::parse(line.as_bytes(), now).is_ok();
    if !lines.peek().is_some_and(|(_, first)| is_event(first)) {
        return Ok(None);
    }
    lines
        .map(|(index, line)| match intake::parse(line.as_bytes(), now) {
            Ok(parsed) => Ok(parsed.event),
            Err(refused) => bail!("{}, line {}: {refused}", file.display(), index + 1),
        })
        .collect::<Result<Vec<_>>>()
        .map(Some)
}

fn of_row(row: Row, file: &str) -> Event {
    Event {
        customer: row.customer,
        name: row.event,
        at: row.at,
        properties: row.properties,
        traits: row.traits,
        message_id: Arc::from(format!("{file}:{}", row.number)),
        source: Arc::from(""),
    }
}

async fn over_amqp(config: &Config, events: Vec<Event>, bar: &ProgressBar) -> Result<()> {
    let settings = broker::Settings {
        url: config.amqp_url()?.into(),
        ..Default::default()
    };
    let broker = Broker::connect(&settings).await?;
    let publisher = broker.publisher().await?;
    publish(&publisher, &events, bar).await?;
    broker.close().await;
    Ok(())
}

/// Publishes events in order, each confirmed.
///
/// # Errors
/// If the broker does not take one; those before it are safe.
pub async fn publish(
    publisher: &broker::Publisher,
    events: &[Event],
    bar: &ProgressBar,
) -> Result<()> {
    let items = events
        .iter()
        .map(|e| (e.customer.to_string(), Bytes::from(intake::to_json(e))));
    publisher
        .publish_all(stream::iter(items), WINDOW, |done| bar.set_position(done))
        .await?;
    Ok(())
}

async fn over_http(url: &str, events: Vec<Event>, bar: &ProgressBar) -> Result<()> {
    let target = format!("{}/v1/batch", url.trim_end_matches('/'));
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()?;
    let mut batches = stream::iter(events).chunks(100);
    while let Some(batch) = batches.next().await {
        let bodies: Vec<serde_json::Value> = batch
            .iter()
            .map(|e| serde_json::from_slice(&intake::to_json(e)))
            .collect::<Result<_, _>>()?;
        let body = serde_json::json!({ "batch": bodies });
        let answer = client
            .post(&target)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&body)?)
            .send()
            .await
            .with_context(|| format!("{target} does not answer"))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if !status.is_success() || text.contains("\"refused\":[{") {
            bail!("{target} answered {status}: {text}");
        }
        bar.inc(batch.len() as u64);
    }
    Ok(())
}

fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
