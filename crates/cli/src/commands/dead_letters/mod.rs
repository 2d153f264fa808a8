//! `parcours dead-letters`: events that could not be taken; why, and what is done about them.

mod change;
mod show;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use journey::ids::LetterId;
use store::{LetterFilter, read::Reader};

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
};

/// What to do with dead letters.
#[derive(Args, Clone, Debug)]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    which: Which,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

/// Which letters are meant, where many are.
#[derive(Args, Clone, Debug)]
struct Which {
    /// In this state
    #[arg(long, global = true, default_value = "open",
        value_parser = PossibleValuesParser::new(["open", "replayed", "discarded", "any"]))]
    status: String,
    /// Of this cause, by its code
    #[arg(long, global = true)]
    cause: Option<String>,
    /// Of events of this name
    #[arg(long, global = true, value_name = "EVENT")]
    name: Option<String>,
    /// From this exchange or queue
    #[arg(long, global = true)]
    source: Option<String>,
    /// First put aside at this moment, or on this day (UTC), or later
    #[arg(long, global = true, value_name = "MOMENT", value_parser = moment)]
    since: Option<Timestamp>,
}

#[derive(Subcommand, Clone, Debug)]
enum Action {
    /// List them, the newest first, and count them by cause
    List {
        /// How many to list
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Show one with its body
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Have an engine submit one again, or all that are open
    Replay {
        /// Its id, or the beginning of it
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Submit this file instead, which is the event as JSON
        #[arg(long, value_name = "FILE", conflicts_with = "all")]
        with: Option<PathBuf>,
        /// All that are open: of one --cause, --name, --source, or --since a moment, if these are given
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Why, for the audit log
        #[arg(long, default_value = "")]
        note: String,
        /// Leave it to the engines, and do not wait for them
        #[arg(long)]
        no_wait: bool,
    },
    /// Discard one, or all that are open
    Discard {
        /// Its id, or the beginning of it
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All that are open: of one --cause, --name, --source, or --since a moment, if these are given
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Why; it is kept
        #[arg(long)]
        reason: String,
    },
    /// Have the replay of many that is under way end where it is
    Cancel,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let day = |text: &str| {
        let day: Date = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let moment = text.parse().ok().or_else(|| day(text));
    moment.ok_or_else(|| "neither a moment, as 2026-01-31T10:00:00Z, nor a day".to_owned())
}

impl Which {
    fn filter(&self) -> LetterFilter {
        LetterFilter {
            status: Some(self.status.clone()).filter(|s| s != "any"),
            cause: self.cause.clone(),
            name: self.name.clone(),
            source: self.source.clone(),
            since: self.since,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if there is no such letter, it is refused again, or another replay is under way; any other if the
/// database is away.
pub async fn run(args: &DeadLettersArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let reader = Reader::new(store.pool().clone());
    let (filter, format) = (args.which.filter(), args.format);
    match &args.action {
        None => show::list(&reader, &filter, 50, format).await,
        Some(Action::List { limit }) => show::list(&reader, &filter, *limit, format).await,
        Some(Action::Show { id }) => show::one(&reader, found(&reader, id).await?, format).await,
        Some(Action::Replay {
            id,
            with,
            note,
            no_wait,
            ..
        }) => {
            let letter = match id {
                Some(id) => Some(found(&reader, id).await?),
                None => None,
            };
            let wish = change::Wish {
                letter,
                with: with.as_deref(),
                filter,
                note,
                waits: !no_wait,
                format,
            };
            change::replay(&store, &reader, wish).await
        }
        Some(Action::Discard { id, reason, .. }) => {
            let letter = match id {
                Some(id) => Some(found(&reader, id).await?),
                None => None,
            };
            change::discard(&store, letter, &filter, reason, format).await
        }
        Some(Action::Cancel) => change::cancel(&store, &reader, format).await,
    }
}

/// The one letter whose id begins like this.
async fn found(reader: &Reader, beginning: &str) -> Result<LetterId> {
    match reader.letters_like(beginning).await?.as_slice() {
        [one] => Ok(*one),
        [] => refused(&format!("there is no dead letter {beginning}")),
        _ => refused(&format!("several dead letters begin with {beginning}")),
    }
}

fn refused<T>(why: &str) -> Result<T> {
    output::aside(&format!("error: {why}"));
    Err(Refused.into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn since_is_a_moment_or_a_day() {
        let day = super::moment("2026-01-31").unwrap();
        assert_eq!(day.to_string(), "2026-01-31T00:00:00Z");
        assert_eq!(super::moment("2026-01-31T00:00:00Z").unwrap(), day);
        assert!(super::moment("yesterday").is_err());
    }
}
