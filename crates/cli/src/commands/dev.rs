//! `parcours dev`: everything on this machine, without RabbitMQ.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Result;
use clap::Args;
use engine::{Engine, Roles};
use tokio_util::sync::CancellationToken;

use crate::{
    board,
    commands::database,
    config::Config,
    intake::IntoTurn,
    local::{self, Providers},
    output::{self, Format},
    servers::{Postgres, PostgresOptions},
    service::{self, Http},
    workspace,
};

/// How often the workspace's files are looked at for changes.
const LOOK: Duration = Duration::from_millis(300);

/// How to run it.
#[derive(Args, Clone, Debug)]
pub struct DevArgs {
    /// Forget all data first
    #[arg(long)]
    reset: bool,
    /// Where the intake and the console listen (default: 127.0.0.1:8080, or a free port)
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
}

/// Runs the command until it is told to stop.
///
/// # Errors
/// If PostgreSQL is not installed or does not start.
pub async fn run(args: &DevArgs, root: &Path) -> Result<()> {
    let directory = local::directory(root, "dev");
    if args.reset {
        local::forget(&directory)?;
    }
    let stop = service::stop_on_signals()?;
    let home = directory.join("postgres");
    let postgres =
        local::blocking(move || Postgres::start(&home, &PostgresOptions::default())).await?;
    local::say_where(&postgres);
    let store = local::store(&postgres, root).await?;
    // Looked at before it is published: a change meanwhile is published again.
    let seen = files(root);
    // With errors in the workspace it still starts: they are shown until they are mended.
    show(database::publish(&store, root, Format::Text).await);
    let config = Config::load(root)?;
    let http = args.http.as_deref();
    let providers = Providers::start(&directory, http, &store, &config).await?;
    let address = providers.listener.local_addr()?.to_string();
    let (settings, look) = (config.engine(&address)?, config.look()?);
    let engine = Engine::start(store.clone(), providers.channels.clone(), settings).await?;
    let accept = Arc::new(IntoTurn(engine.clone()));
    let state = api::State {
        mailbox: Some(Arc::new(providers.captures.clone())),
        chat: Some(board::chat(&engine, &providers.web, &look, &stop)),
        pages: Some(service::pages(&engine, look)),
        ..service::state(&engine, accept)
    };
    let http = Http::start(providers.listener, state, &stop)?;
    announce(&http, &postgres.url());
    let watcher = tokio::spawn(hot_reload(
        engine.clone(),
        root.to_owned(),
        seen,
        stop.clone(),
    ));
    let result = service::run(
        &engine,
        None,
        Roles {
            intake: false,
            ..Roles::ALL
        },
        Some(http),
        &stop,
        config.stops_within(),
    )
    .await;
    watcher.abort();
    local::blocking(move || {
        postgres.stop();
        Ok::<_, anyhow::Error>(())
    })
    .await?;
    result.map(drop)
}

fn announce(http: &Http, database: &str) {
    output::text(&format!(
        "console   http://{0}/\n\
         chat      http://{0}/chat
         events    http://{0}/v1/track (Segment), /v1/events (CloudEvents)\n\
         database  {database}\n\
         try       parcours event --http http://{0} --customer ana --name customer.signed_up\n\
         Ctrl-C stops everything; the data stays in .parcours/dev",
        http.address
    ));
}

/// Publishes the workspace again whenever a file of it changes.
async fn hot_reload(engine: Arc<Engine>, root: PathBuf, mut seen: Files, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::time::sleep(LOOK).await;
        let now = files(&root);
        if now != seen {
            seen = now;
            show(publish(&engine, &root).await);
        }
    }
}

/// Publishes, and takes it into force without waiting for the engine to look by itself.
async fn publish(engine: &Engine, root: &Path) -> Result<()> {
    database::publish(engine.store(), root, Format::Text).await?;
    engine.reload().await?;
    Ok(())
}

/// Says what went wrong, unless that was said already.
fn show(published: Result<()>) {
    if let Err(error) = published
        && !error.is::<output::Refused>()
    {
        output::error(&error);
    }
}

/// The files of a workspace, each with its size and when it was changed.
type Files = Vec<(PathBuf, u64, Option<SystemTime>)>;

fn files(root: &Path) -> Files {
    let paths = workspace::paths(root).unwrap_or_default();
    let seen = |path: PathBuf| {
        let data = std::fs::metadata(&path).ok()?;
        Some((path, data.len(), data.modified().ok()))
    };
    paths.into_iter().filter_map(seen).collect()
}
