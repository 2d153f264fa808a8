//! `parcours run`: the engine against configured services.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use broker::Broker;
use channels::{Caller, Channels};
use clap::{Args, ValueEnum};
use engine::{Door, Engine, Roles};
use sd_notify::NotifyState;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    board,
    commands::database,
    config::Config,
    intake::IntoBroker,
    letters::OfEngine,
    output,
    service::{self, Http, Stopped},
    telemetry::Exporter,
    workspace,
};

/// Which parts to run.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The parts that this process runs
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [
        Role::Intake, Role::Timers, Role::Dispatch, Role::Api,
    ])]
    roles: Vec<Role>,
    /// Publish the workspace of this folder first, as is done when none was ever applied
    #[arg(long)]
    apply: bool,
}

/// One part of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Takes events from RabbitMQ
    Intake,
    /// Fires timers
    Timers,
    /// Hands messages to providers
    Dispatch,
    /// Serves HTTP: intake, support, console
    Api,
}

/// How long saying goodbye to RabbitMQ may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Runs the command until it is told to stop.
///
/// # Errors
/// If a service is not configured or cannot be reached, or its database is of another version.
pub async fn run(args: &RunArgs, root: &Path) -> Result<()> {
    let config = Config::for_run(root)?;
    let stop = service::stop_on_signals()?;
    let exporter = Exporter::start()?;
    // As the first process of a container nobody else would end it while it waits for a server.
    let started = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        started = connect(args, &config, root) => started?,
    };
    let (store, broker) = started;
    let result = with_broker(args, &config, store, &broker, &exporter, &stop).await;
    if tokio::time::timeout(FAREWELL, broker.close())
        .await
        .is_err()
    {
        tracing::warn!("RabbitMQ did not say goodbye");
    }
    exporter.stop().await;
    if result? == Stopped::InOrder {
        tracing::info!("stopped in order");
    }
    Ok(())
}

async fn connect(args: &RunArgs, config: &Config, root: &Path) -> Result<(Store, Broker)> {
    let store = database::connect(config).await?;
    store.migrate().await?;
    apply_if_needed(args, &store, root).await?;
    let broker = Broker::connect(&config.broker()?).await?;
    Ok((store, broker))
}

/// Whatever happens, the connections to RabbitMQ are closed in order after it.
async fn with_broker(
    args: &RunArgs,
    config: &Config,
    store: Store,
    broker: &Broker,
    exporter: &Exporter,
    stop: &CancellationToken,
) -> Result<Stopped> {
    let caller = Caller::new(|name| std::env::var(name).ok(), config.reach()?);
    let channels = Arc::new(
        Channels::new(&config.channels)?
            .with_board(&board::board(&store))
            .with_caller(caller),
    );
    let has = |role| args.roles.contains(&role);
    let listener = match has(Role::Api) {
        true => Some(service::listen(config.http(), false).await?),
        false => None,
    };
    let own = match &config.metrics_http {
        Some(address) => Some(service::listen(address, false).await?),
        None => None,
    };
    let settings = engine::Settings {
        traces: exporter.traces(),
        serves: has(Role::Api),
        ..config.engine(config.http())?
    };
    let engine = Engine::start(store, channels, settings).await?;
    let roles = Roles {
        intake: has(Role::Intake),
        timers: has(Role::Timers),
        dispatch: has(Role::Dispatch),
    };
    engine.expect(roles);
    let ops = service::ops(&engine, Some(broker));
    let http = match listener {
        Some(listener) => Some(serve(config, listener, &engine, broker, stop).await?),
        None => None,
    };
    let own = match own {
        Some(listener) => Some(Http::start_ops(listener, ops, stop)?),
        None => None,
    };
    if http.is_none() && own.is_none() {
        tracing::info!("neither metrics nor health are served: metrics_http says where");
    }
    let (address, metrics) = (where_of(http.as_ref()), where_of(own.as_ref()));
    let (begins, stopping) = (engine.clone(), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = begins.begun() => {
                tracing::info!(
                    http.address = address,
                    metrics.address = metrics,
                    traces = ?begins.settings().traces,
                    "ready"
                );
                tell_supervisor(&[NotifyState::Ready]);
            }
            () = stopping.cancelled() => {}
        }
        stopping.cancelled().await;
        tell_supervisor(&[NotifyState::Stopping]);
    });
    let both = match (http, own) {
        (Some(http), Some(own)) => Some(http.beside(own)),
        (http, own) => http.or(own),
    };
    let within = config.stops_within();
    service::run(&engine, Some(broker), roles, both, stop, within).await
}

fn where_of(http: Option<&Http>) -> Option<String> {
    http.map(|http| http.address.to_string())
}

/// systemd, where it has started this process and asks to be told (`Type=notify`).
fn tell_supervisor(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the supervisor could not be told");
    }
}

/// Intake, support and the console, and the pages of customers: beside them, or where the settings say.
async fn serve(
    config: &Config,
    listener: TcpListener,
    engine: &Arc<Engine>,
    broker: &Broker,
    stop: &CancellationToken,
) -> Result<Http> {
    let accept = Arc::new(IntoBroker {
        publisher: broker.publisher().await?,
        traces: engine.settings().traces.clone(),
    });
    let door = Door::Broker(broker.publisher().await?);
    let look = config.look()?;
    let chat = config.channels.web();
    let chat = chat.map(|web| board::chat(engine, web, &look, stop));
    let access = api::access::Access::new(engine.store().access(), config.access.required);
    let access = config.access.of(access)?;
    access.look().await?;
    let mut state = api::State {
        chat,
        write_key: config.write_key.as_deref().map(Arc::from),
        access: Some(access),
        pages: Some(service::pages(engine, look)),
        providers: Some(service::providers(engine)),
        letters: Some(Arc::new(OfEngine::new(engine, door))),
        ops: service::ops(engine, Some(broker)),
        ..service::state(engine, accept)
    };
    if config.metrics_http.is_some() {
        // They have an address of their own.
        state.ops.metrics = None;
    }
    if let Some(address) = &config.pages.http {
        let outside = service::listen(address, false).await?;
        let pages = Http::start_pages(outside, state.clone(), stop)?;
        tracing::info!(http.address = %pages.address, "customers' pages");
        state.pages = None;
        state.chat = None;
        return Ok(Http::start(listener, state, stop)?.beside(pages));
    }
    Http::start(listener, state, stop)
}

/// Publishes the workspace of this folder when asked to, or when nothing was ever applied. An
/// engine that starts anew changes nothing for customers in flight unless it is told to.
async fn apply_if_needed(args: &RunArgs, store: &Store, root: &Path) -> Result<()> {
    let applied = store.workspace().await?;
    if args.apply || applied.is_none() {
        let published = database::publish(store, root, output::Format::Text).await;
        return match applied {
            None => published.context("nothing is applied to this database yet"),
            Some(_) => published,
        };
    }
    let here = workspace::read_with_tests(root).unwrap_or_default();
    if applied.is_some_and(|applied| !here.is_empty() && applied.files != here) {
        tracing::warn!("the workspace in this folder is not the one applied: see `parcours apply`");
    }
    Ok(())
}
