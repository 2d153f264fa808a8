//! `parcours why MESSAGE`: why a message went or did not; `parcours why CUSTOMER JOURNEY`: why a customer is in a
//! journey, left it, or did not enter.

use std::path::Path;

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};
use journey::{explain::Language, ids::MessageId};
use serde_json::Value;
use store::read::Reader;
use uuid::Uuid;

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
};

/// Which message, or which customer and journey.
#[derive(Args, Clone, Debug)]
pub struct WhyArgs {
    /// The message's id; or the customer, if a journey follows
    #[arg(value_name = "MESSAGE|CUSTOMER")]
    what: String,
    /// The journey: why the customer is in it, left it, or did not enter
    journey: Option<String>,
    /// In which language; else that of LANG, else English
    #[arg(long, value_parser = PossibleValuesParser::new(["en", "fr"]))]
    lang: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The language that is asked for, else that of the environment, else English.
pub fn language(asked: Option<&str>) -> Language {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let environment = || {
        set("LC_ALL")
            .or_else(|| set("LC_MESSAGES"))
            .or_else(|| set("LANG"))
    };
    let locale = asked.map(ToOwned::to_owned).or_else(environment);
    locale.and_then(|l| Language::of(&l)).unwrap_or_default()
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if there is no such message, customer or journey; any other if the database is away.
pub async fn run(args: &WhyArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    let language = language(args.lang.as_deref());
    let (json, text) = match &args.journey {
        Some(journey) => of_journey(&reader, &args.what, journey, language).await?,
        None => of_message(&reader, &args.what, language).await?,
    };
    match args.format {
        Format::Json => output::json(&json)?,
        Format::Text => output::text(&text),
    }
    Ok(())
}

async fn of_message(reader: &Reader, id: &str, language: Language) -> Result<(Value, String)> {
    let known = match Uuid::try_parse(id) {
        Ok(id) => reader.message(MessageId(id), None).await?,
        Err(_) => {
            return Err(none(&format!(
                "{id} is no message's id; `parcours why {id} JOURNEY` asks about a customer"
            )));
        }
    };
    let message = known.ok_or_else(|| none(&format!("there is no message {id}")))?;
    let why = reader.why(&message, language).await?;
    Ok((serde_json::to_value(&why)?, why.text()))
}

async fn of_journey(
    reader: &Reader,
    customer: &str,
    journey: &str,
    language: Language,
) -> Result<(Value, String)> {
    let known = reader.customer(customer).await?;
    let known = known.ok_or_else(|| none(&format!("there is no customer {customer}")))?;
    let why = reader.why_journey(&known, journey, language).await?;
    let Some(why) = why else {
        let journeys = reader.journeys().await?;
        let names: Vec<&str> = journeys.iter().map(|j| &*j.journey).collect();
        let names = names.join(", ");
        return Err(none(&format!(
            "there is no journey {journey}; there are: {names}"
        )));
    };
    Ok((serde_json::to_value(&why)?, why.text()))
}

fn none(words: &str) -> anyhow::Error {
    output::aside(words);
    Refused.into()
}
