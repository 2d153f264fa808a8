//! `parcours customer ID`: what happened to a customer, and why.

mod rights;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};
use jiff::Timestamp;
use journey::{explain::Tongue, trace::Fact};
use serde::Serialize;
use store::read::{
    CustomerView, ExpectedEntry, Reader, RunView, Runs, Slowed, TimelineEntry, TimelinePage,
};

use crate::{
    commands::{database, found, why},
    config::Config,
    output::{self, Format, Refused, moment as at},
};

/// Whom to show.
#[derive(Args, Clone, Debug)]
pub struct CustomerArgs {
    /// The customer: key, id, e-mail, phone, name or device, or the beginning of one; `--export` and `--erase` take key and id alone
    id: String,
    /// How many inputs to show, the newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Write all that is held on them into a file instead: as a page if it ends with .html, else as JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["erase", "limit"])]
    export: Option<PathBuf>,
    /// Erase them for good, from every table; asks for --yes
    #[arg(long, conflicts_with = "limit")]
    erase: bool,
    /// Yes, erase them
    #[arg(long, requires = "erase")]
    yes: bool,
    /// In which language facts are told; else that of LANG, else English
    #[arg(long, value_parser = PossibleValuesParser::new(["en", "fr"]))]
    lang: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Shown {
    customer: CustomerView,
    runs: Runs,
    expected: Vec<ExpectedEntry>,
    timeline: TimelinePage,
    #[serde(skip_serializing_if = "Option::is_none")]
    slowed: Option<Slowed>,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if there is no such customer, or several are found, who are listed; any other if the database is away.
pub async fn run(args: &CustomerArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let language = why::language(args.lang.as_deref());
    if let Some(file) = &args.export {
        return rights::export(&store, &args.id, file, language).await;
    }
    if args.erase {
        return rights::erase(&store, &args.id, args.yes, args.format).await;
    }
    let reader = Reader::new(store.pool().clone());
    let id = found::one(&reader, &args.id, args.format).await?;
    let Some(customer) = reader.customer(&id.to_string()).await? else {
        output::aside(&format!("there is no customer {}", args.id));
        return Err(Refused.into());
    };
    let runs = reader.runs(id).await?;
    let expected = reader.expected(&customer.ledger).await?;
    let timeline = reader.timeline(id, None, args.limit).await?;
    let tongue = reader.tongue(&customer, language).await?;
    let slowed = reader.slowed(&customer, language, Timestamp::now()).await?;
    match args.format {
        Format::Json => output::json(&Shown {
            customer,
            runs,
            expected,
            timeline,
            slowed,
        })?,
        Format::Text => {
            let told = text(
                &customer,
                &runs,
                &expected,
                &timeline,
                slowed.as_ref(),
                &tongue,
            );
            output::text(&told);
        }
    }
    Ok(())
}

fn text(
    customer: &CustomerView,
    runs: &Runs,
    expected: &[ExpectedEntry],
    timeline: &TimelinePage,
    slowed: Option<&Slowed>,
    tongue: &Tongue,
) -> String {
    let mut lines = vec![format!(
        "{}  (known since {}; times are UTC, those within facts on the customer's clock)",
        customer.row.key,
        at(customer.row.seen_at)
    )];
    let traits = &customer.row.traits;
    let width = traits.keys().map(|name| name.chars().count()).max();
    let width = width.unwrap_or_default();
    for (name, value) in traits {
        let value = value
            .as_text()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        lines.push(format!("  {name:width$}  {value}"));
    }
    if let Some(since) = customer.ledger.restricted {
        let since = at(since);
        lines.push(format!(
            "  processing is restricted since {since}: nothing is sent"
        ));
    }
    if let Some(into) = &customer.ledger.merged_into {
        let (key, since) = (&into.key, at(into.at));
        lines.push(format!(
            "  merged into {key} since {since}: what happens is passed on"
        ));
    }
    lines.extend(slowed.map(|s| format!("  {}", s.sentence)));
    for (purpose, channels) in &customer.ledger.consents {
        for (channel, consent) in channels {
            let state = serde_json::to_value(consent.state).unwrap_or_default();
            let state = state.as_str().unwrap_or_default().to_owned();
            lines.push(format!(
                "  consent {purpose} {channel}: {state} since {}",
                at(consent.at)
            ));
        }
    }
    lines.push(String::new());
    lines.push("Journeys".into());
    let all = runs.open.iter().chain(&runs.ended);
    lines.extend(all.map(|run| run_line(run, tongue)));
    lines.extend(expected.iter().map(expected_line));
    if runs.open.is_empty() && runs.ended.is_empty() && expected.is_empty() {
        lines.push("  none".into());
    }
    lines.push(String::new());
    lines.push("What happened, newest first".into());
    let told = timeline.entries.iter();
    lines.extend(told.flat_map(|entry| entry_lines(entry, tongue)));
    if timeline.next.is_some() {
        lines.push("  … (more with --limit)".into());
    }
    lines.join("\n")
}

fn run_line(run: &RunView, tongue: &Tongue) -> String {
    let key = if run.key.is_empty() {
        String::new()
    } else {
        format!(" [{}]", run.key)
    };
    let name = format!("  {}{key}, entered {}", run.journey, at(run.entered_at));
    if let Some(since) = run.paused_since {
        let step = run.step.as_ref().map(|step| format!(" at {}", step.id));
        let step = step.unwrap_or_default();
        return format!("{name}: paused{step} since {}", at(since));
    }
    match (&run.reason, &run.step) {
        (Some(reason), _) => format!("{name}: left, {reason}"),
        (None, Some(step)) => match &run.waiting {
            Some(waiting) => {
                let until = waiting.until.map(|until| format!(", until {}", at(until)));
                let until = until.unwrap_or_default();
                format!("{name}: at {}, {}{until}", step.id, waiting.say(tongue))
            }
            None => format!("{name}: at {}", step.id),
        },
        (None, None) => name,
    }
}

fn expected_line(entry: &ExpectedEntry) -> String {
    format!("  {}: will enter at {}", entry.journey, at(entry.at))
}

fn entry_lines(entry: &TimelineEntry, tongue: &Tongue) -> Vec<String> {
    let occasion = entry.occasion();
    let name = occasion.as_deref().unwrap_or(&entry.name);
    let mut lines = vec![format!("  {}  {name}", at(entry.at))];
    for line in &entry.trace {
        if matches!(line.fact, Fact::Ignored { .. }) && line.journey.is_none() {
            continue;
        }
        let place = match (&line.journey, &line.step) {
            (Some(journey), Some(step)) => format!("{journey}, {step}: "),
            (Some(journey), None) => format!("{journey}: "),
            _ => String::new(),
        };
        lines.push(format!("      {place}{}", line.fact.say(tongue)));
    }
    lines
}
