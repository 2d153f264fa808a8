//! `parcours demo`: the sample journeys on a stream of sample events, through real servers.
//!
//! The stream is played in its own time: each event's time stamp is its clock, and timers fire in
//! between, so that seventy-five days pass in seconds. Afterwards the engine goes on in real time.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use broker::Broker;
use clap::Args;
use engine::{Engine, Roles};
use jiff::Timestamp;
use journey::{advance::Clock, input::Event, intake};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    read::{Reader, Summary},
};
use tokio_util::sync::CancellationToken;

use crate::{
    board,
    commands::{database, event},
    config::Config,
    intake::IntoBroker,
    local::{self, Providers},
    output::{self, Format, Refused},
    servers::{self, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions},
    service::{self, Http},
};

const EVENTS: &str = include_str!("../../samples/events.ndjson");
const EXPECTED: &str = include_str!("../../samples/expected.json");
/// How long the whole stream may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// How to run it.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Forget all data first
    #[arg(long)]
    reset: bool,
    /// End by itself after the sample stream; status 0 only if all that should have happened did
    #[arg(long)]
    exit: bool,
    /// Where the console listens (default: 127.0.0.1:8080, or a free port)
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
}

/// What the last line of `--exit` says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Outcome {
    /// Runs that began.
    entered: u64,
    /// Messages accepted by a provider, by channel.
    sent: BTreeMap<Arc<str>, u64>,
    /// Messages held back, by reason.
    suppressed: BTreeMap<Arc<str>, u64>,
    /// Messages that failed, and events that could not be read.
    #[serde(default)]
    errors: u64,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] with `--exit`, if something did not happen; any other if a server does not start.
pub async fn run(args: &DemoArgs, root: &Path) -> Result<()> {
    let directory = local::directory(root, "demo");
    if args.reset {
        local::forget(&directory)?;
    }
    let stop = service::stop_on_signals()?;
    output::aside("starting a private PostgreSQL and RabbitMQ under .parcours/demo …");
    let home = directory.clone();
    let servers = local::blocking(move || {
        servers::start_both(
            &home,
            &PostgresOptions::default(),
            &RabbitMqOptions::default(),
        )
    });
    let (postgres, rabbitmq) = tokio::select! {
        servers = servers => servers?,
        () = stop.cancelled() => return stopped(args).map(drop),
    };
    local::say_where(&postgres);
    let result = with_servers(args, root, &postgres, &rabbitmq, &stop).await;
    local::blocking(move || {
        rabbitmq.stop();
        postgres.stop();
        Ok::<_, anyhow::Error>(())
    })
    .await?;
    // The last line: nothing that still runs could say anything after it.
    result?.map_or(Ok(()), |verdict| verdict.say())
}

/// Ctrl-C before the end of the stream: no answer, where an answer was asked for.
fn stopped(args: &DemoArgs) -> Result<Option<Verdict>> {
    match args.exit {
        true => bail!("stopped before the end of the sample stream"),
        false => Ok(None),
    }
}

/// Whatever happens, our connections to RabbitMQ are closed before it stops.
async fn with_servers(
    args: &DemoArgs,
    root: &Path,
    postgres: &Postgres,
    rabbitmq: &RabbitMq,
    stop: &CancellationToken,
) -> Result<Option<Verdict>> {
    let store = local::store(postgres, root).await?;
    database::publish(&store, root, Format::Text).await?;
    // One event at a time: the messages of each leave before the next is looked at.
    let one_by_one = broker::Settings {
        url: rabbitmq.url(),
        batch: 1,
        ..Default::default()
    };
    let broker = Broker::connect(&one_by_one).await?;
    let result = with_broker(args, root, store, &broker, rabbitmq, stop).await;
    broker.close().await;
    result
}

async fn with_broker(
    args: &DemoArgs,
    root: &Path,
    store: Store,
    broker: &Broker,
    rabbitmq: &RabbitMq,
    stop: &CancellationToken,
) -> Result<Option<Verdict>> {
    let directory = local::directory(root, "demo");
    let config = Config::load(root)?;
    let http = args.http.as_deref();
    let providers = Providers::start(&directory, http, &store, &config).await?;
    let address = providers.listener.local_addr()?.to_string();
    let (settings, look) = (config.engine(&address)?, config.look()?);
    let recorded = engine::Settings {
        clock: Clock::Recorded,
        ..settings.clone()
    };
    let past = Engine::start(store.clone(), providers.channels.clone(), recorded).await?;

    let accept = Arc::new(IntoBroker {
        publisher: broker.publisher().await?,
        traces: past.settings().traces.clone(),
    });
    let state = api::State {
        mailbox: Some(Arc::new(providers.captures.clone())),
        chat: Some(board::chat(&past, &providers.web, &look, stop)),
        pages: Some(service::pages(&past, look)),
        ops: service::ops(&past, Some(broker)),
        ..service::state(&past, accept)
    };
    let http = Http::start(providers.listener, state, stop)?;
    let reader = Reader::new(store.pool().clone());
    let before = outcome(&reader, broker).await?;
    let play = tokio::time::timeout(PATIENCE, play(&past, broker));
    tokio::select! {
        played = play => played.context("the sample stream took longer than five minutes")??,
        () = stop.cancelled() => {
            http.ended().await?;
            return stopped(args);
        }
    }
    let after = outcome(&reader, broker).await?;
    let summary = reader.summary().await?;
    show(&summary, &after, &http);
    if args.exit {
        stop.cancel();
        http.ended().await?;
        return Verdict::of(before, after).map(Some);
    }
    drop(past);
    let engine = Engine::start(store, providers.channels, settings).await?;
    go_on(&engine, rabbitmq, http, stop, config.stops_within()).await?;
    Ok(None)
}

/// The engine in real time, until it is told to stop.
async fn go_on(
    engine: &Arc<Engine>,
    rabbitmq: &RabbitMq,
    http: Http,
    stop: &CancellationToken,
    within: Duration,
) -> Result<()> {
    let settings = broker::Settings {
        url: rabbitmq.url(),
        ..Default::default()
    };
    let live = Broker::connect(&settings).await?;
    output::aside("the engine goes on in real time; Ctrl-C stops everything, the data stays");
    let result = service::run(engine, Some(&live), Roles::ALL, Some(http), stop, within).await;
    live.close().await;
    result.map(drop)
}

/// Publishes the stream and plays it until nothing is left to do at its end.
async fn play(engine: &Arc<Engine>, broker: &Broker) -> Result<()> {
    let events = events()?;
    let end = events.last().map_or(Timestamp::UNIX_EPOCH, |e| e.at);
    let bar = event::progress(events.len() as u64);
    let publisher = broker.publisher().await?;
    event::publish(&publisher, &events, &bar).await?;
    bar.finish_and_clear();
    let mut consumer = broker.consumer().await?;
    for event in &events {
        // What was due before the event has happened, and has left, when it comes.
        settle(engine, just_before(event.at)).await?;
        if engine.intake_once(&mut consumer).await?.is_none() {
            bail!("the broker closed the consumer");
        }
    }
    consumer.stop().await?;
    settle(engine, end).await
}

fn just_before(at: Timestamp) -> Timestamp {
    journey::time::plus(at, jiff::SignedDuration::from_micros(-1))
}

/// Fires what is due by then, and hands over what was decided.
async fn settle(engine: &Engine, end: Timestamp) -> Result<()> {
    let never = CancellationToken::new();
    loop {
        let fired = engine.timers_once(end).await?;
        let dispatched = engine.dispatch_once(&never).await?;
        if fired.timers == 0 && dispatched.leased == 0 {
            return Ok(());
        }
    }
}

fn events() -> Result<Vec<Event>> {
    let now = Timestamp::now();
    EVENTS
        .lines()
        .map(|line| {
            Ok(intake::parse(line.as_bytes(), now)
                .map_err(|r| anyhow::anyhow!("{r}"))?
                .event)
        })
        .collect()
}

/// In the queue, or moved from there.
async fn dead_letters(reader: &Reader, broker: &Broker) -> Result<u64> {
    let causes = reader.letter_causes().await?;
    let moved: i64 = causes.iter().map(|c| c.open).sum();
    Ok(moved.unsigned_abs() + u64::from(broker.depth().await?.dead))
}

async fn outcome(reader: &Reader, broker: &Broker) -> Result<Outcome> {
    let summary = reader.summary().await?;
    Ok(Outcome {
        entered: summary.entered,
        errors: summary.failed + dead_letters(reader, broker).await?,
        sent: summary.sent.clone(),
        suppressed: summary.suppressed.clone(),
    })
}

fn show(summary: &Summary, outcome: &Outcome, http: &Http) {
    let mut rows = vec![("customers entered".to_owned(), summary.entered)];
    rows.extend(
        summary
            .journeys
            .iter()
            .map(|(name, j)| (format!("  {name}"), j.entered)),
    );
    rows.push(("messages sent".into(), outcome.sent.values().sum()));
    rows.extend(
        outcome
            .sent
            .iter()
            .map(|(channel, n)| (format!("  {channel}"), *n)),
    );
    rows.push((
        "messages held back".into(),
        outcome.suppressed.values().sum(),
    ));
    rows.extend(
        outcome
            .suppressed
            .iter()
            .map(|(reason, n)| (format!("  {reason}"), *n)),
    );
    rows.push(("goals reached".into(), summary.goals));
    rows.push(("errors".into(), outcome.errors));
    output::text(&output::counts(rows).to_string());
    output::text(&format!("\nconsole: http://{}/\n", http.address));
}

/// What came of the stream, and what should have.
#[derive(Debug)]
struct Verdict {
    expected: Outcome,
    before: Outcome,
    after: Outcome,
}

impl Verdict {
    fn of(before: Outcome, after: Outcome) -> Result<Self> {
        let expected = serde_json::from_str(EXPECTED).context("samples/expected.json")?;
        Ok(Self {
            expected,
            before,
            after,
        })
    }

    /// All that should have happened did. On data of an earlier run that went on in real time,
    /// the stream must not have changed anything.
    fn holds(&self) -> bool {
        let played_before =
            self.after == self.before && self.after.entered >= self.expected.entered;
        self.after == self.expected || played_before
    }

    /// Prints the counts as one line of JSON.
    fn say(&self) -> Result<()> {
        if !self.holds() {
            output::aside(&format!(
                "this is not what the samples should do:\n  expected {}\n  before   {}\n  after    {}",
                serde_json::to_string(&self.expected)?,
                serde_json::to_string(&self.before)?,
                serde_json::to_string(&self.after)?,
            ));
        }
        output::json(&self.after)?;
        if self.holds() {
            Ok(())
        } else {
            Err(Refused.into())
        }
    }
}
