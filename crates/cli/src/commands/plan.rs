//! `parcours plan` and `parcours apply`: what publishing would change, and then doing it.

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    input::Passage,
    machine::Machine,
    plan::{self, Draft, Plan, Running, number},
    workspace::{self as compiler, Options},
};
use serde_json::json;
use store::{Base, PausedJourney, Publication, Store, StoredPassage};

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// How long one statement of a plan may take: counting reads every open run once.
const DEADLINE: Duration = Duration::from_secs(120);
/// Of how many customers the arms of a changed split are counted; of more, a share is told.
const MAX_COUNTED: u64 = 200_000;
/// How often an apply makes its plan anew because somebody else has applied meanwhile.
const TRIES: u32 = 10;

/// What to plan.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {
    /// End the runs of this journey, which is not in the workspace any more
    #[arg(long, value_name = "NAME")]
    stop: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What to publish, and how.
#[derive(Args, Clone, Debug)]
pub struct ApplyArgs {
    /// End the runs of this journey, which is not in the workspace any more
    #[arg(long, value_name = "NAME")]
    stop: Vec<String>,
    /// Publish only what that plan showed: the name that `parcours plan` prints last
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// Move or end runs in flight without asking
    #[arg(long)]
    yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A plan and what it was made of.
struct Made {
    files: Vec<SourceFile>,
    machines: Vec<(Arc<Machine>, Arc<str>)>,
    stop: Vec<Arc<str>>,
    base: Option<Base>,
    plan: Plan,
    found: Vec<Diagnostic>,
    /// Earlier applies and pauses that engines are still carrying out.
    passing: Vec<StoredPassage>,
    /// Journeys that are paused.
    paused: Vec<PausedJourney>,
}

/// Runs `parcours plan`.
///
/// # Errors
/// [`Refused`] if the workspace has errors; any other if the database is away.
pub async fn plan(args: &PlanArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let made = Made::of(&store, root, &args.stop, args.format).await?;
    made.print(args.format)?;
    made.refuse_errors()
}

/// Runs `parcours apply`.
///
/// # Errors
/// [`Refused`] if the workspace has errors, is not what was planned, or nobody says yes; any other
/// if the database is away.
pub async fn apply(args: &ApplyArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    for _ in 0..TRIES {
        let made = Made::of(&store, root, &args.stop, args.format).await?;
        if args.format == Format::Text && !made.plan.is_empty() {
            output::aside(plan::text(&made.plan).trim_end());
            output::aside("");
        }
        made.report(args.format);
        made.refuse_errors()?;
        made.is_planned(args.plan.as_deref())?;
        if !args.yes && args.plan.is_none() {
            made.ask()?;
        }
        match made.publish(&store).await {
            Err(store::Error::Moved { .. }) if args.plan.is_none() => {}
            Err(store::Error::Moved { holds }) => return Err(moved(holds)),
            Err(error) => return Err(error.into()),
            Ok(applied) => return database::report(&made.files, &applied, &[], args.format),
        }
    }
    bail!("others apply all the time: {TRIES} times another workspace was applied meanwhile")
}

impl Made {
    async fn of(store: &Store, root: &Path, stop: &[String], format: Format) -> Result<Self> {
        let files = workspace::read_with_tests(root)?;
        let checked = compiler::without_tests(&files);
        let (compiled, mut found) = compiler::compile(&checked, &Options::default());
        let Some(compiled) = compiled else {
            output::diagnostics(&files, &found, format);
            return Err(Refused.into());
        };
        let stop: Vec<Arc<str>> = stop.iter().map(|name| Arc::from(name.as_str())).collect();
        let draft = Draft {
            files: &files,
            workspace: &compiled,
            stop: &stop,
        };
        let (base, running) = look(store, draft).await?;
        for name in &stop {
            if let Err(why) = plan::may_stop(name, &running, draft) {
                output::aside(&format!("error: {why}"));
                return Err(Refused.into());
            }
        }
        found.extend(plan::check(&running, draft));
        let passing = store.passages().await?.into_iter().filter(|p| !p.done);
        Ok(Self {
            plan: plan::plan(&running, draft),
            machines: engine::machines(&compiled),
            passing: passing.collect(),
            paused: store.paused().await?,
            files,
            stop,
            base,
            found,
        })
    }

    fn publication(&self) -> Publication<'_> {
        Publication {
            files: &self.files,
            machines: &self.machines,
            stop: &self.stop,
            over: Some(self.base.as_ref().map(|b| b.revision)),
        }
    }

    /// What `apply --plan` names: the revision that holds, and what is to follow it.
    fn name(&self) -> String {
        let revision = self.base.as_ref().map_or(0, |b| b.revision);
        format!("{revision}-{}", self.publication().fingerprint())
    }

    fn print(&self, format: Format) -> Result<()> {
        if format == Format::Json {
            return self.print_json();
        }
        self.report(format);
        if self.plan.is_empty() {
            output::text("Nothing would change: the workspace is what runs.");
        } else {
            output::text(plan::text(&self.plan).trim_end());
        }
        for line in self.passing.iter().map(passing) {
            output::text(&line);
        }
        for PausedJourney { journey, since } in &self.paused {
            output::text(&format!(
                "{journey} is paused since {since:.0}, and stays so: parcours resume {journey}"
            ));
        }
        if !self.plan.is_empty() && !self.has_errors() {
            let stops = self.stop.iter().map(|name| format!(" --stop {name}"));
            output::text(&format!(
                "Apply exactly this: parcours apply --plan {}{}",
                self.name(),
                stops.collect::<String>()
            ));
        }
        Ok(())
    }

    fn print_json(&self) -> Result<()> {
        let found = journey::diagnostics::render::json(&self.found, &self.files);
        let found: serde_json::Value = serde_json::from_str(&found)?;
        let base = self.base.as_ref();
        output::json(&json!({
            "plan": self.name(),
            "changes": !self.plan.is_empty(),
            "running": base.map(|b| json!({ "revision": b.revision, "applied_at": b.applied_at })),
            "journeys": self.plan.journeys,
            "policies": self.plan.policies,
            "templates": self.plan.templates,
            "files": self.plan.files,
            "in_flight": self.plan.in_flight,
            "passing": self.passing.iter().map(|p| json!({
                "journey": p.journey, "passage": p.passage, "runs": p.runs,
            })).collect::<Vec<_>>(),
            "paused": self.paused.iter().map(|p| json!({
                "journey": p.journey, "since": p.since,
            })).collect::<Vec<_>>(),
            "diagnostics": found,
        }))
    }

    /// Errors and warnings, beside the plan itself.
    fn report(&self, format: Format) {
        if format == Format::Text {
            output::diagnostics(&self.files, &self.found, format);
        } else if self.has_errors() {
            output::diagnostics(&self.files, &self.found, Format::Text);
        }
    }

    fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    fn refuse_errors(&self) -> Result<()> {
        match self.has_errors() {
            true => Err(Refused.into()),
            false => Ok(()),
        }
    }

    /// Whether this is what that plan showed.
    fn is_planned(&self, planned: Option<&str>) -> Result<()> {
        let Some(planned) = planned else {
            return Ok(());
        };
        let Some((revision, files)) = planned.split_once('-') else {
            bail!(
                "`{planned}` is no plan's name: it is what `parcours plan` prints last, such as {}",
                self.name()
            );
        };
        let holds = self.base.as_ref().map_or(0, |b| b.revision);
        if revision != holds.to_string() {
            return Err(moved(holds));
        }
        if files != self.publication().fingerprint() {
            output::aside(
                "error: the workspace or the stops are not those that were planned; plan again",
            );
            return Err(Refused.into());
        }
        Ok(())
    }

    /// Asks before runs in flight are moved or ended.
    fn ask(&self) -> Result<()> {
        let touched = self.plan.touched();
        if touched == 0 {
            return Ok(());
        }
        let what = format!("{} runs in flight will be moved or ended", number(touched));
        if !std::io::stdin().is_terminal() {
            output::aside(&format!(
                "error: {what}, and nobody is here to be asked: apply with --plan {}, or with --yes",
                self.name()
            ));
            return Err(Refused.into());
        }
        output::ask(&format!("{what}. Go on? [y/N] "))?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Refused.into()),
        }
    }

    async fn publish(&self, store: &Store) -> Result<store::Applied, store::Error> {
        store.publish(&self.publication(), Timestamp::now()).await
    }
}

/// What runs, in one snapshot; with the customers whom a changed split may draw anew.
async fn look(store: &Store, draft: Draft<'_>) -> Result<(Option<Base>, Running)> {
    let mut snapshot = store.snapshot(DEADLINE).await?;
    let (base, mut running) = snapshot.running().await.context("cannot see what runs")?;
    let mut counted = 0;
    for at in plan::wanted(&running, draft) {
        counted += at.runs;
        if counted > MAX_COUNTED {
            break;
        }
        let limit = u32::try_from(at.runs).unwrap_or(u32::MAX);
        let customers = snapshot.customers_at(at.machine, at.node, limit).await?;
        running.customers.insert((at.machine, at.node), customers);
    }
    Ok((base, running))
}

fn moved(holds: i64) -> anyhow::Error {
    output::aside(&format!(
        "error: the running system is no longer what the plan was made against: revision {holds} \
         holds; plan again"
    ));
    Refused.into()
}

fn passing(order: &StoredPassage) -> String {
    let (runs, journey) = (number(order.runs), &order.journey);
    let what = match order.passage {
        Passage::Move { .. } | Passage::Exit { .. } => "pass to a newer version",
        Passage::Stop => "are stopped",
        Passage::Pause { .. } => "are paused",
        Passage::Resume { .. } => "go on",
    };
    format!("Still under way: runs of {journey} {what}, {runs} so far.")
}
