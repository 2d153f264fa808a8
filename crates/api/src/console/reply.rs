//! Answers to captured questions: what a customer would say, said by whoever tries a journey out.

use axum::{
    extract::{Form, Path, State as Shared, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse, Redirect},
};
use journey::{ids::MessageId, intake::SegmentCall, machine::REPLIED, waiting::Awaited};
use serde::Deserialize;
use serde_json::json;
use store::read::MessageRow;

use super::{Page, PageError, mailbox};
use crate::{NotAccepted, State, i18n, intake};

/// The longest answer, in characters.
const LONGEST: usize = 2_000;

#[derive(Deserialize)]
pub(super) struct Given {
    answer: String,
}

/// The message, if it asked a question that is still open.
pub(super) async fn open_question(
    state: &State,
    message: Option<MessageId>,
) -> Result<Option<MessageRow>, PageError> {
    let Some(id) = message else { return Ok(None) };
    let Some(view) = state.reader.message(id, None).await? else {
        return Ok(None);
    };
    let runs = state.reader.runs(view.row.customer).await?;
    let is_it = |on: &Awaited| matches!(on, Awaited::Answer { message, .. } if *message == id);
    let asked = runs.open.iter().filter_map(|run| run.waiting.as_ref());
    let open = asked.filter_map(|w| w.on.as_ref()).any(is_it);
    Ok(open.then_some(view.row))
}

/// Submits the answer as the event that a provider's would become.
pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
    given: Result<Form<Given>, FormRejection>,
) -> Page {
    if is_foreign(&headers) {
        return Err(PageError::wrong(i18n::say(
            "Answers are taken from the page of the mailbox.",
        )));
    }
    let Form(given) = given.map_err(|_| PageError::unreadable())?;
    let answer = given.answer.trim();
    if answer.is_empty() || answer.chars().nth(LONGEST).is_some() {
        return Err(PageError::Wrong(i18n::fill(
            "An answer has from 1 to {0} characters.",
            &[&LONGEST],
        )));
    }
    let captured = mailbox::get(&state, &name).await?;
    let question = open_question(&state, captured.message).await?;
    let question = question.ok_or_else(|| {
        PageError::wrong(i18n::say(
            "This message asks no question that is still open.",
        ))
    })?;
    say(&state, &question, answer).await?;
    let page = format!("/customers/{}", question.customer);
    Ok(Redirect::to(&page).into_response())
}

async fn say(state: &State, question: &MessageRow, answer: &str) -> Result<(), PageError> {
    let now = state.now();
    let call = json!({
        // Somebody may say a second thing to the same question.
        "messageId": format!("reply-{}-{}", question.id, now.as_microsecond()),
        "userId": question.customer_key,
        "event": REPLIED,
        "timestamp": now,
        "properties": {
            "message_id": question.id,
            "channel": question.channel,
            "text": answer,
        },
    });
    let event =
        intake::accepted(state, call, Some(SegmentCall::Track), now).map_err(|refused| {
            tracing::warn!(reason = %refused.message, "an answer was refused");
            PageError::wrong(i18n::say("The answer was not taken."))
        })?;
    let taken = state.accept.accept(vec![event]).await;
    taken.map_err(|error| match error {
        NotAccepted::Unavailable(why) => {
            tracing::warn!(reason = %why, "an answer was not taken");
            PageError::Busy(i18n::say("It was not taken. Try again in a moment.").into())
        }
        NotAccepted::Failed(why) => {
            tracing::error!(reason = %why, "an answer could not be taken");
            PageError::Fault
        }
    })
}

/// Whether a browser says that a page of somebody else's sends this.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_some_and(|site| site != "same-origin" && site != "none")
}
