//! The export as a page for the person whom it is about.

use std::sync::Arc;

use askama::Template;
use jiff::Timestamp;
use journey::{
    customer::{ConsentState, Ledger},
    explain::Tongue,
    failure::Failure,
    value::Value,
};
use store::read::{Export, ExportedCall, ExportedInput, ExportedMessage, ExportedRun};

use crate::{
    console::words::{self, When},
    i18n::{Language, fill, language, say, within},
};

#[derive(Template)]
#[template(path = "export.html")]
struct Page {
    key: Arc<str>,
    id: String,
    taken: When,
    since: When,
    traits: Vec<(String, String)>,
    consents: Vec<Consent>,
    suppressed: Vec<Suppressed>,
    restricted: Option<When>,
    runs: Vec<Run>,
    messages: Vec<Message>,
    calls: Vec<Call>,
    inputs: Vec<Input>,
    /// What else is in the ledger, and tables without a section.
    rest: Vec<(String, String)>,
}

struct Consent {
    purpose: Arc<str>,
    channel: String,
    state: &'static str,
    since: When,
}

struct Suppressed {
    said: String,
    since: When,
}

struct Run {
    title: Arc<str>,
    key: Arc<str>,
    entered: When,
    left: Option<When>,
    reason: String,
    step: Option<Arc<str>>,
    state: String,
}

struct Message {
    at: When,
    channel: String,
    purpose: Arc<str>,
    journey: Arc<str>,
    status: &'static str,
    reason: String,
    provider: Arc<str>,
    error: Option<String>,
    decision: String,
}

struct Call {
    at: When,
    endpoint: Arc<str>,
    journey: Arc<str>,
    status: &'static str,
    error: Option<String>,
    with: String,
}

struct Input {
    at: When,
    name: String,
    sentences: Vec<String>,
    body: String,
}

/// The export as one HTML page in that language that needs nothing else: for the customer, or to be printed.
///
/// # Errors
/// None that data could cause.
pub fn export_page(export: &Export, language: Language) -> Result<String, askama::Error> {
    within(language, || page(export))
}

fn page(export: &Export) -> Result<String, askama::Error> {
    let customer = &export.customer;
    let ledger: Ledger = serde_json::from_value(customer.ledger.clone()).unwrap_or_default();
    let page = Page {
        key: customer.key.clone(),
        id: customer.id.to_string(),
        taken: When(export.exported_at),
        since: When(customer.seen_at),
        traits: traits(&customer.traits),
        consents: consents(&ledger),
        suppressed: suppressed(&ledger),
        restricted: ledger.restricted.map(When),
        runs: export.runs.iter().chain(&export.ended).map(run).collect(),
        messages: export.messages.iter().map(message).collect(),
        calls: export.calls.iter().map(call).collect(),
        inputs: export.inputs.iter().map(input).collect(),
        rest: rest(export),
    };
    page.render()
}

fn traits(traits: &serde_json::Value) -> Vec<(String, String)> {
    let fields = traits.as_object().into_iter().flatten();
    let shown = |value: &serde_json::Value| words::value(&Value::from(value.clone()));
    fields
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

fn consents(ledger: &Ledger) -> Vec<Consent> {
    let all = ledger.consents.iter();
    all.flat_map(|(purpose, channels)| {
        channels.iter().map(|(channel, consent)| Consent {
            purpose: purpose.clone(),
            channel: words::channel(channel.as_str()),
            state: match consent.state {
                ConsentState::Granted => say("given"),
                ConsentState::Unconfirmed => say("given, not confirmed"),
                ConsentState::Withdrawn => say("withdrawn"),
            },
            since: When(consent.at),
        })
    })
    .collect()
}

fn suppressed(ledger: &Ledger) -> Vec<Suppressed> {
    let all = ledger.suppressed.iter();
    all.map(|(channel, suppression)| Suppressed {
        said: fill(
            "{0} to {1} is not sent: {2}",
            &[
                &words::channel(channel.as_str()),
                &suppression.address,
                &words::suppression(&suppression.reason),
            ],
        ),
        since: When(suppression.at),
    })
    .collect()
}

fn run(run: &ExportedRun) -> Run {
    Run {
        title: run.title.clone(),
        key: run.key.clone(),
        entered: When(run.entered_at),
        left: run.left_at.map(When),
        reason: run.reason.as_deref().map(words::reason).unwrap_or_default(),
        step: run.step.clone(),
        state: data(&run.state),
    }
}

fn message(message: &ExportedMessage) -> Message {
    Message {
        at: When(message.at),
        channel: words::channel(&message.channel),
        purpose: message.purpose.clone(),
        journey: message.journey.clone(),
        status: words::status(&message.status),
        reason: message
            .reason
            .as_deref()
            .map(words::reason)
            .unwrap_or_default(),
        provider: message.provider.clone().unwrap_or_default(),
        error: message.error.as_ref().map(said),
        decision: data(&message.decision),
    }
}

fn call(call: &ExportedCall) -> Call {
    Call {
        at: When(call.at),
        endpoint: call.endpoint.clone(),
        journey: call.journey.clone(),
        status: words::call_status(&call.status),
        error: call.error.as_ref().map(said),
        with: data(&call.with),
    }
}

fn said(error: &Failure) -> String {
    error.say(&Tongue::plain(language()))
}

fn input(input: &ExportedInput) -> Input {
    let tongue = Tongue::plain(language());
    let sentences = input.decided.iter().map(|fact| {
        let said = words::sentence(&fact.line.fact.say(&tongue));
        match &fact.line.journey {
            Some(journey) => format!("{journey}: {said}"),
            None => said,
        }
    });
    Input {
        at: When(input.at),
        name: words::input(input.kind, &input.name).to_owned(),
        sentences: sentences.collect(),
        body: data(&input.body),
    }
}

fn rest(export: &Export) -> Vec<(String, String)> {
    let ledger = export.customer.ledger.as_object().into_iter().flatten();
    let ledger = ledger
        .filter(|(name, _)| !["consents", "suppressed", "restricted"].contains(&name.as_str()));
    let ledger = ledger.map(|(name, value)| (name.clone(), data(value)));
    let records = export.records.iter().map(|(table, rows)| {
        let rows = rows
            .iter()
            .cloned()
            .map(serde_json::Value::Object)
            .collect();
        (table.clone(), data(&serde_json::Value::Array(rows)))
    });
    let due: Option<(String, String)> = export
        .customer
        .due_at
        .map(|at: Timestamp| ("due_at".to_owned(), words::moment(at)));
    // Whom they were known as before, whole, as it is kept.
    let merged = export.merged.iter().map(|other| {
        let all = serde_json::to_value(other).unwrap_or_default();
        (format!("merged: {}", other.customer.key), data(&all))
    });
    ledger.chain(records).chain(due).chain(merged).collect()
}

/// Data as they are kept, line by line; empty where there are none.
fn data(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}
