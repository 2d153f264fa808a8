//! `parcours simulate`: events against a journey, and what happens, hour by hour.

mod events;
mod person;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use journey::{
    customer::Customer,
    diagnostic::SourceFile,
    testing::{
        self,
        play::{Played, Player, Stage},
        show::{self, Look},
        simulate,
    },
    workspace::{self as compiler, Options, Workspace},
    world::World,
};

use self::events::{Given, Source};
use crate::{
    output::{self, Format, Refused},
    workspace,
};

/// What to play.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// The journey, by its name
    journey: String,
    /// What happens: Segment bodies or CloudEvents, one a line, or YAML as the `events` of a test
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// One event and its fields; `NAME@2h` happens two hours after the start. May be repeated
    #[arg(long, num_args = 1.., value_name = "NAME [FIELD=VALUE]")]
    event: Vec<String>,
    /// Who: `id=ana country=FR consent.marketing=email,sms`, or a file of customers
    #[arg(long, num_args = 1.., value_name = "FILE | TRAIT=VALUE")]
    customer: Vec<String>,
    /// `all`: consents to everything
    #[arg(long, value_parser = ["all"])]
    consent: Option<String>,
    /// When it begins (Monday 2026-01-05, 09:00, unless the events say)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How long the clock runs from the start (until nothing is pending)
    #[arg(long, value_name = "DURATION")]
    run_for: Option<String>,
    /// Another journey that runs beside it. May be repeated
    #[arg(long, value_name = "JOURNEY")]
    with: Vec<String>,
    /// The arm that a split takes. May be repeated
    #[arg(long, value_name = "SPLIT=ARM")]
    arm: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if the workspace or a script has errors; any other if something cannot be read.
pub fn run(args: &SimulateArgs, root: &Path) -> Result<()> {
    let files = workspace::read(root)?;
    let (compiled, found) = compiler::compile(&files, &Options::default());
    let Some(compiled) = compiled else {
        output::diagnostics(&files, &found, Format::Text);
        return Err(Refused.into());
    };
    let arms = args
        .arm
        .iter()
        .map(|a| pair(a, "--arm"))
        .collect::<Result<Vec<_>>>()?;
    let world =
        simulate::world(&compiled, &args.journey, &args.with, &arms).map_err(anyhow::Error::msg)?;
    let given = events::read(args, &compiled)?;
    let plays = play(args, &compiled, &world, given)?;
    print(args, &plays)
}

/// `NAME=VALUE`.
fn pair(text: &str, option: &str) -> Result<(String, String)> {
    let (name, value) = text
        .split_once('=')
        .with_context(|| format!("{option} {text}: write it as NAME=VALUE"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Plays each customer by themselves, in the order in which they first appear.
fn play(
    args: &SimulateArgs,
    compiled: &Workspace,
    world: &World,
    given: Given,
) -> Result<Vec<Played>> {
    let stage = Stage {
        world,
        templates: &compiled.templates,
        schemas: &compiled.schemas,
        sources: &compiled.sources,
    };
    let run_for = args.run_for.as_ref().map(|text| {
        simulate::length(text)
            .with_context(|| format!("--run-for {text}: write it as `3d` or `1d 12h`"))
    });
    let run_for = run_for.transpose()?;
    let mut plays = Vec::new();
    for (customer, source) in given.plays {
        let first = source
            .first()
            .unwrap_or_else(|| testing::default_start(&compiled.policies));
        let start = start(args, first, &customer, compiled)?;
        let mut player = Player::new(stage, customer, start).begin();
        happen(&mut player, source, start, compiled)?;
        player.run(run_for.map(|span| journey::time::plus(start, span)));
        plays.push(player.finish());
    }
    Ok(plays)
}

fn start(
    args: &SimulateArgs,
    first: Timestamp,
    customer: &Customer,
    compiled: &Workspace,
) -> Result<Timestamp> {
    let Some(text) = &args.at else {
        return Ok(first);
    };
    let monday = testing::default_start(&compiled.policies);
    simulate::moment(text, monday, customer, compiled).with_context(|| {
        format!(
            "--at {text}: write it as `2026-01-05T10:00+01:00`, `2026-01-05 10:00` or `tue 10:00`"
        )
    })
}

fn happen(
    player: &mut Player<'_>,
    source: Source,
    start: Timestamp,
    compiled: &Workspace,
) -> Result<()> {
    match source {
        Source::Script(script, file) => {
            let found = player.follow(&script, &file, start);
            refuse_if_any(&file, &found)
        }
        Source::Events(events) => {
            for arrival in events {
                let input = arrival.input(start);
                if let journey::input::InputKind::Event(event) = &input.kind {
                    if let Some(why) = compiled.schemas.refuse(event) {
                        bail!("{}: intake would refuse it: {why}", event.name);
                    }
                    let label = simulate::named(event);
                    player.take(input, Some(label));
                }
            }
            Ok(())
        }
    }
}

fn refuse_if_any(file: &SourceFile, found: &[journey::diagnostic::Diagnostic]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    output::diagnostics(std::slice::from_ref(file), found, Format::Text);
    Err(Refused.into())
}

fn print(args: &SimulateArgs, plays: &[Played]) -> Result<()> {
    if args.format == Format::Json {
        let data: Vec<_> = plays.iter().map(show::data::played).collect();
        return output::json(&data);
    }
    let look = Look {
        colour: output::coloured(),
    };
    // Of many customers, those whom no journey concerns are only counted.
    let shown = |p: &&Played| plays.len() == 1 || p.is_concerned();
    let mut texts: Vec<String> = plays
        .iter()
        .filter(shown)
        .map(|p| show::whole(p, look))
        .collect();
    let others = plays.len() - texts.len();
    if others > 0 {
        texts.push(match others {
            1 => "No journey had anything to do with 1 other customer.".to_owned(),
            n => format!("No journey had anything to do with {n} other customers."),
        });
    }
    output::text(texts.join("\n").trim_end());
    Ok(())
}
