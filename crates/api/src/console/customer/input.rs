//! One line of a timeline, whole: what came, what was decided on it, by which rule and with what evidence, and the
//! messages as they went.

use askama::Template;
use axum::extract::{Path, State as Shared};
use journey::{
    explain::Explanation,
    ids::{CustomerId, InputId, MessageId},
};
use store::read::MessageRow;
use uuid::Uuid;

use super::{
    timeline::{self, Entry, Known},
    title,
};
use crate::{
    State,
    access::{Quoted, mask},
    console::{
        Frame, Page, PageError, html,
        mailbox::{Shown, as_sent, with_pictures},
        words,
    },
    i18n,
};

/// The most messages that are explained at once.
const EXPLAINED: usize = 10;

#[derive(Template)]
#[template(path = "customer/input.html")]
struct InputPage {
    frame: Frame,
    id: CustomerId,
    name: String,
    /// Its day, and its time.
    day: String,
    entry: Entry,
    /// The recorded order.
    seq: i64,
    messages: Vec<Decided>,
    /// What came, as JSON.
    body: String,
}

/// A message that was decided on it, or that it tells of.
struct Decided {
    id: MessageId,
    channel: String,
    step: String,
    status: &'static str,
    tone: &'static str,
    why: Explanation,
    content: Option<Shown>,
}

pub(in crate::console) async fn page(
    Shared(state): Shared<State>,
    Path((key, input)): Path<(String, String)>,
) -> Page {
    let input = Uuid::try_parse(&input).map_err(|_| PageError::NotFound("entry"))?;
    let view = state.reader.customer(&key).await?;
    let mut view = view.ok_or(PageError::NotFound("customer"))?;
    let id = view.row.id;
    let found = state.reader.input(id, InputId(input)).await?;
    let found = found.ok_or(PageError::NotFound("entry"))?;
    let tongue = state.reader.tongue(&view, i18n::language()).await?;
    let rows = state.reader.messages_of(id, &found).await?;
    let quoted = mask::quoted_of(&view, state.now());
    let mut messages = Vec::new();
    for row in rows.values().take(EXPLAINED) {
        messages.extend(decided(&state, row, quoted.as_ref()).await?);
    }
    let mut entries = [found];
    mask::entries(&mut entries, &view, state.now());
    mask::view(&mut view, state.now());
    let [found] = entries;
    let known = Known {
        messages: &rows,
        ways: &state.reader.ways(id).await?,
        tongue: &tongue,
    };
    let page = html(&InputPage {
        frame: Frame::new(&state, "customers"),
        id,
        name: title(&view),
        day: words::day(found.at),
        entry: timeline::shown(&found, &known),
        seq: found.seq,
        messages,
        body: if found.body.is_null() {
            String::new()
        } else {
            serde_json::to_string_pretty(&found.body).unwrap_or_default()
        },
    })?;
    Ok(with_pictures(page))
}

/// A message with why, and as it went.
async fn decided(
    state: &State,
    row: &MessageRow,
    quoted: Option<&Quoted>,
) -> Result<Option<Decided>, PageError> {
    let view = state.reader.message(row.id, Some(row.customer)).await?;
    let Some(view) = view else { return Ok(None) };
    let mut why = state.reader.why(&view, i18n::language()).await?;
    mask::explanation(&mut why, quoted);
    Ok(Some(Decided {
        id: row.id,
        channel: words::channel(&row.channel),
        step: row.step.to_string(),
        status: words::status(&row.status),
        tone: words::tone(&row.status),
        why,
        content: as_sent(state, row.id, row.customer, quoted).await?,
    }))
}
