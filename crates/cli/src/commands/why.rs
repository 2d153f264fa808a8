//! `parcours why MESSAGE`: why a message went or did not.

use std::path::Path;

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};
use journey::{explain::Language, ids::MessageId};
use store::read::Reader;
use uuid::Uuid;

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
};

/// Which message.
#[derive(Args, Clone, Debug)]
pub struct WhyArgs {
    /// The message's id
    message: Uuid,
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
/// [`Refused`] if there is no such message; any other if the database is away.
pub async fn run(args: &WhyArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    let Some(message) = reader.message(MessageId(args.message), None).await? else {
        output::aside(&format!("there is no message {}", args.message));
        return Err(Refused.into());
    };
    let why = reader.why(&message, language(args.lang.as_deref())).await?;
    match args.format {
        Format::Json => output::json(&why)?,
        Format::Text => output::text(&why.text()),
    }
    Ok(())
}
