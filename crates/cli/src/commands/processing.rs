//! `parcours processing`: the record of processing activities (GDPR, article 30), from the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use anyhow::Result;
use channels::AdapterSettings;
use clap::Args;
use journey::{
    message::Channel,
    policies::{Basis, ConsentRule},
    processing::{self, Activity, Kept, Labelled},
    workspace::{self as compiler, Options},
};
use serde::Serialize;

use crate::{
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// How to print.
#[derive(Args, Clone, Debug)]
pub struct ProcessingArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    record: processing::Record,
    /// Who takes the messages of each channel.
    providers: BTreeMap<Channel, String>,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if the workspace has errors; any other if it cannot be read.
pub fn run(args: &ProcessingArgs, root: &Path) -> Result<()> {
    let files = workspace::read(root)?;
    let (compiled, found) = compiler::compile(&files, &Options::default());
    let Some(compiled) = compiled else {
        output::diagnostics(&files, &found, args.format);
        return Err(Refused.into());
    };
    let config = Config::load(root)?;
    let adapters = Channel::ALL
        .into_iter()
        .map(|c| (c, providers(config.channels.of(c))))
        .filter(|(_, providers)| !providers.is_empty());
    let printed = Printed {
        record: processing::record(&compiled),
        providers: adapters.collect(),
    };
    match args.format {
        Format::Json => output::json(&printed),
        Format::Text => {
            output::text(&text(&printed));
            Ok(())
        }
    }
}

/// Who they are, and where, the preferred one first.
fn providers(all: &[AdapterSettings]) -> String {
    let all: Vec<_> = all.iter().map(provider).collect();
    all.join(", else ")
}

/// Who it is, and where.
fn provider(adapter: &AdapterSettings) -> String {
    match adapter {
        AdapterSettings::Apns(apns) => host(apns.address(), &apns.name),
        AdapterSettings::Fcm(fcm) => host(&fcm.url, &fcm.name),
        AdapterSettings::Postmark(postmark) => host(&postmark.url, &postmark.name),
        AdapterSettings::Smtp(smtp) => smtp.host.clone(),
        AdapterSettings::Telegram(bot) => host(&bot.url, &bot.name),
        AdapterSettings::Twilio(twilio) => host(&twilio.url, &twilio.name),
        AdapterSettings::Vonage(vonage) => host(&vonage.url, &vonage.name),
        AdapterSettings::Web(_) => "our own chat widget".to_owned(),
        AdapterSettings::Webhook(hook) => host(&hook.url, &hook.name),
        AdapterSettings::WebPush(_) => "the browsers' own push services".to_owned(),
        AdapterSettings::WhatsApp(number) => host(&number.url, &number.name),
    }
}

/// Where an address leads; the provider's name, where that cannot be told.
fn host(url: &str, name: &str) -> String {
    let parsed = reqwest::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(reqwest::Url::host_str);
    host.unwrap_or(name).to_owned()
}

fn text(printed: &Printed) -> String {
    let record = &printed.record;
    let mut lines = vec![
        "Record of processing activities (GDPR, article 30), as far as the configuration tells it."
            .to_owned(),
    ];
    for activity in &record.purposes {
        lines.push(String::new());
        lines.push(activity.purpose.to_string());
        lines.extend(activity_lines(activity, &record.labels, &printed.providers));
    }
    if let Some(activity) = &record.without_messages {
        lines.push(String::new());
        lines.push("Journeys that send nothing".into());
        lines.extend(activity_lines(activity, &record.labels, &printed.providers));
    }
    lines.push(String::new());
    lines.push("How long it is kept".into());
    lines.extend(kept_lines(&record.kept));
    lines.join("\n")
}

fn activity_lines(
    activity: &Activity,
    labels: &Labelled,
    providers: &BTreeMap<Channel, String>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {what:<13} {text}"));
        }
    };
    let basis = activity.basis.map(|basis| basis_words(basis).to_owned());
    say("basis", basis.unwrap_or_default());
    say("consent", consent(activity));
    if activity.while_restricted {
        say(
            "restricted",
            "goes also while processing is restricted".into(),
        );
    }
    if activity.journeys.is_empty() {
        say("journeys", "none".into());
    }
    for (at, (name, title)) in activity.journeys.iter().enumerate() {
        let what = if at == 0 { "journeys" } else { "" };
        let title = if name == title {
            String::new()
        } else {
            format!(" ({title})")
        };
        say(what, format!("{name}{title}"));
    }
    let name = |name: &str| labels.trait_name(name);
    say("traits", words(&activity.traits, name));
    for (at, (event, fields)) in activity.events.iter().enumerate() {
        let what = if at == 0 { "events" } else { "" };
        let fields = match fields.is_empty() {
            true => "(that it happened)".to_owned(),
            false => words(fields, |name| labels.field_name(event, name)),
        };
        say(what, format!("{event}: {fields}"));
    }
    let sent = activity
        .channels
        .iter()
        .map(|channel| match providers.get(channel) {
            Some(provider) => format!("{channel} by {provider}"),
            None => format!("{channel} (no provider is configured)"),
        });
    say("sent by", sent.collect::<Vec<_>>().join(", "));
    let endpoints = activity.endpoints.iter();
    let endpoints = endpoints.map(|(name, host)| format!("{name} at {host}"));
    say("passed on to", endpoints.collect::<Vec<_>>().join(", "));
    lines
}

fn words(names: &BTreeSet<Arc<str>>, say: impl Fn(&str) -> String) -> String {
    if names.contains(processing::ALL) {
        return "all of them".into();
    }
    let names = names.iter().map(|name| say(name));
    names.collect::<Vec<_>>().join(", ")
}

/// What consent is needed; channel by channel where they differ.
fn consent(activity: &Activity) -> String {
    let rules: BTreeSet<&str> = activity.consent.values().map(|r| rule(*r)).collect();
    if rules.len() <= 1 {
        return rules.into_iter().next().unwrap_or_default().to_owned();
    }
    let each = activity.consent.iter();
    let each = each.map(|(channel, r)| format!("{channel}: {}", rule(*r)));
    each.collect::<Vec<_>>().join("; ")
}

fn basis_words(basis: Basis) -> &'static str {
    match basis {
        Basis::Consent => "consent: article 6(1)(a)",
        Basis::Contract => "a contract with the customer: article 6(1)(b)",
        Basis::LegalObligation => "a duty by law: article 6(1)(c)",
        Basis::LegitimateInterest => "a legitimate interest: article 6(1)(f)",
    }
}

fn rule(rule: ConsentRule) -> &'static str {
    match rule {
        ConsentRule::None => "not asked for",
        ConsentRule::OptOut => "not asked for; the customer may object",
        ConsentRule::OptIn => "asked for",
        ConsentRule::DoubleOptIn => "asked for, and confirmed",
    }
}

fn kept_lines(kept: &Kept) -> Vec<String> {
    let line = |what: &str, span: &Option<String>| {
        let span = span.as_deref().unwrap_or("until the customer is erased");
        format!("  {what:<13} {span}")
    };
    vec![
        line("events", &kept.inputs),
        line("messages", &kept.messages),
        line(
            "their words",
            &kept.content.clone().or_else(|| Some("not kept".into())),
        ),
        line("journeys", &kept.runs),
        line("calls", &kept.calls),
        line("profile", &None),
    ]
}
