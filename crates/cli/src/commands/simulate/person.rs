//! The customer of a simulation, from the command line or a file.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use journey::{
    customer::{Consent, ConsentState, Customer},
    message::Channel,
    policies::Policies,
    testing::SOMEBODY,
    value::Value,
};

use super::{SimulateArgs, pair};
use crate::{
    commands::backtest::consent_to_all,
    rows::{self, Customers, Source},
};

/// The customers that are stated.
pub(super) struct People {
    /// By the command line.
    one: Option<Customer>,
    /// By a file.
    stated: Customers,
    consent_all: bool,
}

impl People {
    pub(super) fn read(args: &SimulateArgs, policies: &Policies) -> Result<Self> {
        let consent_all = args.consent.is_some();
        if let [file] = args.customer.as_slice()
            && !file.contains('=')
        {
            let source = Source::File(PathBuf::from(file));
            let stated = rows::read_customers(&source, Timestamp::UNIX_EPOCH)?;
            return Ok(Self {
                one: None,
                stated,
                consent_all,
            });
        }
        let one = match args.customer.as_slice() {
            [] => None,
            words => Some(of_words(words, policies)?),
        };
        Ok(Self {
            one,
            stated: Customers::new(),
            consent_all,
        })
    }

    /// The one customer whom the command line names, by `id` or at all.
    pub(super) fn named(&self) -> Option<&Arc<str>> {
        self.one
            .as_ref()
            .map(|c| &c.key)
            .filter(|key| &***key != SOMEBODY)
    }

    /// Those of a file, or the one of the command line, or somebody.
    pub(super) fn all(&self, policies: &Policies) -> Vec<Customer> {
        if self.stated.is_empty() {
            let key = self.one.as_ref().map_or(SOMEBODY, |c| &c.key);
            return vec![self.find(key, policies)];
        }
        self.stated
            .keys()
            .map(|key| self.find(key, policies))
            .collect()
    }

    /// The customer of that key, reachable on every channel.
    pub(super) fn find(&self, key: &str, policies: &Policies) -> Customer {
        let mut customer = match (&self.one, self.stated.get(key)) {
            (Some(one), _) => {
                let mut found = Customer::new(key);
                found.traits.clone_from(&one.traits);
                found.ledger = one.ledger.clone();
                found
            }
            (None, Some(stated)) => stated.clone(),
            (None, None) => Customer::new(key),
        };
        customer.ledger.assumed_reachable = Channel::ALL.to_vec();
        customer.ledger.assumed_control = Some(false);
        if self.consent_all {
            consent_to_all(&mut customer, policies);
        }
        customer
    }
}

fn of_words(words: &[String], policies: &Policies) -> Result<Customer> {
    let mut customer = Customer::new(SOMEBODY);
    for word in words {
        let (name, value) = pair(word, "--customer")?;
        if name == "id" {
            let traits = std::mem::take(&mut customer.traits);
            let ledger = std::mem::take(&mut customer.ledger);
            customer = Customer::new(&value);
            (customer.traits, customer.ledger) = (traits, ledger);
        } else if let Some(purpose) = name.strip_prefix("consent.") {
            consent(&mut customer, purpose, &value, policies)?;
        } else {
            customer.traits.insert(Arc::from(name), read_value(&value));
        }
    }
    Ok(customer)
}

fn consent(
    customer: &mut Customer,
    purpose: &str,
    channels: &str,
    policies: &Policies,
) -> Result<()> {
    if !policies.purposes.contains_key(purpose) {
        let all: Vec<&str> = policies.purposes.keys().map(|p| &**p).collect();
        bail!(
            "--customer consent.{purpose}: there is no such purpose; there are {}",
            all.join(", ")
        );
    }
    let given = Consent {
        state: ConsentState::Granted,
        at: Timestamp::UNIX_EPOCH,
        how: None,
    };
    for name in channels.split(',').map(str::trim) {
        let channels = match name {
            "all" => Channel::ALL.to_vec(),
            name => {
                let channel = name.parse().map_err(|()| anyhow::anyhow!("{name}"));
                vec![channel.with_context(|| {
                    format!("--customer consent.{purpose}: channels are email, sms, push, chat")
                })?]
            }
        };
        let of_purpose = customer
            .ledger
            .consents
            .entry(Arc::from(purpose))
            .or_default();
        of_purpose.extend(channels.into_iter().map(|c| (c, given.clone())));
    }
    Ok(())
}

/// A number, a truth value or JSON where it is one; all else is text, numbers with a leading zero
/// among it.
pub(super) fn read_value(text: &str) -> Value {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Value::from(json),
        Err(_) => Value::text(text),
    }
}
