//! `parcours run`: the engine against configured services.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use broker::Broker;
use channels::{Caller, Channels};
use clap::{Args, ValueEnum};
use engine::{Engine, Roles};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    commands::database,
    config::Config,
    intake::IntoBroker,
    output,
    service::{self, Http},
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

/// Runs the command until it is told to stop.
///
/// # Errors
/// If a service is not configured or cannot be reached, or its database is of another version.
pub async fn run(args: &RunArgs, root: &Path) -> Result<()> {
    let config = Config::load(root)?;
    let store = database::connect(&config).await?;
    store.migrate().await?;
    apply_if_needed(args, &store, root).await?;
    let broker = Broker::connect(&config.broker()?).await?;
    let result = with_broker(args, &config, store, &broker).await;
    broker.close().await;
    result?;
    tracing::info!("stopped in order");
    Ok(())
}

/// Whatever happens, the connections to RabbitMQ are closed in order after it.
async fn with_broker(args: &RunArgs, config: &Config, store: Store, broker: &Broker) -> Result<()> {
    let channels = Arc::new(
        Channels::new(&config.channels)?
            .with_caller(Caller::new(|name| std::env::var(name).ok(), false)),
    );
    let has = |role| args.roles.contains(&role);
    let listener = match has(Role::Api) {
        true => Some(service::listen(config.http(), false).await?),
        false => None,
    };
    let engine = Engine::start(store, channels, config.engine(config.http())?).await?;
    let roles = Roles {
        intake: has(Role::Intake),
        timers: has(Role::Timers),
        dispatch: has(Role::Dispatch),
    };
    let stop = service::stop_on_signals()?;
    let http = match listener {
        Some(listener) => Some(serve(config, listener, &engine, broker, &stop).await?),
        None => None,
    };
    let address = http.as_ref().map(|http| http.address.to_string());
    tracing::info!(http.address = address, "ready");
    service::run(&engine, Some(broker), roles, http, &stop).await
}

/// Intake, support and the console, and the pages of customers: beside them, or where the settings say.
async fn serve(
    config: &Config,
    listener: TcpListener,
    engine: &Arc<Engine>,
    broker: &Broker,
    stop: &CancellationToken,
) -> Result<Http> {
    let accept = Arc::new(IntoBroker(broker.publisher().await?));
    let mut state = api::State {
        write_key: config.write_key.as_deref().map(Arc::from),
        pages: Some(service::pages(engine, config.look()?)),
        ..service::state(engine, accept)
    };
    if let Some(address) = &config.pages.http {
        let outside = service::listen(address, false).await?;
        let pages = Http::start_pages(outside, state.clone(), stop)?;
        tracing::info!(http.address = %pages.address, "customers' pages");
        state.pages = None;
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
    let here = workspace::read(root).unwrap_or_default();
    if applied.is_some_and(|applied| !here.is_empty() && applied.files != here) {
        tracing::warn!("the workspace in this folder is not the one applied: see `parcours apply`");
    }
    Ok(())
}
