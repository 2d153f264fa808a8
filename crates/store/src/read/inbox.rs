//! What waits for people: hand-overs and tasks, and the conversation around them.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use journey::{
    ids::{CallId, CustomerId, MessageId, RunId},
    message::{Channel, Decision},
    value::{Map, Value},
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::{ReadError, Reader, bounded, moment, moment_or_none};
use crate::{chat::Said, codec, packed::unpack, row::Moment};

/// One thing that a person is asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct InboxItem {
    /// Which call: what `hand_over.said` and `hand_over.ended` name.
    pub call: CallId,
    /// Whose.
    pub customer: CustomerId,
    /// What producers call them.
    pub key: Arc<str>,
    /// What is known of them.
    pub traits: Map,
    /// The run that waits.
    pub run: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// Which inbox, by its name in `config/endpoints.yaml`.
    pub inbox: Arc<str>,
    /// Whether the customer is handed over, for a conversation; else it is a task.
    pub hand_over: bool,
    /// Since when.
    pub at: Timestamp,
    /// By when it should be done.
    pub wanted_at: Option<Timestamp>,
    /// When nobody waits for it any more.
    pub expires_at: Option<Timestamp>,
    /// Whether it is still to be done.
    pub open: bool,
    /// What the journey says of it.
    pub with: Value,
}

/// A page of the inbox.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxPage {
    /// What has waited longest first.
    pub items: Vec<InboxItem>,
    /// The `after` of the next page; `None`: this is the last.
    pub next: Option<InboxCursor>,
}

/// A place in the inbox. As text: `MICROSECONDS.UUID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxCursor {
    /// Since when the last one waits.
    pub at: Timestamp,
    /// Which it is.
    pub call: CallId,
}

impl fmt::Display for InboxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_microsecond(), self.call)
    }
}

impl FromStr for InboxCursor {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let (at, call) = s.split_once('.').ok_or(())?;
        let micros = at.parse().map_err(|_| ())?;
        Ok(Self {
            at: Timestamp::from_microsecond(micros).map_err(|_| ())?,
            call: CallId(Uuid::try_parse(call).map_err(|_| ())?),
        })
    }
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// A journey.
    Journey,
    /// A person, by the inbox.
    Person,
}

/// One thing that was said, to a customer or by them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Utterance {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: Speaker,
    /// On which channel.
    pub channel: Arc<str>,
    /// The words; `None`: they are not kept, see `template`.
    pub text: Option<String>,
    /// What the words were made from.
    pub template: Option<Arc<str>>,
    /// The message, if it is one of ours.
    pub message: Option<MessageId>,
    /// How it stands with it: `queued`, `sent`, `failed`, `suppressed`, …
    pub status: Option<Arc<str>>,
}

const COLUMNS: &str = r#"select c.id, c.customer, c.run, c.at, c.journey, c.step, c.endpoint, c.hand_over, c.wanted_at,
    c.expires_at, c.status = 'open' as open, c."with", u.key, u.traits
    from call c join customer u on u.id = c.customer"#;

impl Reader {
    /// What waits for people, oldest first, after a place.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn inbox(
        &self,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, ReadError> {
        let limit = bounded(limit);
        let (at, call) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |a| (a.at, a.call.0));
        let mut tx = self.page().await?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} where c.status = 'open' and (c.at, c.id) > ($1, $2) order by c.at, c.id limit $3 + 1"
        )))
        .bind(crate::row::moment(at))
        .bind(call)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        let mut items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(|last| InboxCursor {
            at: last.at,
            call: last.call,
        });
        Ok(InboxPage { items, next })
    }

    /// One item, done or not; `None`: there is no such, or it never was in an inbox.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn inbox_item(
        &self,
        customer: CustomerId,
        call: CallId,
    ) -> Result<Option<InboxItem>, ReadError> {
        let mut tx = self.page().await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} where c.customer = $1 and c.id = $2"
        )))
        .bind(customer.0)
        .bind(call.0)
        .fetch_optional(&mut *tx)
        .await?;
        row.as_ref().map(item).transpose()
    }

    /// The last things that were said by chat and text message, oldest first, at most `limit` of each kind.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn conversation(
        &self,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<Utterance>, ReadError> {
        let limit = bounded(limit);
        let mut tx = self.page().await?;
        let lines = lines(&mut tx, customer, limit).await?;
        let mut said: Vec<Utterance> = replies(&mut tx, customer, limit)
            .await?
            .into_iter()
            // The widget's own are among the lines, in the words of its buttons.
            .filter(|reply| lines.is_empty() || *reply.channel != *Channel::Chat.as_str())
            .collect();
        let mut texts = BTreeMap::new();
        for line in lines {
            match line.who {
                0 => said.push(Utterance {
                    at: line.at,
                    who: Speaker::Customer,
                    channel: Arc::from(Channel::Chat.as_str()),
                    text: Some(line.said.text),
                    template: None,
                    message: None,
                    status: None,
                }),
                _ => {
                    texts.insert(line.id, line.said.text);
                }
            }
        }
        said.extend(sent(&mut tx, customer, limit, &mut texts).await?);
        said.sort_by_key(|u| (u.at, u.message));
        Ok(said)
    }
}

struct ChatLine {
    id: Uuid,
    at: Timestamp,
    who: i16,
    said: Said,
}

/// The widget's, also where the customer was a stranger in it.
async fn lines(
    tx: &mut PgConnection,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<ChatLine>, ReadError> {
    let rows: Vec<(Uuid, Moment, i16, Json<Said>)> = sqlx::query_as(
        "select id, at, who, body from chat_line
         where customer = coalesce((select customer from chat_link where visitor = $1), $1)
         order by seq desc limit $2",
    )
    .bind(customer.0)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, at, who, Json(said))| ChatLine {
            id,
            at: at.to_jiff(),
            who,
            said,
        })
        .collect())
}

async fn replies(
    tx: &mut PgConnection,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<Utterance>, ReadError> {
    let rows: Vec<(Uuid, Moment, Vec<u8>)> = sqlx::query_as(
        "select id, at, coalesce(body, '') from input
         where customer = $1 and kind = 0 and name = $2 order by seq desc limit $3",
    )
    .bind(customer.0)
    .bind(journey::machine::REPLIED)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let said = |(_, at, body): (Uuid, Moment, Vec<u8>)| {
        let journey::input::InputKind::Event(event) =
            codec::decode(0, journey::machine::REPLIED, "", &body).ok()?
        else {
            return None;
        };
        let text = |name: &str| event.properties.field(name).as_text().map(str::to_owned);
        Some(Utterance {
            at: at.to_jiff(),
            who: Speaker::Customer,
            channel: Arc::from(text("channel").unwrap_or_default()),
            text: text("text"),
            template: None,
            message: None,
            status: None,
        })
    };
    Ok(rows.into_iter().filter_map(said).collect())
}

async fn sent(
    tx: &mut PgConnection,
    customer: CustomerId,
    limit: i64,
    texts: &mut BTreeMap<Uuid, String>,
) -> Result<Vec<Utterance>, ReadError> {
    let rows = sqlx::query(
        "select id, at, channel, status::text as status, decision from message
         where customer = $1 and channel in ('chat', 'sms') order by at desc, id desc limit $2",
    )
    .bind(customer.0)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let mut said = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: Uuid = row.try_get("id")?;
        // One of another version has no words that could be read.
        let decision: Option<Decision> = unpack(row.try_get::<&[u8], _>("decision")?).ok();
        let words = decision.as_ref().and_then(|d| d.words());
        let template = decision.as_ref().filter(|d| !d.template.is_empty());
        said.push(Utterance {
            at: moment(row, "at")?,
            who: match words {
                Some(_) => Speaker::Person,
                None => Speaker::Journey,
            },
            channel: Arc::from(row.try_get::<&str, _>("channel")?),
            text: words.map(str::to_owned).or_else(|| texts.remove(&id)),
            template: template.map(|d| d.template.clone()),
            message: Some(MessageId(id)),
            status: Some(Arc::from(row.try_get::<&str, _>("status")?)),
        });
    }
    Ok(said)
}

fn item(row: &PgRow) -> Result<InboxItem, ReadError> {
    let id: Uuid = row.try_get("id")?;
    let text = |name: &str| row.try_get::<&str, _>(name).map(Arc::<str>::from);
    let with = unpack(row.try_get::<&[u8], _>("with")?).map_err(|_| ReadError::Unreadable {
        what: "what is said of it",
        id,
    })?;
    let traits = Value::from(row.try_get::<serde_json::Value, _>("traits")?);
    let traits = traits.as_map().cloned().unwrap_or_default();
    Ok(InboxItem {
        call: CallId(id),
        customer: CustomerId(row.try_get("customer")?),
        key: text("key")?,
        traits,
        run: RunId(row.try_get("run")?),
        journey: text("journey")?,
        step: text("step")?,
        inbox: text("endpoint")?,
        hand_over: row.try_get("hand_over")?,
        at: moment(row, "at")?,
        wanted_at: moment_or_none(row, "wanted_at")?,
        expires_at: moment_or_none(row, "expires_at")?,
        open: row.try_get("open")?,
        with,
    })
}
