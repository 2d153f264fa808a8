//! What the benchmarks of the engine run on: a PostgreSQL and a RabbitMQ of their own, with `fsync` and publisher confirms on,
//! in a folder that goes away with the process; and the engine in this process.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use broker::{Broker, Consumer};
use bytes::Bytes;
use channels::{AdapterSettings, Channels, WebhookSettings};
use engine::{Engine, Intake};
use futures::stream;
use jiff::Timestamp;
use journey::diagnostic::SourceFile;
use serde::Serialize;
use serde_json::json;
use store::{Floor, Store};
use uuid::Uuid;

use super::sink::Sink;
use crate::{
    local,
    servers::{self, Ephemeral, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions},
};

/// The servers, and a migrated database.
pub(super) struct Rig {
    pub(super) store: Store,
    postgres: Postgres,
    rabbitmq: RabbitMq,
    _gone: Ephemeral,
}

/// A migrated database, without a broker: one that is there and stays, or one of its own.
pub(super) struct Database {
    pub(super) store: Store,
    own: Option<(Postgres, Ephemeral)>,
}

impl Database {
    /// The one at `url`; none: one that goes away with the process.
    pub(super) async fn at(url: Option<&str>) -> Result<Self> {
        let (url, own) = match url {
            Some(url) => (url.to_owned(), None),
            None => {
                let (postgres, gone) = own().await?;
                (postgres.url(), Some((postgres, gone)))
            }
        };
        let store = Store::connect(&store::Settings::new(url)).await?;
        store.migrate().await?;
        Ok(Self { store, own })
    }

    /// Lets go of it.
    pub(super) async fn stop(self) -> Result<()> {
        self.store.pool().close().await;
        let Some((postgres, _gone)) = self.own else {
            return Ok(());
        };
        local::blocking(move || {
            postgres.stop();
            Ok::<_, anyhow::Error>(())
        })
        .await
    }
}

async fn own() -> Result<(Postgres, Ephemeral)> {
    let directory = std::env::temp_dir().join(format!("parcours-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let home = directory.clone();
    let postgres = local::blocking(move || Postgres::start(&home, &as_a_server())).await?;
    let gone = Ephemeral::new(&directory, &[postgres.supervisor()])?;
    Ok((postgres, gone))
}

/// The most events in a batch of the floor, as its definition has it.
const FLOOR: usize = 500;

/// What is tried instead of the defaults: the most events in a batch, and batches side by side.
static TRIED: OnceLock<(Option<u16>, Option<u8>)> = OnceLock::new();

/// For this process: something else than the defaults.
pub(super) fn tune(batch: Option<u16>, lanes: Option<u8>) {
    // A process measures once.
    let _ = TRIED.set((batch, lanes));
}

/// CPU seconds by process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Cpu {
    /// This process: engine, sink and publisher.
    pub(super) engine: f64,
    pub(super) postgres: f64,
    pub(super) rabbitmq: f64,
}

impl Cpu {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            engine: self.engine - before.engine,
            postgres: self.postgres - before.postgres,
            rabbitmq: self.rabbitmq - before.rabbitmq,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            engine: self.engine + other.engine,
            postgres: self.postgres + other.postgres,
            rabbitmq: self.rabbitmq + other.rabbitmq,
        }
    }

    /// Microseconds for each of so many.
    pub(super) fn each(self, n: f64) -> Self {
        let each = |seconds: f64| (seconds * 1e6 / n * 10.0).round() / 10.0;
        Self {
            engine: each(self.engine),
            postgres: each(self.postgres),
            rabbitmq: each(self.rabbitmq),
        }
    }
}

/// One event of a customer.
pub(super) struct Happening<'a> {
    pub(super) customer: String,
    pub(super) event: &'a str,
    pub(super) id: String,
}

impl Happening<'_> {
    pub(super) fn body(&self) -> (String, Bytes) {
        let body = json!({
            "type": "track",
            "userId": self.customer,
            "event": self.event,
            "messageId": self.id,
            "timestamp": Timestamp::now(),
            "properties": { "cart_id": "c-1", "total": 42.5 },
            "context": { "traits": { "push_token": self.customer, "country": "FR" } },
        });
        (self.customer.clone(), Bytes::from(body.to_string()))
    }
}

impl Rig {
    pub(super) async fn start() -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("parcours-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let (postgres, rabbitmq) = {
            let home = directory.clone();
            local::blocking(move || {
                servers::start_both(&home, &as_a_server(), &RabbitMqOptions::default())
            })
            .await?
        };
        let mut supervisors = vec![postgres.supervisor()];
        supervisors.extend(rabbitmq.supervisors());
        let gone = Ephemeral::new(&directory, &supervisors)?;
        let store = Store::connect(&store::Settings::new(postgres.url())).await?;
        store.migrate().await?;
        Ok(Self {
            store,
            postgres,
            rabbitmq,
            _gone: gone,
        })
    }

    /// Stops the servers.
    pub(super) async fn stop(self) -> Result<()> {
        let Self {
            postgres, rabbitmq, ..
        } = self;
        local::blocking(move || {
            rabbitmq.stop();
            postgres.stop();
            Ok::<_, anyhow::Error>(())
        })
        .await
    }

    /// An engine on the workspace, whose every channel is the sink.
    pub(super) async fn engine(
        &self,
        files: &[SourceFile],
        sink: Option<&Sink>,
    ) -> Result<Arc<Engine>> {
        let published = engine::publish(&self.store, files, Timestamp::now()).await;
        published.context("the workload is not published")?;
        let adapter = |sink: &Sink| {
            AdapterSettings::Webhook(WebhookSettings::new(
                "sink",
                format!("http://{}/", sink.address),
            ))
        };
        let settings = channels::Settings {
            push: sink.map(adapter).into(),
            ..channels::Settings::default()
        };
        let channels = Arc::new(Channels::new(&settings)?);
        let mut settings = engine::Settings::default();
        if let Some((_, Some(lanes))) = TRIED.get() {
            settings.intake_lanes = (*lanes).into();
        }
        Ok(Engine::start(self.store.clone(), channels, settings).await?)
    }

    /// The floor's own connection: batches of at most [`FLOOR`].
    pub(super) async fn floor(&self) -> Result<Broker> {
        let least = broker::Settings {
            batch: FLOOR,
            ..broker::Settings::default()
        };
        self.connected("floor", least).await
    }

    /// A connection to queues of that name.
    pub(super) async fn broker(&self, name: &str) -> Result<Broker> {
        let mut settings = broker::Settings::default();
        if let Some((Some(batch), _)) = TRIED.get() {
            settings.batch = (*batch).into();
            settings.prefetch = batch.saturating_mul(4);
        }
        self.connected(name, settings).await
    }

    async fn connected(&self, name: &str, settings: broker::Settings) -> Result<Broker> {
        let settings = broker::Settings {
            url: self.rabbitmq.url(),
            exchange: format!("{name}.events"),
            queue: format!("{name}.intake"),
            dead_queue: format!("{name}.dead"),
            log: format!("{name}.shards"),
            ..settings
        };
        Ok(Broker::connect(&settings).await?)
    }

    /// CPU seconds so far.
    pub(super) fn cpu(&self) -> Cpu {
        let all = processes();
        let below = |root: u32| {
            let mut ticks = 0;
            let mut open = vec![root];
            while let Some(parent) = open.pop() {
                for process in all.iter().filter(|p| p.parent == parent) {
                    ticks += process.ticks;
                    open.push(process.id);
                }
            }
            seconds(ticks)
        };
        let own = all.iter().find(|p| p.id == std::process::id());
        Cpu {
            engine: seconds(own.map_or(0, |p| p.own)),
            postgres: below(self.postgres.supervisor()),
            rabbitmq: self.rabbitmq.supervisors().into_iter().map(below).sum(),
        }
    }
}

/// PostgreSQL as on a server of its own (docs/operations.md): the defaults are meant for machines that do something else.
fn as_a_server() -> PostgresOptions {
    PostgresOptions {
        buffers_mb: 4_096,
        log_mb: 24_576,
        ..PostgresOptions::default()
    }
}

/// Publishes events, with confirms.
pub(super) async fn publish<'a>(
    broker: &Broker,
    events: impl Iterator<Item = Happening<'a>>,
) -> Result<u64> {
    let publisher = broker.publisher().await?;
    let bodies = events.map(|e| e.body());
    Ok(publisher
        .publish_all(stream::iter(bodies), 2_000, |_| {})
        .await?)
}

/// Takes so many events in by turns of the engine.
pub(super) async fn take_in(intake: &mut Intake, events: u32) -> Result<()> {
    let mut done = 0;
    while done < events as usize {
        let taken = intake.next().await?;
        let taken = taken.context("the consumer has ended")?;
        if taken.dead > 0 {
            bail!("the workload is not what the engine takes");
        }
        done += taken.inputs + taken.duplicates;
    }
    Ok(())
}

/// Takes so many events in by the floor.
pub(super) async fn floor(floor: &Floor, consumer: &mut Consumer, events: u32) -> Result<()> {
    let mut done = 0;
    while done < events as usize {
        let batch = consumer.next().await?.context("the consumer has ended")?;
        let ids = || batch.deliveries.iter().map(|d| hashed(&d.body));
        let ids: Vec<Uuid> = ids().collect();
        done += ids.len();
        floor.batch(&ids, &ids, Timestamp::now()).await?;
        batch.settle(Vec::new()).await?;
    }
    Ok(())
}

/// An id for a body: what an engine has to make of it at the least.
fn hashed(body: &[u8]) -> Uuid {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, body).hash(&mut hasher);
        hasher.finish()
    };
    Uuid::from_u64_pair(half(0), half(1))
}

struct Process {
    id: u32,
    parent: u32,
    /// Its own, in ticks of the clock.
    own: u64,
    /// With those of children that have ended.
    ticks: u64,
}

/// `/proc/PID/stat` of every process: see proc(5), of which 4 is the parent, and 14 to 17 are ticks.
fn processes() -> Vec<Process> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folders
        .filter_map(|folder| process(&folder.path()))
        .collect()
}

fn process(folder: &Path) -> Option<Process> {
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The name stands in brackets, and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    let own = number(14)? + number(15)?;
    Some(Process {
        id,
        parent: u32::try_from(number(4)?).ok()?,
        own,
        ticks: own + number(16)? + number(17)?,
    })
}

/// Linux counts a hundred ticks a second, wherever Rust runs on it.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / 100.0
}

/// The most memory that this process has had, in megabytes.
pub(super) fn peak_memory() -> f64 {
    let status = std::fs::read_to_string(PathBuf::from("/proc/self/status"));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(0.0, |kb| kb / 1024.0)
}

/// How many a second.
pub(super) fn rate(n: u32, took: Duration) -> f64 {
    f64::from(n) / took.as_secs_f64()
}
