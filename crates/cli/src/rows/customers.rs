//! Customers as a file states them, for back-tests.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result, bail};
use journey::{
    customer::{Consent, ConsentState, Customer},
    message::Channel,
    value::Value,
};

use super::{Lines, Mapping, Raw, Source, read::raw};

const SHAPE: &str = "`consent` is an object of purposes: {\"marketing\": [\"email\"]}";

/// Customers as a file states them, by key.
pub type Customers = BTreeMap<Arc<str>, Customer>;

/// Reads customers: `id`, traits (all other columns, or an object `traits`), and `consent`: by
/// purpose a list of channels (in a CSV file the same as JSON). A channel with a stated consent
/// counts as reachable.
///
/// # Errors
/// If the file cannot be read or a row has no id; with its line.
pub fn read_customers(source: &Source, since: jiff::Timestamp) -> Result<Customers> {
    let lines = Lines::read(source)?;
    let mut customers = Customers::new();
    for raw in raw(&lines, &Mapping::default())? {
        let place = lines.place(raw.line);
        let (id, customer) = customer(raw, since).context(place)?;
        customers.insert(id, customer);
    }
    Ok(customers)
}

fn customer(mut raw: Raw, since: jiff::Timestamp) -> Result<(Arc<str>, Customer)> {
    let id = ["id", "customer", "userId", "user_id", "customer_id"]
        .iter()
        .find_map(|name| raw.fields.remove(*name))
        .and_then(|v| v.to_key())
        .context("a customer needs an `id`")?;
    let mut customer = Customer::new(&id);
    let consent = raw.fields.remove("consent").unwrap_or_default();
    state_consents(&mut customer, &written_out(consent)?, since)?;
    customer.traits = match raw.fields.remove("traits") {
        Some(Value::Map(traits)) => (*traits).clone(),
        _ => raw
            .fields
            .into_iter()
            .filter(|(_, v)| !v.is_null())
            .collect(),
    };
    Ok((Arc::from(id), customer))
}

/// A cell of a table holds JSON as text.
fn written_out(consent: Value) -> Result<Value> {
    match consent.as_text() {
        Some(text) => serde_json::from_str(text).with_context(|| format!("{SHAPE}, not `{text}`")),
        None => Ok(consent),
    }
}

fn state_consents(customer: &mut Customer, stated: &Value, at: jiff::Timestamp) -> Result<()> {
    let Value::Map(purposes) = stated else {
        if stated.is_null() {
            return Ok(());
        }
        bail!(SHAPE);
    };
    for (purpose, channels) in purposes.iter() {
        let Value::List(channels) = channels else {
            bail!("the consent for {purpose} is a list of channels: [\"email\", \"sms\"]");
        };
        for channel in channels.iter() {
            let channel: Channel = channel
                .as_text()
                .and_then(|t| t.parse().ok())
                .with_context(|| format!("{channel} is no channel: email, sms, push, chat"))?;
            let consent = Consent {
                state: ConsentState::Granted,
                at,
                how: None,
            };
            let of_purpose = customer.ledger.consents.entry(purpose.clone()).or_default();
            of_purpose.insert(channel, consent);
            customer.ledger.assumed_reachable.push(channel);
        }
    }
    Ok(())
}
