//! What may be done on a customer's page and on a failed message's: forms that ask for a reason, and their way to the actions.

use std::sync::Arc;

use axum::{
    extract::{Form, Path, State as Shared, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use journey::{
    action::{Act, Asked},
    ids::{CustomerId, MessageId, RunId},
    message::Channel,
    policies::{ConsentRule, Policies},
};
use serde::Deserialize;
use store::read::{CustomerView, RunView, Version};
use uuid::Uuid;

use super::{Frame, PageError, reply::is_foreign, words};
use crate::{
    State, access,
    actions::{
        self,
        checks::{self, Wanted},
    },
    i18n::say,
    problem::Problem,
};

/// What may be done to a run.
pub(super) struct OfRun {
    pub(super) run: RunId,
    /// So that the same form sent twice is one action.
    pub(super) form: Uuid,
    /// Whether it is inside its journey.
    inside: bool,
    /// Whether a person has paused it.
    pub(super) paused: bool,
    pub(super) may_pause: bool,
    /// Whether its wait can be skipped.
    pub(super) waits: bool,
    /// The other versions of its journey.
    pub(super) versions: Vec<u32>,
}

impl OfRun {
    pub(super) fn of(run: &RunView, versions: &[Version]) -> Self {
        let own = run.version.map(i32::unsigned_abs);
        let others = versions.iter().map(|v| v.version);
        Self {
            run: run.id,
            form: Uuid::new_v4(),
            inside: run.left_at.is_none(),
            paused: run.paused_by_person.is_some(),
            may_pause: checks::on_run(run, Asked::Pause).is_ok(),
            waits: checks::on_run(run, Asked::Advance).is_ok(),
            versions: others.filter(|v| Some(*v) != own).collect(),
        }
    }

    /// Whether there is anything to be done for who looks.
    pub(super) fn any(&self, frame: &Frame) -> bool {
        let moves = frame.may("customers:move") && !self.versions.is_empty();
        self.inside && (moves || frame.may("customers:act"))
    }

    /// Where its forms go.
    pub(super) fn to(&self, customer: &CustomerId) -> String {
        format!("/customers/{customer}/runs/{}", self.run)
    }
}

/// What a customer can be opted out of.
pub(super) struct OptOut {
    pub(super) form: Uuid,
    /// Purposes that need a consent somewhere.
    pub(super) purposes: Vec<Arc<str>>,
}

impl OptOut {
    pub(super) fn of(policies: &Policies) -> Self {
        let all = policies.purposes.iter();
        let needing = all.filter(|(_, purpose)| {
            let needs = |channel| purpose.consent_on(channel) != ConsentRule::None;
            Channel::ALL.into_iter().any(needs)
        });
        Self {
            form: Uuid::new_v4(),
            purposes: needing.map(|(name, _)| name.clone()).collect(),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "templates call what belongs to a value of theirs"
    )]
    pub(super) fn channels(&self) -> [(&'static str, String); 4] {
        Channel::ALL.map(|c| (c.as_str(), words::channel(c.as_str())))
    }
}

/// What was asked for on the page before, as a sentence; nothing for words that are none of ours.
pub(super) fn notice(asked: &str) -> Option<&'static str> {
    Some(match asked {
        "pause" => say("A pause was asked for."),
        "resume" => say("It was asked to go on."),
        "advance" => say("The end of the wait was asked for."),
        "exit" => say("The exit was asked for."),
        "move" => say("Another version was asked for."),
        "resend" => say("The message was asked to be sent again."),
        "opt-out" => say("The opt-out was asked for."),
        _ => return None,
    })
}

#[derive(Deserialize)]
pub(super) struct Given {
    id: Uuid,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    sure: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    channel: String,
}

type Ids = Path<(Uuid, Uuid)>;
type Sent = Result<Form<Given>, FormRejection>;

pub(super) async fn pause(state: Shared<State>, ids: Ids, of: HeaderMap, sent: Sent) -> Response {
    on_run(state, ids, of, sent, "pause", |run| Act::Pause { run }).await
}

pub(super) async fn resume(state: Shared<State>, ids: Ids, of: HeaderMap, sent: Sent) -> Response {
    on_run(state, ids, of, sent, "resume", |run| Act::Resume { run }).await
}

pub(super) async fn advance(state: Shared<State>, ids: Ids, of: HeaderMap, sent: Sent) -> Response {
    on_run(state, ids, of, sent, "advance", |run| Act::Advance { run }).await
}

/// Leaving cannot be undone: it is asked for twice.
pub(super) async fn exit(state: Shared<State>, ids: Ids, of: HeaderMap, sent: Sent) -> Response {
    if matches!(&sent, Ok(Form(given)) if given.sure != "yes") {
        let why = say("Tick the box as well: a run that has left cannot be put back where it was.");
        return PageError::Wrong(why.into()).into_response();
    }
    on_run(state, ids, of, sent, "exit", |run| Act::Exit { run }).await
}

async fn on_run(
    Shared(state): Shared<State>,
    Path((customer, run)): Ids,
    of: HeaderMap,
    sent: Sent,
    word: &'static str,
    act: fn(RunId) -> Act,
) -> Response {
    let wanted = async |customer: &CustomerView, _: &Given| {
        let run = checks::run(&state, customer.row.id, RunId(run)).await?;
        let act = act(run.id);
        let may = checks::on_run(&run, act.asked());
        Ok(Wanted { act, may })
    };
    asked(&state, customer, &of, sent, word, wanted).await
}

pub(super) async fn move_to(
    Shared(state): Shared<State>,
    Path((customer, run)): Ids,
    of: HeaderMap,
    sent: Sent,
) -> Response {
    let wanted = async |customer: &CustomerView, given: &Given| {
        let run = checks::run(&state, customer.row.id, RunId(run)).await?;
        let version = given.version.parse().unwrap_or_default();
        checks::to_version(&state, &run, version).await
    };
    asked(&state, customer, &of, sent, "move", wanted).await
}

pub(super) async fn resend(
    Shared(state): Shared<State>,
    Path((customer, message)): Ids,
    of: HeaderMap,
    sent: Sent,
) -> Response {
    let wanted = async |customer: &CustomerView, _: &Given| {
        checks::again(&state, customer.row.id, MessageId(message)).await
    };
    asked(&state, customer, &of, sent, "resend", wanted).await
}

pub(super) async fn opt_out(
    Shared(state): Shared<State>,
    Path(customer): Path<Uuid>,
    of: HeaderMap,
    sent: Sent,
) -> Response {
    let wanted = async |_: &CustomerView, given: &Given| {
        let channel = match &*given.channel {
            "" => None,
            word => Some(
                word.parse()
                    .map_err(|()| Problem::bad("no_such_word", "There is no such channel."))?,
            ),
        };
        checks::out_of(&state, &given.purpose, channel).await
    };
    asked(&state, customer, &of, sent, "opt-out", wanted).await
}

/// Asks for it, and leads back to the customer's page.
async fn asked(
    state: &State,
    customer: Uuid,
    headers: &HeaderMap,
    sent: Sent,
    word: &str,
    wanted: impl AsyncFnOnce(&CustomerView, &Given) -> Result<Wanted, Problem>,
) -> Response {
    if is_foreign(headers) {
        let why = say("This is taken from pages of the console only.");
        return PageError::Wrong(why.into()).into_response();
    }
    let given = match sent {
        Ok(Form(given)) => given,
        Err(error) => return PageError::Wrong(error.body_text()).into_response(),
    };
    let reason = actions::cut(&given.reason);
    match submitted(state, customer, given, word, wanted).await {
        Ok(what) => {
            let to = format!("/customers/{customer}?asked={word}");
            access::noted(Redirect::to(&to).into_response(), what, reason)
        }
        Err(error) => access::noted(error.into_response(), "", reason),
    }
}

/// What the audit log is told beside the address.
async fn submitted(
    state: &State,
    customer: Uuid,
    given: Given,
    word: &str,
    wanted: impl AsyncFnOnce(&CustomerView, &Given) -> Result<Wanted, Problem>,
) -> Result<String, PageError> {
    let found = state.reader.customer(&customer.to_string()).await?;
    let found = found.ok_or(PageError::NotFound("customer"))?;
    let refused = |problem: Problem| refused(&problem);
    let wanted = wanted(&found, &given).await.map_err(refused)?;
    let what = actions::told(&wanted.act);
    let key = format!("{word}:{}", given.id);
    let asked = actions::ask(state, &found, wanted, given.reason, Some(key));
    let asked = asked.await.map_err(refused)?;
    Ok(format!("{what} input={}", asked.id).trim().to_owned())
}

fn refused(problem: &Problem) -> PageError {
    if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
        return PageError::Busy(problem.detail().to_owned());
    }
    let words = match problem.code() {
        "run_over" => say("The run has left its journey."),
        "paused" => say("The run is paused already, or takes no step until it goes on."),
        "not_paused" => say("The run is not paused."),
        "journey_paused" => say("Its journey is paused: the run goes on when that does."),
        "not_waiting" => say("The run waits for nothing."),
        "held" => say("A rule holds the run’s message back: that holds for whoever asks."),
        "same_version" => say("The run is on that version."),
        "no_such_version" => say("There is no such version of its journey."),
        "not_failed" => say("Only a message that failed is sent again."),
        "written_by_a_person" => {
            say("A person wrote this message: it is written again in the inbox.")
        }
        "no_such_purpose" | "needs_no_consent" => {
            say("Nobody opts out of that: it needs no consent there.")
        }
        "reason" => say("Say why, in 1 to 500 characters."),
        "idempotency_key_reused" => {
            say("This form was sent before, with other words. Open the page anew.")
        }
        _ => problem.detail(),
    };
    PageError::Wrong(words.to_owned())
}
