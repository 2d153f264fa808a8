//! `parcours messages`: decisions to send, newest first, by whatever is known of them.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, builder::PossibleValuesParser};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use journey::message::{Channel, Reason};
use store::{
    counts::Heard,
    read::{MessageCursor, MessageFilter, MessagePage, MessageRow, Reader},
};

use crate::{
    commands::{database, found},
    config::Config,
    output::{self, Format},
};

/// The statuses of a message.
const STATUSES: [&str; 6] = [
    "queued",
    "leased",
    "sent",
    "failed",
    "suppressed",
    "recalled",
];

/// Which messages to list.
#[derive(Args, Clone, Debug)]
pub struct MessagesArgs {
    /// Of this customer: key, id, e-mail, phone, name or device
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<String>,
    /// Of this journey
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    /// Of this step
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// By this channel
    #[arg(long, value_parser = PossibleValuesParser::new(Channel::ALL.map(Channel::as_str)))]
    channel: Option<String>,
    /// For this purpose
    #[arg(long, value_name = "NAME")]
    purpose: Option<String>,
    /// Of this status
    #[arg(long, value_parser = PossibleValuesParser::new(STATUSES))]
    status: Option<String>,
    /// Not sent for this reason
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::as_str)), hide_possible_values = true)]
    reason: Option<String>,
    /// Failed for this kind of failure, such as `http` or `smtp`
    #[arg(long, value_name = "KIND")]
    failure: Option<String>,
    /// That this provider took, may have, or refused for good
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// That a provider calls so
    #[arg(long, value_name = "ID")]
    provider_id: Option<String>,
    /// Made of this template
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Of which this was told
    #[arg(long, value_parser = PossibleValuesParser::new(Heard::ALL.map(Heard::as_str)))]
    heard: Option<String>,
    /// Decided on this day (UTC) or later, or from this instant on
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Decided on this day or before, or before this instant
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// How many to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on where a list stopped
    #[arg(long, value_name = "PLACE")]
    before: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// [`output::Refused`] if there is not exactly one such customer; any other if a day is none, or the database is away.
pub async fn run(args: &MessagesArgs, root: &Path) -> Result<()> {
    let mut filter = filter(args)?;
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    if let Some(query) = &args.customer {
        filter.customer = Some(found::one(&reader, query, args.format).await?);
    }
    let page = all(&reader, &filter, args).await?;
    match args.format {
        Format::Json => output::json(&page)?,
        Format::Text => output::text(&text(&page)),
    }
    Ok(())
}

fn filter(args: &MessagesArgs) -> Result<MessageFilter> {
    Ok(MessageFilter {
        customer: None,
        journey: args.journey.clone(),
        step: args.step.clone(),
        channel: args.channel.clone(),
        purpose: args.purpose.clone(),
        status: args.status.clone(),
        reason: args.reason.clone(),
        failure: args.failure.clone(),
        provider: args.provider.clone(),
        provider_id: args.provider_id.clone(),
        template: args.template.clone(),
        heard: args.heard.as_deref().and_then(Heard::of),
        from: args.from.as_deref().map(|day| moment(day, 0)).transpose()?,
        until: args.to.as_deref().map(|day| moment(day, 1)).transpose()?,
    })
}

/// The beginning of a day, so many days later; or an instant.
fn moment(text: &str, days: i64) -> Result<Timestamp> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let wrong = || format!("{text} is no day, such as 2026-01-31");
    let day: Date = text.parse().with_context(wrong)?;
    let day = day.checked_add(SignedDuration::from_hours(24 * days));
    let day = day.with_context(wrong)?.to_zoned(TimeZone::UTC);
    Ok(day.with_context(wrong)?.timestamp())
}

/// As many as are asked for, page by page.
async fn all(reader: &Reader, filter: &MessageFilter, args: &MessagesArgs) -> Result<MessagePage> {
    let before = args.before.as_deref().map(str::parse::<MessageCursor>);
    let before = before.transpose();
    let before =
        before.map_err(|()| anyhow!("--before is what a list before gave as its place"))?;
    let mut all = MessagePage {
        next: before,
        ..MessagePage::default()
    };
    loop {
        let left = args
            .limit
            .saturating_sub(u32::try_from(all.messages.len())?);
        let page = reader.messages(filter, all.next, left).await?;
        all.messages.extend(page.messages);
        all.next = page.next;
        if all.next.is_none() || all.messages.len() >= usize::try_from(args.limit)? {
            return Ok(all);
        }
    }
}

fn text(page: &MessagePage) -> String {
    if page.messages.is_empty() {
        return "no messages".into();
    }
    let heads = [
        "DECIDED", "CUSTOMER", "CHANNEL", "JOURNEY", "STEP", "OUTCOME", "MESSAGE",
    ];
    let mut table = output::wrapped(heads);
    for message in &page.messages {
        table.add_row([
            output::moment(message.at),
            message.customer_key.to_string(),
            message.channel.to_string(),
            message.journey.to_string(),
            message.step.to_string(),
            outcome(message),
            message.id.to_string(),
        ]);
    }
    let more = page.next.map(|next| format!("\nmore with --before {next}"));
    format!("{table}{}", more.unwrap_or_default())
}

/// `sent by smtp, opened`; `suppressed, no_consent`.
fn outcome(message: &MessageRow) -> String {
    let by = match (&*message.status, &message.provider) {
        ("sent" | "failed", Some(provider)) => format!(" by {provider}"),
        _ => String::new(),
    };
    let also = message.reason.as_deref().into_iter();
    let also: Vec<&str> = also.chain(message.heard.iter().copied()).collect();
    let comma = if also.is_empty() { "" } else { ", " };
    format!("{}{by}{comma}{}", message.status, also.join(", "))
}
