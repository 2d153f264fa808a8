//! The command line of Parcours: it builds every part from the configuration, and holds no logic
//! of its own.

pub mod args;
pub mod board;
mod capture;
pub mod commands;
mod config;
mod gallery;
pub mod identity;
pub mod intake;
pub mod letters;
mod local;
mod output;
pub mod rows;
mod scaffold;
pub mod servers;
pub mod service;
mod telemetry;
pub mod workspace;

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result};

use self::{
    args::{Cli, Command, Offline, Served},
    commands::{
        audit, backtest, bench, check, completions, customer, database, dead_letters, demo, dev,
        erasures, event, fmt, graph, health, lsp, messages, new, pause, plan, preview, processing,
        reshard, run, runs, schema, simulate, suppressions, test, users, vouchers, why,
    },
    config::{Config, LogFormat},
    output::Refused,
    telemetry::log,
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
    let (root, format) = (cli.workspace, cli.log_format);
    match cli.command {
        Command::Offline(command) => offline(command, &root, format),
        Command::Served(command) => serve(command, &root, format),
    }
}

fn offline(command: Offline, root: &Path, format: Option<LogFormat>) -> Result<()> {
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
            log(QUIET, format);
            lsp::run()
        }
        Offline::Completions(args) => completions::run(&args),
    }
}

fn serve(command: Served, root: &Path, format: Option<LogFormat>) -> Result<()> {
    // A service tells what it does, and a command only what goes wrong.
    let level = match command {
        Served::Run(_) => TALKATIVE,
        _ => QUIET,
    };
    log(level, format.or_else(|| Config::log_format(root)));
    // A second call finds it installed, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        match command {
            Served::Dev(args) => dev::run(&args, root).await,
            Served::Demo(args) => demo::run(&args, root).await,
            Served::Run(args) => run::run(&args, root).await,
            Served::Health(args) => health::run(&args, root).await,
            Served::Migrate(args) => database::migrate(&args, root).await,
            Served::Reshard(args) => reshard::run(&args, root).await,
            Served::Plan(args) => plan::plan(&args, root).await,
            Served::Apply(args) => plan::apply(&args, root).await,
            Served::Pause(args) => pause::run(&args, root, true).await,
            Served::Resume(args) => pause::run(&args, root, false).await,
            Served::Event(args) => event::run(&args, root).await,
            Served::Customer(args) => customer::run(&args, root).await,
            Served::DeadLetters(args) => dead_letters::run(&args, root).await,
            Served::Runs(args) => runs::run(&args, root).await,
            Served::Messages(args) => messages::run(&args, root).await,
            Served::Erasures(args) => erasures::run(&args, root).await,
            Served::Suppressions(args) => suppressions::run(&args, root).await,
            Served::Vouchers(args) => vouchers::run(&args, root).await,
            Served::Users(args) => users::users(&args, root).await,
            Served::Keys(args) => users::keys(&args, root).await,
            Served::Audit(args) => audit::run(&args, root).await,
            Served::Why(args) => why::run(&args, root).await,
            Served::Bench(args) => bench::run(&args).await,
        }
    });
    // What still hangs (a name that is being looked up, say) does not hold the end up.
    runtime.shutdown_timeout(LEFT);
    result
}

/// How long what was left behind may take to notice.
const LEFT: Duration = Duration::from_millis(300);

/// Migrations ask for what may be there already; PostgreSQL has something to say about each.
const TALKATIVE: &str = "info,sqlx::postgres::notice=warn";
const QUIET: &str = "warn";
