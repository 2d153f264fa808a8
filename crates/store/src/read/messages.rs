//! Decisions to send and not to send.

mod look;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use journey::{
    explain::Status,
    failure::Failure,
    ids::{CustomerId, MessageId, RunId},
    message::{Channel, Decision, Reason, Refusal},
};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{ReadError, Reader, moment, moment_or_none};
use crate::{counts::Heard, packed::unpack};
use look::Way;

const COLUMNS: &str = "select m.customer, c.key as customer_key, m.at, m.id, m.run, m.due_at,
    m.done_at, m.attempt, m.status::text as status, m.channel, m.purpose, m.journey, m.step,
    m.reason, m.provider, m.provider_id, m.error, m.decision, m.heard
    from message m left join customer c on c.id = m.customer where true";

/// One decision, as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MessageRow {
    /// Which; also the idempotency key towards the provider.
    pub id: MessageId,
    /// Whose.
    pub customer: CustomerId,
    /// What producers call them; the id where the profile is gone.
    pub customer_key: Arc<str>,
    /// When it was decided.
    pub at: Timestamp,
    /// When it reached its final status.
    pub done_at: Option<Timestamp>,
    /// `queued`, `leased`, `sent`, `failed`, `suppressed` or `recalled`.
    #[schemars(with = "Status")]
    pub status: Arc<str>,
    /// By which channel; of a refused list, the first.
    #[schemars(with = "Channel")]
    pub channel: Arc<str>,
    /// For which purpose.
    pub purpose: Arc<str>,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// Why it was not sent.
    #[schemars(with = "Option<Reason>")]
    pub reason: Option<Arc<str>>,
    /// Which provider took it, may have it, or refused it for good.
    pub provider: Option<Arc<str>>,
    /// What was told of it: `delivered`, `opened`, `clicked`, `replied`, `undelivered`, `bounced`, `complained`.
    pub heard: Vec<&'static str>,
}

/// One decision, whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MessageView {
    /// As in a list.
    #[serde(flatten)]
    pub row: MessageRow,
    /// The run that decided it.
    pub run: RunId,
    /// When dispatch may take it; `None`: nothing left to do.
    pub due_at: Option<Timestamp>,
    /// How often dispatch has tried.
    pub attempt: i16,
    /// What the provider calls it.
    pub provider_id: Option<Arc<str>>,
    /// The last attempt's error.
    pub error: Option<Failure>,
    /// What was decided; `None` if it is of another version.
    pub decision: Option<Decision>,
    /// The messages that the refusals name as having used up a cap, and the one that it repeats, as they stand now.
    pub evidence: BTreeMap<MessageId, MessageRow>,
}

impl MessageView {
    /// Every rule that refused, in order.
    pub fn refusals(&self) -> &[Refusal] {
        self.decision.as_ref().map_or(&[], |d| &d.refusals)
    }
}

/// Which messages are asked for; empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Of this customer: quick on any table.
    pub customer: Option<CustomerId>,
    /// Of this journey.
    pub journey: Option<String>,
    /// Of this step.
    pub step: Option<String>,
    /// By this channel.
    pub channel: Option<String>,
    /// For this purpose.
    pub purpose: Option<String>,
    /// Of this status.
    pub status: Option<String>,
    /// Not sent for this reason.
    pub reason: Option<String>,
    /// Failed for this kind of failure ([`crate::counts::failure_kind`]).
    pub failure: Option<String>,
    /// That this provider took, may have or refused for good; empty: none.
    pub provider: Option<String>,
    /// That a provider calls so.
    pub provider_id: Option<String>,
    /// Made of this template.
    pub template: Option<String>,
    /// Of which this was told.
    pub heard: Option<Heard>,
    /// Decided then or later.
    pub from: Option<Timestamp>,
    /// Decided before.
    pub until: Option<Timestamp>,
}

impl MessageFilter {
    /// Whether every message that is looked at is shown: there is nothing to look for.
    fn shows_all(&self) -> bool {
        let bounds = Self {
            customer: self.customer,
            from: self.from,
            until: self.until,
            ..Self::default()
        };
        *self == bounds
    }
}

/// A place in the list of messages, newest first. As text: `MICROSECONDS-UUID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageCursor {
    /// When the last message of the page before was decided.
    pub at: Timestamp,
    /// Its id.
    pub id: MessageId,
}

impl fmt::Display for MessageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_microsecond(), self.id)
    }
}

impl Serialize for MessageCursor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl FromStr for MessageCursor {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        // Instants before 1970 start with a minus of their own.
        let cut = s.get(1..).and_then(|rest| rest.find('-')).ok_or(())? + 1;
        let micros = s[..cut].parse().map_err(|_| ())?;
        Ok(Self {
            at: Timestamp::from_microsecond(micros).map_err(|_| ())?,
            id: MessageId(Uuid::try_parse(&s[cut + 1..]).map_err(|_| ())?),
        })
    }
}

/// A page of messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MessagePage {
    /// Newest first. May be fewer than asked for, even none, with a `next`.
    pub messages: Vec<MessageRow>,
    /// Before which the next page begins; `None`: this is the last.
    pub next: Option<MessageCursor>,
    /// The `after` of the page of newer ones; `None`: there are none.
    pub prev: Option<MessageCursor>,
}

impl Reader {
    /// Decided messages, newest first. One page looks at 100,000 at most, and says where it stopped.
    ///
    /// # Errors
    /// If the database cannot be read, or does not answer in time.
    pub async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageCursor>,
        limit: u32,
    ) -> Result<MessagePage, ReadError> {
        let mut tx = self.page().await?;
        let (messages, next) = look::towards(&mut tx, filter, Way::Older, before, limit).await?;
        // Whoever comes from somewhere can go back.
        let prev = before.and_then(|before| messages.first().map_or(Some(before), place));
        Ok(MessagePage {
            messages,
            next,
            prev,
        })
    }

    /// The messages that were decided right after that place, newest first.
    ///
    /// # Errors
    /// As [`Reader::messages`].
    pub async fn messages_after(
        &self,
        filter: &MessageFilter,
        after: MessageCursor,
        limit: u32,
    ) -> Result<MessagePage, ReadError> {
        let mut tx = self.page().await?;
        let newer = look::towards(&mut tx, filter, Way::Newer, Some(after), limit).await?;
        let (mut messages, prev) = newer;
        messages.reverse();
        let next = messages.last().map_or(Some(after), place);
        Ok(MessagePage {
            messages,
            next,
            prev,
        })
    }

    /// One message. With its customer it is found by the table's key; without, by a scan.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] without a customer on a large table; or if the database cannot be
    /// read.
    pub async fn message(
        &self,
        id: MessageId,
        customer: Option<CustomerId>,
    ) -> Result<Option<MessageView>, ReadError> {
        let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
        query.push(" and m.id = ").push_bind(id.0);
        if let Some(customer) = customer {
            query.push(" and m.customer = ").push_bind(customer.0);
        }
        query.push(" limit 1");
        let mut tx = self.page().await?;
        let Some(found) = query.build().fetch_optional(&mut *tx).await? else {
            return Ok(None);
        };
        let mut view = view(&found)?;
        let first = view.decision.as_ref().and_then(|d| d.repeats);
        let refusals = view.refusals().iter();
        let used = refusals.flat_map(|r| r.used_by.iter().copied());
        let used: Vec<MessageId> = used.chain(first).collect();
        view.evidence = by_id(&mut tx, view.row.customer, &used).await?;
        Ok(Some(view))
    }
}

/// Messages of one customer by id.
pub(super) async fn by_id(
    tx: &mut PgConnection,
    customer: CustomerId,
    ids: &[MessageId],
) -> Result<BTreeMap<MessageId, MessageRow>, ReadError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" and m.customer = ").push_bind(customer.0);
    query.push(" and m.id = any(").push_bind(ids).push(")");
    let rows = query.build().fetch_all(tx).await?;
    rows.iter()
        .map(|found| {
            let row = row(found)?;
            Ok((row.id, row))
        })
        .collect()
}

fn place(message: &MessageRow) -> Option<MessageCursor> {
    Some(MessageCursor {
        at: message.at,
        id: message.id,
    })
}

fn heard(bits: i16) -> Vec<&'static str> {
    let all = Heard::ALL.into_iter();
    all.filter(|heard| bits & *heard as i16 != 0)
        .map(Heard::as_str)
        .collect()
}

fn text(row: &PgRow, column: &str) -> Result<Arc<str>, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Arc::from)
}

fn text_or_none(row: &PgRow, column: &str) -> Result<Option<Arc<str>>, sqlx::Error> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(Arc::from))
}

/// The column `error`.
pub(super) fn failure_or_none(row: &PgRow) -> Result<Option<Failure>, sqlx::Error> {
    let kept = row.try_get::<Option<&str>, _>("error")?;
    Ok(kept.map(Failure::read))
}

fn row(row: &PgRow) -> Result<MessageRow, sqlx::Error> {
    let customer = CustomerId(row.try_get("customer")?);
    Ok(MessageRow {
        id: MessageId(row.try_get("id")?),
        customer_key: text_or_none(row, "customer_key")?
            .unwrap_or_else(|| Arc::from(customer.to_string())),
        customer,
        at: moment(row, "at")?,
        done_at: moment_or_none(row, "done_at")?,
        status: text(row, "status")?,
        channel: text(row, "channel")?,
        purpose: text(row, "purpose")?,
        journey: text(row, "journey")?,
        step: text(row, "step")?,
        reason: text_or_none(row, "reason")?,
        provider: text_or_none(row, "provider")?,
        heard: heard(row.try_get("heard")?),
    })
}

fn view(found: &PgRow) -> Result<MessageView, sqlx::Error> {
    Ok(MessageView {
        row: row(found)?,
        run: RunId(found.try_get("run")?),
        due_at: moment_or_none(found, "due_at")?,
        attempt: found.try_get("attempt")?,
        provider_id: text_or_none(found, "provider_id")?,
        error: failure_or_none(found)?,
        decision: unpack(found.try_get("decision")?).ok(),
        evidence: BTreeMap::new(),
    })
}
