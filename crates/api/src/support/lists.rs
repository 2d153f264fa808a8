//! Lists of messages and runs, and what became of messages: the filters as they stand in a query, and the answers.
//!
//! Empty filters do not filter, so that a form can send them all. The console reads the same queries.

use axum::{
    Json,
    extract::{Query, State as Shared, rejection::QueryRejection},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use journey::{
    ids::CustomerId,
    message::{Channel, Reason},
};
use serde::{Deserialize, Serialize};
use store::{
    counts::Heard,
    read::{
        Funnel, FunnelBy, FunnelFilter, MessageCursor, MessageFilter, MessagePage, RunCursor,
        RunFilter, RunPage, RunStatus,
    },
};

use super::{PAGE, checked};
use crate::{State, access::mask, problem::Problem};

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
    /// At most so many, 200 at most.
    pub limit: Option<u32>,
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
    pub(crate) async fn page(&self, state: &State) -> Result<Option<MessagePage>, Asking> {
        let (mut filter, from) = self.read()?;
        if !self.customer.is_empty() {
            let Some(customer) = one(state, &self.customer).await? else {
                return Ok(None);
            };
            filter.customer = Some(customer);
        }
        let limit = self.limit.unwrap_or(PAGE);
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

/// The one customer whom a search finds: exactly so, or else alone.
pub(crate) async fn one(state: &State, query: &str) -> Result<Option<CustomerId>, Asking> {
    let found = state.reader.find(query, mask::depth()).await?;
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

pub(super) async fn messages(
    Shared(state): Shared<State>,
    query: Result<Query<MessagesQuery>, QueryRejection>,
) -> Result<Json<MessagePage>, Problem> {
    let page = checked(query)?.page(&state).await?;
    Ok(Json(page.unwrap_or_default()))
}

/// Which messages a funnel counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
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
#[derive(Serialize)]
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
    query: Result<Query<FunnelQuery>, QueryRejection>,
) -> Result<Json<FunnelAnswer>, Problem> {
    let (filter, from, to) = checked(query)?.read(state.now())?;
    let funnel = state.reader.funnel(&filter).await?;
    Ok(Json(FunnelAnswer {
        from,
        to,
        by: filter.by.as_str(),
        funnel,
    }))
}

/// The filters of a list of runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunsQuery {
    /// A customer: key, id, or whatever finds exactly one.
    pub customer: String,
    /// A journey's name.
    pub journey: String,
    /// The id of the step that it stands at.
    pub step: String,
    /// `open`, `paused` or `ended`; else all that are not over.
    pub status: String,
    /// The `next` of the page before.
    pub after: String,
    /// At most so many, 200 at most.
    pub limit: Option<u32>,
}

pub(super) async fn runs(
    Shared(state): Shared<State>,
    query: Result<Query<RunsQuery>, QueryRejection>,
) -> Result<Json<RunPage>, Problem> {
    let query = checked(query)?;
    let status = query.status.parse::<RunStatus>().ok();
    known(&query.status, "status", status.is_some())?;
    let after: Option<RunCursor> = match &*query.after {
        "" => None,
        after => Some(after.parse().map_err(|()| bad_cursor())?),
    };
    let mut filter = RunFilter {
        customer: None,
        journey: given(&query.journey),
        step: given(&query.step),
        status,
    };
    if !query.customer.is_empty() {
        let Some(customer) = one(&state, &query.customer).await? else {
            return Ok(Json(RunPage::default()));
        };
        filter.customer = Some(customer);
    }
    let limit = query.limit.unwrap_or(PAGE);
    let mut page = state.reader.run_list(&filter, after, limit).await?;
    mask::runs(&mut page.runs, state.now());
    Ok(Json(page))
}
