//! Lists of messages and runs, and what became of messages: the filters as they stand in a query, and the answers.
//!
//! Empty filters do not filter, so that a form can send them all. The console reads the same queries.

use axum::{Json, extract::State as Shared};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use journey::{
    explain::Status,
    ids::CustomerId,
    message::{Channel, Reason},
};
use serde::{Deserialize, Serialize};
use store::{
    counts::Heard,
    read::{
        FoundCustomer, Funnel, FunnelBy, FunnelFilter, Matched, MessageCursor, MessageFilter,
        MessagePage, MessageRow, RunCursor, RunFilter, RunRow, RunStatus,
    },
};

use schemars::JsonSchema;

use crate::{
    State,
    access::mask,
    extract::Query,
    page::{Cursor, Limit, Page},
    problem::Problem,
};

/// The statuses of a message, as they are stored.
pub(crate) const STATUSES: [&str; 6] = [
    "queued",
    "leased",
    "sent",
    "failed",
    "suppressed",
    "recalled",
];

/// How many days back a funnel looks where nothing is said.
const DAYS: i64 = 30;

/// The filters of a list of messages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MessagesQuery {
    /// A customer: key, id, or whatever finds exactly one.
    pub customer: String,
    /// A journey's name.
    pub journey: String,
    /// A step's id.
    pub step: String,
    /// `email`, `sms`, `push` or `chat`.
    pub channel: String,
    /// A purpose's name.
    pub purpose: String,
    /// `queued`, `leased`, `sent`, `failed`, `suppressed` or `recalled`.
    pub status: String,
    /// Why it was not sent.
    pub reason: String,
    /// Which kind of failure ended it.
    pub failure: String,
    /// A provider's name.
    pub provider: String,
    /// What a provider calls it.
    pub provider_id: String,
    /// A template's name.
    pub template: String,
    /// What was told of it: `opened`, `bounced` and the like.
    pub heard: String,
    /// Decided then or later: a day (UTC), or an instant.
    pub from: String,
    /// Decided on that day or before, or before that instant.
    pub to: String,
    /// The `next` of the page before.
    pub before: String,
    /// The `prev` of the page behind.
    pub after: String,
}

/// From where a page of messages is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Newest,
    Before(MessageCursor),
    After(MessageCursor),
}

impl MessagesQuery {
    /// The filter but for its customer, or which word is none.
    pub(crate) fn read(&self) -> Result<(MessageFilter, From), Problem> {
        let channel = self.channel.parse::<Channel>().is_ok();
        let status = STATUSES.contains(&&*self.status);
        let reason = self.reason.parse::<Reason>().is_ok();
        let filter = MessageFilter {
            customer: None,
            journey: given(&self.journey),
            step: given(&self.step),
            channel: known(&self.channel, "channel", channel)?,
            purpose: given(&self.purpose),
            status: known(&self.status, "status", status)?,
            reason: known(&self.reason, "reason", reason)?,
            failure: known(&self.failure, "failure", is_word(&self.failure))?,
            provider: given(&self.provider),
            provider_id: given(&self.provider_id),
            template: given(&self.template),
            heard: known(&self.heard, "heard", Heard::of(&self.heard).is_some())?
                .and_then(|word| Heard::of(&word)),
            from: moment(&self.from, "from", 0)?,
            until: moment(&self.to, "to", 1)?,
        };
        let cursor = |text: &str| text.parse().map_err(|()| bad_cursor());
        let from = match (&*self.before, &*self.after) {
            ("", "") => From::Newest,
            (before, "") => From::Before(cursor(before)?),
            (_, after) => From::After(cursor(after)?),
        };
        Ok((filter, from))
    }

    /// Their messages; `None`: no customer is found by what is asked for.
    pub(crate) async fn page(
        &self,
        state: &State,
        limit: u32,
    ) -> Result<Option<MessagePage>, Asking> {
        let (mut filter, from) = self.read()?;
        if !self.customer.is_empty() {
            let Some(customer) = one(state, &self.customer).await? else {
                return Ok(None);
            };
            filter.customer = Some(customer);
        }
        let reader = &state.reader;
        let mut page = match from {
            From::Newest => reader.messages(&filter, None, limit).await?,
            From::Before(place) => reader.messages(&filter, Some(place), limit).await?,
            From::After(place) => reader.messages_after(&filter, place, limit).await?,
        };
        mask::messages(&mut page.messages, state.now());
        Ok(Some(page))
    }
}

/// Why something asked for cannot be shown.
pub(crate) enum Asking {
    /// It is asked for wrongly.
    Wrong(Problem),
    /// It cannot be read.
    Read(store::read::ReadError),
}

impl std::convert::From<Problem> for Asking {
    fn from(problem: Problem) -> Self {
        Self::Wrong(problem)
    }
}

impl std::convert::From<store::read::ReadError> for Asking {
    fn from(error: store::read::ReadError) -> Self {
        Self::Read(error)
    }
}

impl std::convert::From<Asking> for Problem {
    fn from(asking: Asking) -> Self {
        match asking {
            Asking::Wrong(problem) => problem,
            Asking::Read(error) => error.into(),
        }
    }
}

/// The one customer whom a search finds: by key or id, else exactly so, or else alone.
pub(crate) async fn one(state: &State, query: &str) -> Result<Option<CustomerId>, Asking> {
    let found = state.reader.find(query, mask::depth()).await?;
    let named = |c: &&FoundCustomer| c.exact && matches!(c.matched, Matched::Id | Matched::Key);
    if let Some(customer) = found.customers.iter().find(named) {
        return Ok(Some(customer.row.id));
    }
    let mut exact = found.customers.iter().filter(|c| c.exact);
    let only = match (exact.next(), exact.next(), &found.customers[..]) {
        (Some(one), None, _) => Some(one),
        (None, _, [one]) if found.complete => Some(one),
        _ => None,
    };
    Ok(only.map(|customer| customer.row.id))
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
}

fn known(word: &str, name: &str, is: bool) -> Result<Option<String>, Problem> {
    match (word, is) {
        ("", _) => Ok(None),
        (word, true) => Ok(Some(word.to_owned())),
        _ => Err(Problem::bad(
            "no_such_word",
            format!("There is no such {name}."),
        )),
    }
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn bad_cursor() -> Problem {
    let detail = "`before` and `after` are what a page gave as `next` and `prev`.";
    Problem::bad("bad_cursor", detail)
}

/// A day as its beginning (or that of the day after it), or an instant.
fn moment(text: &str, name: &str, days: i64) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = || {
        let day: Date = text.parse().ok()?;
        let day = day
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let at = text.parse().ok().or_else(day);
    at.map(Some).ok_or_else(|| not_a_day(name))
}

fn day(text: &str, name: &str) -> Result<Option<Date>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| not_a_day(name))
}

fn not_a_day(name: &str) -> Problem {
    Problem::bad(
        "bad_query",
        format!("`{name}` is no day, such as 2026-01-31."),
    )
}

/// What may be asked of the list of messages.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageListQuery {
    /// Only those of one customer: a key, an id, or whatever finds exactly one.
    customer: Option<String>,
    /// Only those of this journey.
    journey: Option<String>,
    /// Only those of this step.
    step: Option<String>,
    /// Only those by this channel.
    channel: Option<Channel>,
    /// Only those for this purpose.
    purpose: Option<String>,
    /// Only those that have come so far.
    status: Option<Status>,
    /// Only those that were not sent for this reason.
    reason: Option<Reason>,
    /// Only those that this kind of failure ended: a `kind` of `error`.
    failure: Option<String>,
    /// Only those that this provider took, or may have.
    provider: Option<String>,
    /// Only the one that its provider calls so.
    provider_id: Option<String>,
    /// Only those of this template.
    template: Option<String>,
    /// Only those of which this was told: `delivered`, `opened`, `clicked`, `replied`, `undelivered`, `bounced` or `complained`.
    heard: Option<String>,
    /// Only those decided then or later: a day (UTC), or an instant.
    from: Option<String>,
    /// Only those decided on that day or before, or before that instant.
    to: Option<String>,
    /// Where the page begins: the `next` of the page before.
    cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn messages(
    Shared(state): Shared<State>,
    Query(asked): Query<MessageListQuery>,
) -> Result<Json<Page<MessageRow>>, Problem> {
    let before: Option<MessageCursor> = asked.cursor.as_ref().map(Cursor::read).transpose()?;
    let query = MessagesQuery {
        customer: asked.customer.unwrap_or_default(),
        journey: asked.journey.unwrap_or_default(),
        step: asked.step.unwrap_or_default(),
        channel: asked
            .channel
            .map(|w| w.as_str().to_owned())
            .unwrap_or_default(),
        purpose: asked.purpose.unwrap_or_default(),
        status: asked
            .status
            .map(|w| w.as_str().to_owned())
            .unwrap_or_default(),
        reason: asked
            .reason
            .map(|w| w.as_str().to_owned())
            .unwrap_or_default(),
        failure: asked.failure.unwrap_or_default(),
        provider: asked.provider.unwrap_or_default(),
        provider_id: asked.provider_id.unwrap_or_default(),
        template: asked.template.unwrap_or_default(),
        heard: asked.heard.unwrap_or_default(),
        from: asked.from.unwrap_or_default(),
        to: asked.to.unwrap_or_default(),
        before: before.map(|place| place.to_string()).unwrap_or_default(),
        after: String::new(),
    };
    let page = query.page(&state, asked.limit.0).await?.unwrap_or_default();
    Ok(Json(Page {
        items: page.messages,
        next: page.next.map(Cursor::of),
    }))
}

/// Which messages a funnel counts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FunnelQuery {
    /// The first day (UTC); else 29 days before the last.
    pub from: String,
    /// The last day; else today.
    pub to: String,
    /// A journey's name.
    pub journey: String,
    /// A step's id.
    pub step: String,
    /// A channel.
    pub channel: String,
    /// A provider's name.
    pub provider: String,
    /// `all`, `day`, `journey`, `step`, `channel` or `provider`.
    pub by: String,
}

/// A funnel, and over which days.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MessageFunnel")]
pub(crate) struct FunnelAnswer {
    /// The first day (UTC).
    pub from: Date,
    /// The last.
    pub to: Date,
    /// By what `rows` are told apart.
    pub by: &'static str,
    /// The numbers.
    #[serde(flatten)]
    pub funnel: Funnel,
}

impl FunnelQuery {
    /// What is asked for, or what of it is none. Days that are not given are those up to now.
    pub(crate) fn read(&self, now: Timestamp) -> Result<(FunnelFilter, Date, Date), Problem> {
        let by = known(&self.by, "by", FunnelBy::of(&self.by).is_some())?;
        let channel = self.channel.parse::<Channel>().is_ok();
        let today = now.to_zoned(TimeZone::UTC).date();
        let to = day(&self.to, "to")?.unwrap_or(today);
        let before = SignedDuration::from_hours(24 * (DAYS - 1));
        let from = day(&self.from, "from")?.unwrap_or_else(|| to.saturating_sub(before));
        let filter = FunnelFilter {
            from: Some(from),
            to: Some(to),
            journey: given(&self.journey),
            step: given(&self.step),
            channel: known(&self.channel, "channel", channel)?,
            provider: given(&self.provider),
            by: by.and_then(|by| FunnelBy::of(&by)).unwrap_or_default(),
        };
        Ok((filter, from, to))
    }
}

pub(super) async fn funnel(
    Shared(state): Shared<State>,
    Query(asked): Query<FunnelQuery>,
) -> Result<Json<FunnelAnswer>, Problem> {
    let (filter, from, to) = asked.read(state.now())?;
    let funnel = state.reader.funnel(&filter).await?;
    Ok(Json(FunnelAnswer {
        from,
        to,
        by: filter.by.as_str(),
        funnel,
    }))
}

/// What may be asked of the list of runs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunListQuery {
    /// Only those of one customer: a key, an id, or whatever finds exactly one.
    customer: Option<String>,
    /// Only those of this journey.
    journey: Option<String>,
    /// Only those that stand at this step, by its id.
    step: Option<String>,
    /// Only those of this status; else all that are not over.
    status: Option<RunStatus>,
    /// Where the page begins: the `next` of the page before.
    cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn runs(
    Shared(state): Shared<State>,
    Query(asked): Query<RunListQuery>,
) -> Result<Json<Page<RunRow>>, Problem> {
    let after: Option<RunCursor> = asked.cursor.as_ref().map(Cursor::read).transpose()?;
    let mut filter = RunFilter {
        customer: None,
        journey: asked.journey.as_deref().and_then(given),
        step: asked.step.as_deref().and_then(given),
        status: asked.status,
    };
    if let Some(customer) = &asked.customer {
        let Some(customer) = one(&state, customer).await? else {
            return Ok(Json(Page {
                items: Vec::new(),
                next: None,
            }));
        };
        filter.customer = Some(customer);
    }
    let mut page = state.reader.run_list(&filter, after, asked.limit.0).await?;
    mask::run_rows(&mut page.runs, state.now());
    Ok(Json(Page {
        items: page.runs,
        next: page.next.map(Cursor::of),
    }))
}
