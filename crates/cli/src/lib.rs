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

use std::{io::IsTerminal as _, process::ExitCode};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use self::{
    args::{Cli, Command},
    commands::{
        backtest, bench, check, completions, customer, database, demo, dev, event, graph, lsp, new,
        plan, preview, run, simulate, test,
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
        Command::New(args) => new::run(&args, &root),
        Command::Check(args) => check::check(&args, &root),
        Command::Explain(args) => check::explain(&args),
        Command::Test(args) => test::run(&args, &root),
        Command::Simulate(args) => simulate::run(&args, &root),
        Command::Graph(args) => graph::run(&args, &root),
        Command::Preview(args) => preview::run(&args, &root),
        Command::Completions(args) => completions::run(&args),
        Command::Backtest(args) => backtest::run(&args, &root),
        Command::Bench(args) => bench::run(&args),
        Command::Lsp(args) => {
            log(&Command::Lsp(args));
            lsp::run()
        }
        command => serve(command, &root),
    }
}

/// The commands that talk to servers.
fn serve(command: Command, root: &std::path::Path) -> Result<()> {
    log(&command);
    // A second call finds it installed, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        match command {
            Command::Dev(args) => dev::run(&args, root).await,
            Command::Demo(args) => demo::run(&args, root).await,
            Command::Run(args) => run::run(&args, root).await,
            Command::Migrate => database::migrate(root).await,
            Command::Plan(args) => plan::plan(&args, root).await,
            Command::Apply(args) => plan::apply(&args, root).await,
            Command::Event(args) => event::run(&args, root).await,
            Command::Customer(args) => customer::run(&args, root).await,
            _ => Ok(()),
        }
    })
}

/// Logs go to the error stream: as JSON where nobody watches. `RUST_LOG` says how much; by default
/// a service tells what it does, and a command only what goes wrong.
fn log(command: &Command) {
    let level = if matches!(command, Command::Run(_)) {
        // Migrations ask for what may be there already; PostgreSQL has something to say about each.
        "info,sqlx::postgres::notice=warn"
    } else {
        "warn"
    };
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
