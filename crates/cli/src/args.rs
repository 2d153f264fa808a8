//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::LogFormat;

use crate::commands::{
    audit::AuditArgs,
    backtest::BacktestArgs,
    bench::BenchArgs,
    check::{CheckArgs, ExplainArgs},
    completions::CompletionsArgs,
    customer::CustomerArgs,
    database::MigrateArgs,
    dead_letters::DeadLettersArgs,
    demo::DemoArgs,
    dev::DevArgs,
    erasures::ErasuresArgs,
    event::EventArgs,
    fmt::FmtArgs,
    graph::GraphArgs,
    health::HealthArgs,
    lsp::LspArgs,
    messages::MessagesArgs,
    new::NewArgs,
    pause::PauseArgs,
    plan::{ApplyArgs, PlanArgs},
    preview::PreviewArgs,
    processing::ProcessingArgs,
    reshard::ReshardArgs,
    run::RunArgs,
    runs::RunsArgs,
    schema::SchemaArgs,
    simulate::SimulateArgs,
    suppressions::SuppressionsArgs,
    test::TestArgs,
    users::{KeysArgs, UsersArgs},
    vouchers::VouchersArgs,
    why::WhyArgs,
};

/// Omnichannel journey orchestration: customer journeys as YAML, checked, simulated and run.
#[derive(Parser, Debug)]
#[command(
    name = "parcours",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// The folder with journeys/, templates/ and config/
    #[arg(
        long,
        short = 'C',
        global = true,
        default_value = ".",
        value_name = "DIR"
    )]
    pub workspace: PathBuf,
    /// How the log is written (default: text on a terminal, else JSON; `RUST_LOG` says how much)
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// On the files alone.
    #[command(flatten)]
    Offline(Offline),
    /// With servers.
    #[command(flatten)]
    Served(Served),
}

/// Commands that need nothing but the files of the workspace.
#[derive(Subcommand, Debug)]
pub enum Offline {
    /// Make a journey from the gallery, with its templates and tests
    New(NewArgs),
    /// Check the journeys, templates and policies of the workspace
    Check(CheckArgs),
    /// Explain a diagnostic code, with a wrong and a right example
    Explain(ExplainArgs),
    /// Run the journeys' own tests in simulated time
    Test(TestArgs),
    /// Play events against a journey and print what happens, hour by hour
    Simulate(SimulateArgs),
    /// Bring YAML files into the one form
    Fmt(FmtArgs),
    /// Write the JSON Schemas that editors complete and check YAML files by, or print the description of the API
    Schema(SchemaArgs),
    /// Play past events through a draft and count what it would have done
    Backtest(BacktestArgs),
    /// Draw a journey as SVG, Mermaid or DOT
    Graph(GraphArgs),
    /// Show a template as its readers get it, in every channel and language
    Preview(PreviewArgs),
    /// Print the record of processing: for each purpose what is read, and whom it goes to
    Processing(ProcessingArgs),
    /// Serve editors: the language server, on standard input and output
    Lsp(LspArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
}

/// Commands that talk to servers, or start them.
#[derive(Subcommand, Debug)]
pub enum Served {
    /// Run everything on this machine, without RabbitMQ, with a capture mailbox and the console
    Dev(DevArgs),
    /// Run the sample journeys on a stream of sample events, through private servers
    Demo(DemoArgs),
    /// Run the engine against configured services
    Run(RunArgs),
    /// Ask a process whether it can work, part by part
    Health(HealthArgs),
    /// Change the number of queues that share the customers, while events come in
    Reshard(ReshardArgs),
    /// Bring the database to this version
    Migrate(MigrateArgs),
    /// Show what publishing the workspace would change, and for whom
    Plan(PlanArgs),
    /// Publish the workspace to the database
    Apply(ApplyArgs),
    /// Pause a journey: its customers stay where they are, and nobody enters
    Pause(PauseArgs),
    /// Let a paused journey go on
    Resume(PauseArgs),
    /// Publish one event, or a file of them
    Event(EventArgs),
    /// Show what happened to a customer, and why; export all of it, or erase them
    Customer(CustomerArgs),
    /// Events that could not be taken: why, and submit them again or discard them
    DeadLetters(DeadLettersArgs),
    /// List who is in which journey, and at which step
    Runs(RunsArgs),
    /// List messages that went, and those that did not, newest first
    Messages(MessagesArgs),
    /// Keep the list of the erased beside back-ups, and apply it after a restore
    Erasures(ErasuresArgs),
    /// Lists of addresses that must not be written to, in and out
    Suppressions(SuppressionsArgs),
    /// Pools of voucher codes: how many are left, and how they are filled
    Vouchers(VouchersArgs),
    /// People who sign in to the console, and what they may do
    Users(UsersArgs),
    /// Keys of programs, and what they may do
    Keys(KeysArgs),
    /// Report who is sent what, on which consents, and which journeys have no exit or cap
    Audit(AuditArgs),
    /// Say why a message went or did not, in English or French
    Why(WhyArgs),
    /// Measure how fast this machine does it, against what is aimed at
    Bench(BenchArgs),
}
