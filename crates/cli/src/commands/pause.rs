//! `parcours pause` and `parcours resume`: a journey stands still, and goes on.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use journey::plan::{self, number};
use serde_json::json;
use store::Paused;

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
};

/// Which journey.
#[derive(Args, Clone, Debug)]
pub struct PauseArgs {
    /// The journey's name
    #[arg(value_name = "JOURNEY")]
    journey: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `parcours pause`, or `parcours resume` if it does not pause.
///
/// # Errors
/// [`Refused`] if there is no such journey; any other if the database is away.
pub async fn run(args: &PauseArgs, root: &Path, pauses: bool) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let journey = args.journey.as_str();
    let (changed, inside, said) = match store.pause(journey, pauses, Timestamp::now()).await? {
        Paused::Unknown { journeys } => {
            let why = plan::unpublished(journey, journeys.iter().map(|j| &**j));
            output::aside(&format!("error: {why}"));
            return Err(Refused.into());
        }
        Paused::Already { since } => (false, None, already(journey, pauses, since)),
        Paused::Done { inside } => (true, Some(inside), done(journey, pauses, inside)),
    };
    if args.format == Format::Json {
        return output::json(&json!({
            "journey": journey, "paused": pauses, "changed": changed, "inside": inside,
        }));
    }
    output::text(&said);
    Ok(())
}

fn done(journey: &str, pauses: bool, inside: u64) -> String {
    let (runs, stay) = match inside {
        0 => ("nobody is inside".to_owned(), ""),
        1 => ("1 run is inside".to_owned(), " and stays where it is"),
        n => (
            format!("{} runs are inside", number(n)),
            " and stay where they are",
        ),
    };
    match pauses {
        true => format!(
            "{journey} is paused: {runs}{stay}; nobody enters.\n\
             It goes on with: parcours resume {journey}"
        ),
        false => format!("{journey} goes on: {runs}."),
    }
}

fn already(journey: &str, pauses: bool, since: Option<Timestamp>) -> String {
    match (pauses, since) {
        (true, Some(since)) => format!("{journey} is paused already, since {since:.0}."),
        (false, Some(since)) => format!("{journey} is not paused; it goes on since {since:.0}."),
        (_, None) => format!("{journey} is not paused."),
    }
}
