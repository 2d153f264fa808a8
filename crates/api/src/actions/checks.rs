//! What makes no sense is refused at once, as far as the database tells. The turn looks again: it alone decides.

use axum::http::StatusCode;
use journey::{
    action::{Act, Asked},
    ids::{CustomerId, MessageId, RunId},
    message::Channel,
    policies::ConsentRule,
};
use store::read::RunView;

use crate::{State, problem::Problem, support::no_such};

/// What is to be done, and what speaks against it now. That it was asked for before comes first: a second try of the same
/// request finds it done.
pub(crate) struct Wanted {
    pub act: Act,
    pub may: Result<(), Problem>,
}

pub(crate) async fn run(
    state: &State,
    customer: CustomerId,
    run: RunId,
) -> Result<RunView, Problem> {
    let found = state.reader.run(customer, run).await?;
    found.ok_or_else(|| no_such("run"))
}

/// Whether that makes sense for the run.
pub(crate) fn on_run(run: &RunView, asked: Asked) -> Result<(), Problem> {
    if run.left_at.is_some() {
        return conflict("run_over", "The run has left its journey.");
    }
    let (paused, by_person) = (run.paused_since.is_some(), run.paused_by_person.is_some());
    match asked {
        Asked::Pause if by_person => conflict("paused", "A person has paused this run before."),
        Asked::Resume if !paused => conflict("not_paused", "The run is not paused."),
        Asked::Resume if !by_person => conflict(
            "journey_paused",
            "Its journey is paused: the run goes on when that does.",
        ),
        Asked::Advance if paused => conflict(
            "paused",
            "The run is paused: it takes no step until it goes on.",
        ),
        Asked::Advance => skips(run),
        _ => Ok(()),
    }
}

fn skips(run: &RunView) -> Result<(), Problem> {
    let Some(waiting) = &run.waiting else {
        return conflict("not_waiting", "The run waits for nothing.");
    };
    match &waiting.held {
        Some(_) => conflict(
            "held",
            "A rule holds the run's message back: that holds for whoever asks.",
        ),
        None => Ok(()),
    }
}

/// The move to a version of the run's journey.
pub(crate) async fn to_version(
    state: &State,
    run: &RunView,
    version: u32,
) -> Result<Wanted, Problem> {
    let found = state.reader.version(&run.journey, version).await?;
    let found = found.ok_or_else(|| {
        let detail = format!("`{}` has no version {version}.", run.journey);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_such_version", detail)
    })?;
    let is_there = run.version.map(i32::unsigned_abs) == Some(version);
    let may = match is_there {
        true => conflict("same_version", "The run is on that version."),
        false => on_run(run, Asked::Move),
    };
    let act = Act::Move {
        run: run.id,
        version,
        to: found.machine,
    };
    Ok(Wanted { act, may })
}

/// That message, again.
pub(crate) async fn again(
    state: &State,
    customer: CustomerId,
    message: MessageId,
) -> Result<Wanted, Problem> {
    let found = state.reader.message(message, Some(customer)).await?;
    let found = found.ok_or_else(|| no_such("message"))?;
    let words = found.decision.as_ref().and_then(|d| d.words());
    let may = match (&*found.row.status, words) {
        (_, Some(_)) => conflict(
            "written_by_a_person",
            "A person wrote this message: it is written again in the inbox.",
        ),
        ("failed", None) => Ok(()),
        _ => conflict("not_failed", "Only a message that failed is sent again."),
    };
    let act = Act::Resend {
        message,
        kept: None,
    };
    Ok(Wanted { act, may })
}

/// An end to messages of a purpose.
pub(crate) async fn out_of(
    state: &State,
    purpose: &str,
    channel: Option<Channel>,
) -> Result<Wanted, Problem> {
    let unprocessable =
        |code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    let policies = state.reader.policies().await?;
    let found = policies.purposes.get(purpose).ok_or_else(|| {
        let detail = format!("There is no purpose `{purpose}`.");
        unprocessable("no_such_purpose", detail)
    })?;
    let on = |channel: &Channel| found.consent_on(*channel) != ConsentRule::None;
    let channels = channel.map_or_else(|| Channel::ALL.to_vec(), |channel| vec![channel]);
    let may = match channels.iter().any(on) {
        true => Ok(()),
        false => Err(unprocessable(
            "needs_no_consent",
            format!("`{purpose}` needs no consent there, so nobody opts out of it."),
        )),
    };
    let act = Act::OptOut {
        purpose: purpose.into(),
        channel,
    };
    Ok(Wanted { act, may })
}

fn conflict(code: &str, detail: &str) -> Result<(), Problem> {
    Err(Problem::new(StatusCode::CONFLICT, code, detail))
}
