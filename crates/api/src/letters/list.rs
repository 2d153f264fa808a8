//! Reading dead letters.

use std::collections::BTreeMap;

use axum::{Json, extract::State as Shared};
use journey::{ids::LetterId, intake::Cause};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    LetterFilter,
    read::{LetterCount, LetterCursor, LetterJob, LetterRow},
};
use uuid::Uuid;

use super::{body::Body, moment, shown};
use crate::{
    State,
    extract::{Path, Query},
    page::{Cursor, Limit, Page},
    problem::Problem,
    support::no_such,
};

/// The statuses of letters.
pub(crate) const STATUSES: [&str; 3] = ["open", "replayed", "discarded"];

/// The filters of a list of letters, as they stand in a query. Empty ones do not filter.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct LettersQuery {
    /// `open`, `replayed` or `discarded`.
    #[serde(default)]
    pub status: String,
    /// The code of why.
    #[serde(default)]
    pub cause: String,
    /// The event's name.
    #[serde(default)]
    pub name: String,
    /// An exchange or a queue.
    #[serde(default)]
    pub source: String,
    /// A moment, or a day.
    #[serde(default)]
    pub since: String,
    /// What a page before gave as `next`.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

impl LettersQuery {
    /// The filter and the place, or which word is none.
    pub(crate) fn read(&self) -> Result<(LetterFilter, Option<LetterCursor>), Problem> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let wrong = |detail: &str| Problem::bad("no_such_word", detail);
        if !self.status.is_empty() && !STATUSES.contains(&&*self.status) {
            return Err(wrong("There is no such status."));
        }
        let since = some(&self.since)
            .map(|text| moment(&text).ok_or_else(|| wrong("`since` is a moment or a day.")));
        let before = self.cursor.as_ref().map(Cursor::read);
        let filter = LetterFilter {
            status: some(&self.status),
            cause: some(&self.cause),
            name: some(&self.name),
            source: some(&self.source),
            since: since.transpose()?,
        };
        Ok((filter, before.transpose()?))
    }
}

/// A letter's id, if it is one.
pub(crate) fn id_of(text: &str) -> Option<LetterId> {
    Uuid::try_parse(text).ok().map(LetterId)
}

/// What may be asked of the list of dead letters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLettersQuery {
    /// Only those of this status: `open`, `replayed` or `discarded`.
    status: Option<String>,
    /// Only those of this cause, by its code.
    cause: Option<String>,
    /// Only those of events of this name.
    name: Option<String>,
    /// Only those from this exchange or queue.
    source: Option<String>,
    /// Only those first put aside at this moment, or on this day (UTC), or later.
    since: Option<String>,
    /// Where the page begins: the `next` of the page before.
    cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    limit: Limit,
}

/// Dead letters, newest first.
pub(super) async fn page(
    Shared(state): Shared<State>,
    Query(asked): Query<DeadLettersQuery>,
) -> Result<Json<Page<LetterRow>>, Problem> {
    let limit = asked.limit.0;
    let query = LettersQuery {
        status: asked.status.unwrap_or_default(),
        cause: asked.cause.unwrap_or_default(),
        name: asked.name.unwrap_or_default(),
        source: asked.source.unwrap_or_default(),
        since: asked.since.unwrap_or_default(),
        cursor: asked.cursor,
    };
    let (filter, before) = query.read()?;
    let mut page = state.reader.letters(&filter, before, limit).await?;
    let now = state.now();
    page.letters
        .iter_mut()
        .for_each(|row| shown::mask(row, now));
    Ok(Json(Page {
        items: page.letters,
        next: page.next.map(Cursor::of),
    }))
}

/// One dead letter, with its body as far as who asks may see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeadLetter")]
pub(crate) struct Letter {
    /// As in a list.
    #[serde(flatten)]
    row: LetterRow,
    /// The cause in a few words.
    cause_words: &'static str,
    /// What its producer says that it is.
    content_type: String,
    /// Its producer's id of the message.
    message_id: String,
    /// Its producer's headers; their values are hidden from who may not read addresses.
    headers: BTreeMap<String, String>,
    /// As it came.
    body: Body,
    /// As it is submitted, where that differs.
    edited: Option<Body>,
}

/// One dead letter.
pub(super) async fn one(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
) -> Result<Json<Letter>, Problem> {
    let id = LetterId(id);
    let found = state.reader.letter(id).await?;
    let mut letter = found.ok_or_else(|| no_such("dead letter"))?;
    let (now, sees) = (state.now(), super::may_see(&letter.row, state.now()));
    shown::mask(&mut letter.row, now);
    Ok(Json(Letter {
        cause_words: Cause::words(&letter.row.cause, crate::i18n::language()),
        row: letter.row,
        content_type: letter.content_type,
        message_id: letter.message_id,
        headers: shown::headers(letter.headers, sees),
        body: Body::of(&letter.body, sees),
        edited: letter.edited.map(|edited| Body::of(&edited, sees)),
    }))
}

/// How many letters there are, by cause and day.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LetterCauses")]
pub(crate) struct Causes {
    /// The latest day first.
    causes: Vec<LetterCount>,
}

/// Counts by cause and day.
pub(super) async fn causes(Shared(state): Shared<State>) -> Result<Json<Causes>, Problem> {
    let causes = state.reader.letter_causes().await?;
    Ok(Json(Causes { causes }))
}

/// A replay, and how far it is.
pub(super) async fn job(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
) -> Result<Json<LetterJob>, Problem> {
    let found = state.reader.letter_job(id).await?;
    found.map(Json).ok_or_else(|| no_such("replay"))
}
