//! Merging two customers who are one person. What is asked for is looked at here, and becomes an event of the one who
//! goes; what the event does is decided where all events are.

use axum::{
    Json, Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use journey::{
    ids::InputId,
    input::Event,
    intake::{MAX_ID, to_json},
    merge::{INTO, MERGE},
    value::{Map, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::read::{CustomerView, ReadError};

use crate::{
    Accepted, NotAccepted, State,
    access::{self, noted},
    extract::Path,
    intake::{authorised, not_accepted},
    problem::Problem,
    request,
    support::no_such,
};

/// The longest reason, in characters.
pub(crate) const REASON: usize = 200;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/v1/customers/{key}/merge", post(merge))
}

/// Two customers, of whom one can be merged into the other.
pub(crate) struct Pair {
    /// Who goes.
    pub(crate) goes: CustomerView,
    /// Who stays.
    pub(crate) stays: CustomerView,
}

/// Why somebody is not merged.
pub(crate) enum NotMerged {
    /// There is no such customer.
    Unknown,
    /// There is no such customer to merge them into.
    NoOther,
    /// It is the same customer.
    Itself,
    /// They were merged before.
    Already,
    /// The other was merged into them before.
    Circle,
    /// The database.
    Unread(ReadError),
}

impl From<ReadError> for NotMerged {
    fn from(error: ReadError) -> Self {
        Self::Unread(error)
    }
}

impl From<NotMerged> for Problem {
    fn from(why: NotMerged) -> Self {
        let conflict = |code, detail| Self::new(StatusCode::CONFLICT, code, detail);
        match why {
            NotMerged::Unknown => no_such("customer"),
            NotMerged::NoOther => Self::new(
                StatusCode::NOT_FOUND,
                "no_other",
                "There is no such customer to merge this one into. Only Segment's `alias` may name one who is yet to come.",
            ),
            NotMerged::Itself => {
                conflict("same_customer", "A customer is not merged into themselves.")
            }
            NotMerged::Already => conflict("merged", "This customer was merged before."),
            NotMerged::Circle => conflict(
                "circle",
                "The other was merged into this customer before: it would close a circle.",
            ),
            NotMerged::Unread(error) => error.into(),
        }
    }
}

/// Both customers, if the one may be merged into the other. The turn looks again.
pub(crate) async fn pair(state: &State, goes: &str, stays: &str) -> Result<Pair, NotMerged> {
    let reader = &state.reader;
    let goes = reader.customer(goes).await?.ok_or(NotMerged::Unknown)?;
    let stays = reader.customer(stays).await?.ok_or(NotMerged::NoOther)?;
    if goes.row.id == stays.row.id {
        return Err(NotMerged::Itself);
    }
    if goes.ledger.merged_into.is_some() {
        return Err(NotMerged::Already);
    }
    if reader.stays(stays.row.id).await? == goes.row.id {
        return Err(NotMerged::Circle);
    }
    Ok(Pair { goes, stays })
}

/// Submits that they are one person. The same within a microsecond is said once.
pub(crate) async fn submit(
    state: &State,
    pair: &Pair,
    reason: &str,
) -> Result<InputId, NotAccepted> {
    let now = state.now();
    let (goes, stays) = (&pair.goes.row, &pair.stays.row);
    let event = Event {
        customer: goes.key.clone(),
        name: MERGE.into(),
        at: now,
        properties: Value::map([
            (INTO, Value::text(&stays.key)),
            ("reason", Value::text(reason)),
            ("by", Value::text(access::by())),
        ]),
        traits: Map::new(),
        message_id: format!("merge:{}:{}", goes.id, now.as_microsecond()).into(),
        source: "".into(),
    };
    let id = InputId::of_event(&event.source, &event.message_id);
    let accepted = Accepted {
        id,
        body: to_json(&event),
        event,
        traceparent: None,
    };
    state.accept.accept(vec![accepted]).await?;
    Ok(id)
}

/// Whom a customer is merged into, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeInto {
    /// The key or the id of the customer who stays.
    #[schemars(length(min = 1, max = MAX_ID))]
    into: String,
    /// Why, for colleagues: 1 to 200 characters. It stands in the customer's timeline and in the audit log.
    #[schemars(length(min = 1, max = REASON))]
    reason: String,
}

/// What was asked for is on its way. What comes of it is answered by `GET /v1/customers/{key}/inputs/{id}`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MergeAsked {
    /// The input that it becomes, of the customer who goes.
    id: InputId,
}

impl MergeInto {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let asked: Self = request::parsed(headers, body).await?;
        if !(1..=MAX_ID).contains(&asked.into.len()) {
            let detail = "`into` is the key of the customer who stays.";
            return Err(Problem::bad("into", detail));
        }
        let reason = asked.reason.trim();
        if !(1..=REASON).contains(&reason.chars().count()) {
            let detail = format!("`reason` says why, in 1 to {REASON} characters.");
            return Err(Problem::bad("reason", detail));
        }
        Ok(asked)
    }
}

async fn merge(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    authorised(&state, &headers)?;
    let asked = MergeInto::read(&headers, body).await?;
    let reason = asked.reason.trim();
    let pair = pair(&state, &key, &asked.into).await?;
    let id = submit(&state, &pair, reason).await.map_err(not_accepted)?;
    let response = (StatusCode::ACCEPTED, Json(MergeAsked { id })).into_response();
    Ok(noted(response, into(&pair), reason))
}

/// What the audit log is told beside the one who goes.
pub(crate) fn into(pair: &Pair) -> String {
    format!("into={}", pair.stays.row.id)
}
