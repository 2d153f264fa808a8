//! `parcours event`: publishes one event or a file of them.

mod read;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use api::access::KEY_PREFIX;
use broker::Broker;
use bytes::Bytes;
use clap::Args;
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use journey::{input::Event, intake};
use reqwest::RequestBuilder;
use serde::Deserialize;

use crate::{
    config::Config,
    output::{self, Format},
    rows::Mapping,
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
    /// Publish to this HTTP intake instead of RabbitMQ, as http://127.0.0.1:8080, with `write_key` of
    /// the settings (PARCOURS_WRITE_KEY), which may be a key of `parcours keys add` as well
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
    let events = read::events(args)?;
    let total = events.len() as u64;
    let bar = progress(total);
    match &args.http {
        Some(url) => {
            let key = Config::load(root)?.write_key;
            over_http(url, key.as_deref(), events, &bar).await?;
        }
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

async fn over_amqp(config: &Config, events: Vec<Event>, bar: &ProgressBar) -> Result<()> {
    let broker = Broker::connect(&config.broker()?).await?;
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

/// What the HTTP intake says of a batch.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    refused: Vec<serde_json::Value>,
}

/// Shows the key as what it is: one of the API, or the write key.
fn with_key(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) if key.starts_with(KEY_PREFIX) => request.bearer_auth(key),
        Some(key) => request.basic_auth(key, Some("")),
        None => request,
    }
}

async fn over_http(
    url: &str,
    key: Option<&str>,
    events: Vec<Event>,
    bar: &ProgressBar,
) -> Result<()> {
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
        let answer = with_key(client.post(&target), key)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&body)?)
            .send()
            .await
            .with_context(|| format!("{target} does not answer"))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let said: Said = serde_json::from_str(&text).unwrap_or_default();
        if !status.is_success() || !said.refused.is_empty() {
            bail!("{target} answered {status}: {text}");
        }
        bar.inc(batch.len() as u64);
    }
    Ok(())
}

fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
