//! `parcours audit`: what a privacy officer asks of journeys and of what came of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use anyhow::Result;
use clap::Args;
use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use journey::{
    audit::{
        self, Consents, Lacking,
        groups::{Behind, Groups},
    },
    processing::{self, Labelled},
    workspace::{self as compiler, Options},
};
use serde::Serialize;
use store::read::Reader;

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// What to look at.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// Count what was sent in so many days
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Consents of the last so many days are recent (three years: what the CNIL keeps prospects for)
    #[arg(long, default_value_t = 1095, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    recent: u16,
    /// Group customers by these traits; `age` is counted from the birthday
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "age,gender,country",
        value_name = "TRAITS"
    )]
    by: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report {
    /// Messages are counted from then.
    since: Timestamp,
    /// Until now.
    until: Timestamp,
    /// Consents from then on are recent.
    recent_since: Timestamp,
    /// How many journeys there are.
    journeys: usize,
    /// Those without an exit, or with messages that no cap counts.
    lacking: Vec<Lacking>,
    /// The consents behind what is sent.
    consents: Vec<Consents>,
    /// For which purposes each trait is read.
    traits: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// What kind of data traits and fields of events are.
    labels: Labelled,
    /// Who got what.
    groups: Vec<Grouped>,
}

#[derive(Serialize)]
struct Grouped {
    #[serde(flatten)]
    groups: Groups,
    /// Differences worth a question.
    behind: Vec<Behind>,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if the workspace has errors; any other if it or the database cannot be read.
pub async fn run(args: &AuditArgs, root: &Path) -> Result<()> {
    let files = workspace::read(root)?;
    let (compiled, found) = compiler::compile(&files, &Options::default());
    let Some(compiled) = compiled else {
        output::diagnostics(&files, &found, args.format);
        return Err(Refused.into());
    };
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    let until = Timestamp::now();
    let ago = |days: u16| until - SignedDuration::from_hours(24 * i64::from(days));
    let (since, recent_since) = (ago(args.days), ago(args.recent));
    let machines = || compiled.machines.iter().map(|m| &*m.machine);
    let said = reader.consents_said(recent_since).await?;
    let mut groups = Vec::new();
    for by in &args.by {
        let groups_by = reader.groups(by, since, until).await?;
        let behind = groups_by.behind();
        groups.push(Grouped {
            groups: groups_by,
            behind,
        });
    }
    let record = processing::record(&compiled);
    let report = Report {
        since,
        until,
        recent_since,
        journeys: compiled.machines.len(),
        lacking: audit::lacking(&compiled.policies, machines()),
        consents: audit::consents(&compiled.policies, machines(), &said),
        traits: record.uses(),
        labels: record.labels,
        groups,
    };
    match args.format {
        Format::Json => output::json(&report),
        Format::Text => {
            output::text(&text(&report));
            Ok(())
        }
    }
}

fn text(report: &Report) -> String {
    let (since, until) = (day(report.since), day(report.until));
    let mut parts = vec![format!(
        "Audit of {} journeys, and of what was sent from {since} to {until}",
        report.journeys
    )];
    parts.push(lacking(report));
    parts.push(consents(report));
    parts.push(traits(report));
    parts.extend(report.groups.iter().map(group));
    parts.join("\n\n")
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn lacking(report: &Report) -> String {
    let mut lines = vec!["Journeys without an exit or a cap".to_owned()];
    for journey in &report.lacking {
        let mut lacks = Vec::new();
        if journey.exit {
            lacks.push("nothing ends it but its last step".to_owned());
        }
        for (purpose, channels) in &journey.cap {
            let channels: Vec<&str> = channels.iter().map(|c| c.as_str()).collect();
            lacks.push(format!(
                "no cap counts {purpose} by {}",
                channels.join(", ")
            ));
        }
        lines.push(format!("  {}: {}", journey.journey, lacks.join("; ")));
    }
    if report.lacking.is_empty() {
        lines.push("  none".into());
    }
    lines.join("\n")
}

/// A table that is indented by two, its first `names` columns on the left and the numbers on the right.
fn table(names: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for row in rows {
        let cells = row.into_iter().enumerate().map(|(at, text)| {
            let side = if at < names {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            };
            Cell::new(text).set_alignment(side)
        });
        table.add_row(cells);
    }
    for column in table.column_iter_mut() {
        column.set_padding((2, 0));
    }
    table.trim_fmt()
}

fn consents(report: &Report) -> String {
    let mut rows = vec![
        ["purpose", "channel", "customers", "recent", "newest"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for consent in &report.consents {
        let newest = consent.newest.map(|at| day(at).to_string());
        rows.push(vec![
            consent.purpose.to_string(),
            consent.channel.to_string(),
            consent.customers.to_string(),
            consent.recent.to_string(),
            newest.unwrap_or_default(),
        ]);
    }
    let title = format!(
        "Consents that messages rest on; since {} they are recent",
        day(report.recent_since)
    );
    if report.consents.is_empty() {
        return format!("{title}\n  no message needs any");
    }
    let mut lines = vec![title, table(2, rows)];
    let without = report.consents.iter().filter(|c| c.recent == 0);
    lines.extend(without.map(|c| {
        let (purpose, channel) = (&c.purpose, c.channel);
        match c.customers {
            0 => format!("  ! nobody has consented to {purpose} by {channel}"),
            _ => format!("  ! nobody has consented to {purpose} by {channel} of late"),
        }
    }));
    lines.join("\n")
}

fn traits(report: &Report) -> String {
    let mut lines = vec!["Traits that journeys and templates read, and what for".to_owned()];
    let named = |name: &Arc<str>| match &**name {
        processing::ALL => "(all)".to_owned(),
        name => report.labels.trait_name(name),
    };
    let widest = report.traits.keys().map(|n| named(n).chars().count()).max();
    let width = widest.unwrap_or_default();
    for (name, purposes) in &report.traits {
        let name = named(name);
        let purposes: Vec<&str> = purposes.iter().map(|p| &**p).collect();
        lines.push(format!("  {name:<width$}  {}", purposes.join(", ")));
    }
    if report.traits.is_empty() {
        lines.push("  none".into());
    }
    lines.join("\n")
}

fn group(grouped: &Grouped) -> String {
    let groups = &grouped.groups;
    let title = format!("Sent by {}", groups.by);
    if !groups.any() {
        return format!("{title}\n  it is not known of any customer");
    }
    let mut rows = vec![
        [&*groups.by, "customers", "messages", "each"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, &customers) in &groups.customers {
        let got = groups.journeys.values().filter_map(|got| got.get(name));
        let messages: u64 = got.map(|got| got.messages).sum();
        rows.push(vec![
            name.to_string(),
            customers.to_string(),
            messages.to_string(),
            tenths(messages, customers),
        ]);
    }
    let mut lines = vec![title, table(1, rows)];
    lines.extend(grouped.behind.iter().map(|b| {
        format!(
            "  ! {}: {} of {} got a message, and {} of {}",
            b.journey,
            percent(b.share),
            b.group,
            percent(b.most_share),
            b.most
        )
    }));
    lines.join("\n")
}

/// `messages` for each of `customers`, to one place.
fn tenths(messages: u64, customers: u64) -> String {
    let tenths = (messages * 20 + customers) / (customers * 2).max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
