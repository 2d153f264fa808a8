//! `parcours backtest`: past events through a draft, in simulated time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use journey::{
    backtest::{Backtest, Report},
    customer::{Consent, ConsentState, Customer},
    diagnostic::SourceFile,
    ids::InputId,
    input::{Event, Input, InputKind},
    message::Channel,
    policies::Policies,
    workspace::{self as compiler, Options, TemplateCheck},
    world::World,
};

use crate::{
    output::{self, Format, Refused},
    rows::{self, Customers, Mapping, Row, Source},
    workspace,
};

/// What to play, and how to read it.
#[derive(Args, Clone, Debug)]
pub struct BacktestArgs {
    /// The journey: a name of this workspace, or the path of a file anywhere
    journey: String,
    /// Past events: CSV with a header, or one JSON object a line (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    #[command(flatten)]
    mapping: Mapping,
    /// `all`: every customer consents to everything and is reachable on every channel
    #[arg(long, value_parser = ["all"])]
    consent: Option<String>,
    /// What is known of the customers: CSV or one JSON object a line, with `id`, traits and `consent`
    #[arg(long, value_name = "FILE")]
    customers: Option<PathBuf>,
    /// Policies instead of the workspace's
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,
    /// Templates instead of the workspace's; `none`: do not look for them
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if the journey has errors; any other if the files cannot be read.
pub fn run(args: &BacktestArgs, root: &Path) -> Result<()> {
    let world = compile(args, root)?;
    let rows = rows::read(&args.events.clone().into(), &args.mapping)?;
    let customers = match &args.customers {
        Some(path) => rows::read_customers(&Source::File(path.clone()), Timestamp::UNIX_EPOCH)?,
        None => Customers::new(),
    };
    let report = play(&world, rows, &customers, args.consent.is_some());
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(&text(&report)),
    }
    Ok(())
}

/// Plays rows in their order.
pub fn play(world: &World, rows: Vec<Row>, customers: &Customers, consent_all: bool) -> Report {
    let mut backtest = Backtest::new(world);
    for row in rows {
        let key = row.customer.clone();
        backtest.play(input(row), &key, |key| {
            let mut customer = customers
                .get(key)
                .cloned()
                .unwrap_or_else(|| Customer::new(key));
            if consent_all {
                consent_to_all(&mut customer, &world.policies);
            }
            customer
        });
    }
    backtest.finish()
}

/// A row as an input with its own clock; its number is its id.
pub fn input(row: Row) -> Input {
    let number = row.number.to_string();
    Input {
        id: InputId::of_event("backtest", &number),
        now: row.at,
        kind: InputKind::Event(Event {
            customer: row.customer,
            name: row.event,
            at: row.at,
            properties: row.properties,
            traits: row.traits,
            message_id: Arc::from(number),
            source: Arc::from("backtest"),
        }),
    }
}

/// Every purpose on every channel, each of which reaches the customer.
pub fn consent_to_all(customer: &mut Customer, policies: &Policies) {
    let granted = Consent {
        state: ConsentState::Granted,
        at: Timestamp::UNIX_EPOCH,
        how: None,
    };
    for purpose in policies.purposes.keys() {
        let channels = Channel::ALL
            .into_iter()
            .map(|c| (c, granted.clone()))
            .collect();
        customer.ledger.consents.insert(purpose.clone(), channels);
    }
    customer.ledger.assumed_reachable = Channel::ALL.to_vec();
}

fn compile(args: &BacktestArgs, root: &Path) -> Result<World> {
    let files = sources(args, root)?;
    let templates = match &args.templates {
        Some(dir) if dir.as_os_str() == "none" => TemplateCheck::Ignored,
        _ => TemplateCheck::Required,
    };
    let (compiled, diagnostics) = compiler::compile(
        &files,
        &Options {
            templates,
            alone: true,
            unused: false,
            ..Options::default()
        },
    );
    let Some(compiled) = compiled else {
        output::diagnostics(&files, &diagnostics, Format::Text);
        return Err(Refused.into());
    };
    let machines = compiled.machines.into_iter().map(|c| c.machine);
    Ok(World::new(machines, [], compiled.policies))
}

/// The one journey, with the policies, schemas and templates that it is to be checked with.
fn sources(args: &BacktestArgs, root: &Path) -> Result<Vec<SourceFile>> {
    let (path, known_as) = workspace::journey(&args.journey, root)?;
    let mut files: Vec<SourceFile> = workspace::read(root)
        .unwrap_or_default()
        .into_iter()
        .filter(|file| !file.path.starts_with("journeys/"))
        .collect();
    files.push(workspace::source(&path, &known_as)?);
    if let Some(policies) = &args.policies {
        files.retain(|file| &*file.path != "config/policies.yaml");
        files.push(workspace::source(policies, "config/policies.yaml")?);
    }
    if let Some(dir) = &args.templates {
        files.retain(|file| !file.path.starts_with("templates/"));
        if dir.as_os_str() != "none" {
            files.extend(workspace::templates(dir)?);
        }
    }
    Ok(files)
}

fn text(report: &Report) -> String {
    let mut rows: Vec<(String, u64)> = vec![
        ("events".into(), report.events),
        ("customers".into(), report.customers),
        ("entered".into(), report.entered),
        ("goals".into(), report.goals),
        ("still inside".into(), report.inside),
    ];
    rows.extend(
        report
            .left
            .iter()
            .map(|(reason, n)| (format!("left: {reason}"), *n)),
    );
    rows.extend(
        report
            .sent
            .iter()
            .map(|(step, n)| (format!("sent: {step}"), *n)),
    );
    for (step, reasons) in &report.suppressed {
        rows.extend(
            reasons
                .iter()
                .map(|(why, n)| (format!("not sent: {step}, {why}"), *n)),
        );
    }
    output::counts(rows).to_string()
}
