//! `parcours runs`: who is in which journey, at which step.

use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};
use store::read::{Reader, RunCursor, RunFilter, RunPage, RunRow, RunStatus};

use crate::{
    commands::{database, found},
    config::Config,
    output::{self, Format},
};

/// Which runs to list.
#[derive(Args, Clone, Debug)]
pub struct RunsArgs {
    /// Of this customer: key, id, e-mail, phone, name or device
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<String>,
    /// In this journey
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    /// Standing at this step
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// In this state; else all that are not over
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// How many to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on where a list stopped
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// States of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Status {
    /// Inside its journey, or out of it with a goal still open
    Open,
    /// Over
    Ended,
    /// Inside, and its journey is paused
    Paused,
}

impl From<Status> for RunStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Ended => Self::Ended,
            Status::Paused => Self::Paused,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`output::Refused`] if there is not exactly one such customer; any other if the database is away.
pub async fn run(args: &RunsArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    let customer = match &args.customer {
        Some(query) => Some(found::one(&reader, query, args.format).await?),
        None => None,
    };
    let filter = RunFilter {
        customer,
        journey: args.journey.clone(),
        step: args.step.clone(),
        status: args.status.map(RunStatus::from),
    };
    let page = all(&reader, &filter, args).await?;
    match args.format {
        Format::Json => output::json(&page)?,
        Format::Text => output::text(&text(&page)),
    }
    Ok(())
}

/// As many as are asked for, page by page.
async fn all(reader: &Reader, filter: &RunFilter, args: &RunsArgs) -> Result<RunPage> {
    let after = args
        .after
        .as_deref()
        .map(str::parse::<RunCursor>)
        .transpose();
    let after =
        after.map_err(|()| anyhow::anyhow!("--after is what a list before gave as its place"))?;
    let mut all = RunPage {
        runs: Vec::new(),
        next: after,
    };
    loop {
        let left = args.limit.saturating_sub(u32::try_from(all.runs.len())?);
        let page = reader.run_list(filter, all.next, left).await?;
        all.runs.extend(page.runs);
        all.next = page.next;
        if all.next.is_none() || all.runs.len() >= usize::try_from(args.limit)? {
            return Ok(all);
        }
    }
}

fn text(page: &RunPage) -> String {
    if page.runs.is_empty() {
        return "no runs".into();
    }
    let heads = ["CUSTOMER", "JOURNEY", "STEP", "STATE", "ENTERED", "NEXT"];
    let mut table = output::wrapped(heads);
    for run in &page.runs {
        table.add_row([
            run.customer_key.to_string(),
            journey(run),
            run.step.as_deref().unwrap_or_default().to_owned(),
            state(run),
            output::moment(run.entered_at),
            run.due_at.map(output::moment).unwrap_or_default(),
        ]);
    }
    let more = page.next.map(|next| format!("\nmore with --after {next}"));
    format!("{table}{}", more.unwrap_or_default())
}

fn journey(run: &RunRow) -> String {
    match &*run.key {
        "" => run.journey.to_string(),
        key => format!("{} [{key}]", run.journey),
    }
}

fn state(run: &RunRow) -> String {
    let word = run.status.as_str();
    match &run.reason {
        Some(reason) if run.status == RunStatus::Ended => format!("{word}, {reason}"),
        Some(reason) => format!("left, {reason}; watches for its goal"),
        None => word.to_owned(),
    }
}
