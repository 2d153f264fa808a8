//! The command line of Parcours: it builds every part from the configuration, and holds no logic
//! of its own.

pub mod args;
mod capture;
pub mod commands;
mod config;
mod gallery;
pub mod intake;
mod local;
mod output;
pub mod rows;
mod scaffold;
pub mod servers;
pub mod service;
pub mod workspace;

use std::{io::IsTerminal as _, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use self::{
    args::{Cli, Command, Offline, Served},
    commands::{
        audit, backtest, bench, check, completions, customer, database, demo, dev, erasures, event,
        fmt, graph, lsp, new, pause, plan, preview, processing, reshard, run, schema, simulate,
        suppressions, test, why,
    },
    output::Refused,
};

/// Runs a command. 0: fine; 1: the answer is no; 2: wrong usage, or the environment is at fault.
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Refused>() => ExitCode::from(1),
        Err(error) => {
            output::error(&error);
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: Cli) -> Result<()> {
    let root = cli.workspace;
    match cli.command {
        Command::Offline(command) => offline(command, &root),
        Command::Served(command) => serve(command, &root),
    }
}

fn offline(command: Offline, root: &Path) -> Result<()> {
    match command {
        Offline::New(args) => new::run(&args, root),
        Offline::Check(args) => check::check(&args, root),
        Offline::Explain(args) => check::explain(&args),
        Offline::Fmt(args) => fmt::run(&args, root),
        Offline::Schema(args) => schema::run(&args, root),
        Offline::Test(args) => test::run(&args, root),
        Offline::Simulate(args) => simulate::run(&args, root),
        Offline::Backtest(args) => backtest::run(&args, root),
        Offline::Graph(args) => graph::run(&args, root),
        Offline::Preview(args) => preview::run(&args, root),
        Offline::Processing(args) => processing::run(&args, root),
        Offline::Lsp(_) => {
            log(QUIET);
            lsp::run()
        }
        Offline::Completions(args) => completions::run(&args),
    }
}

fn serve(command: Served, root: &Path) -> Result<()> {
    // A service tells what it does, and a command only what goes wrong.
    log(match command {
        Served::Run(_) => TALKATIVE,
        _ => QUIET,
    });
    // A second call finds it installed, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        match command {
            Served::Dev(args) => dev::run(&args, root).await,
            Served::Demo(args) => demo::run(&args, root).await,
            Served::Run(args) => run::run(&args, root).await,
            Served::Reshard(args) => reshard::run(&args, root).await,
            Served::Migrate => database::migrate(root).await,
            Served::Plan(args) => plan::plan(&args, root).await,
            Served::Apply(args) => plan::apply(&args, root).await,
            Served::Pause(args) => pause::run(&args, root, true).await,
            Served::Resume(args) => pause::run(&args, root, false).await,
            Served::Event(args) => event::run(&args, root).await,
            Served::Customer(args) => customer::run(&args, root).await,
            Served::Erasures(args) => erasures::run(&args, root).await,
            Served::Suppressions(args) => suppressions::run(&args, root).await,
            Served::Audit(args) => audit::run(&args, root).await,
            Served::Why(args) => why::run(&args, root).await,
            Served::Bench(args) => bench::run(&args).await,
        }
    })
}

/// Migrations ask for what may be there already; PostgreSQL has something to say about each.
const TALKATIVE: &str = "info,sqlx::postgres::notice=warn";
const QUIET: &str = "warn";

/// Logs go to the error stream: as JSON where nobody watches. `RUST_LOG` says how much, else `level`.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        subscriber.init();
    } else {
        subscriber.json().init();
    }
}
