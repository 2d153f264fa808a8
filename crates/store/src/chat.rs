//! The conversations of the chat widget: lines, in their order, and news of them.
//!
//! Lines belong to a customer. A stranger who turns out to be a customer (`adopt`) leaves their lines to them, and what a
//! journey says to the stranger afterwards goes on in the customer's conversation; `visitor` then says whose journey it was.

use jiff::Timestamp;
use journey::{content::Offer, ids::CustomerId};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row as _, postgres::PgListener, types::Json};
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{Moment, moment},
};

/// What connections listen on.
pub(crate) const CHANNEL: &str = "parcours_chat";
/// The most lines of one page.
pub const MOST_LINES: u32 = 100;

/// Who said a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// The customer.
    Customer,
    /// The shop: a journey, or a person.
    Shop,
}

/// What was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words, as people read them.
    pub text: String,
    /// The answers that a question offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Offer>,
    /// The line that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Uuid>,
}

/// A line to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Which: the same twice is one line.
    pub id: Uuid,
    /// When it was said.
    pub at: Timestamp,
    /// By whom.
    pub who: Who,
    /// What.
    pub said: Said,
}

/// A line, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number: later lines have a higher one, but for those that were written at the same time.
    pub seq: i64,
    /// Whose journey said it, or heard it.
    pub of: CustomerId,
    /// The line.
    pub line: NewLine,
}

/// Something happened in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatNews {
    /// Whose.
    pub customer: CustomerId,
    /// Only that somebody of the shop's is typing: nothing was written.
    pub typing: bool,
}

/// The conversations. Cloning is cheap: the pool is shared.
#[derive(Clone, Debug)]
pub struct Chat {
    pool: PgPool,
}

/// News of all conversations, from now on. A hint: who has missed some looks again.
#[derive(Debug)]
pub struct ChatListener {
    inner: PgListener,
}

impl Store {
    /// The conversations of the chat widget.
    pub fn chat(&self) -> Chat {
        let pool = self.pool.clone();
        Chat { pool }
    }
}

impl Chat {
    /// Keeps a line in the conversation of `of`, or of the customer that they turned out to be. False: they are not known (any more),
    /// and nothing is kept.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn put(&self, of: CustomerId, line: &NewLine) -> Result<bool, Error> {
        let NewLine { id, at, who, said } = line;
        // The profile is locked as by a turn's readers: an erasure goes before the line, or takes it along.
        let known: bool = sqlx::query_scalar(
            "with known as (select id from customer where id = $1 for key share),
                  owner as (select coalesce((select customer from chat_link where visitor = $1), id) as id from known),
                  put as (insert into chat_line (customer, id, visitor, at, who, body)
                          select id, $2, nullif($1, id), $3, $4, $5 from owner
                          on conflict (customer, id) do nothing
                          returning customer),
                  told as (select pg_notify($6, customer::text) from put)
             select exists (select from owner) from (select count(*) from told) t",
        )
        .bind(of.0)
        .bind(id)
        .bind(moment(*at))
        .bind(match who {
            Who::Customer => 0_i16,
            Who::Shop => 1,
        })
        .bind(Json(said))
        .bind(CHANNEL)
        .fetch_one(&self.pool)
        .await
        .map_err(during("keeping a line of a chat"))?;
        Ok(known)
    }

    /// Up to `limit` lines ([`MOST_LINES`] at the most): the first after that number, or the last before it, in order of number.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lines(
        &self,
        customer: CustomerId,
        from: From,
        limit: u32,
    ) -> Result<Vec<Line>, Error> {
        let limit = i64::from(limit.clamp(1, MOST_LINES));
        let (sql, seq) = match from {
            From::After(seq) => (
                "select * from chat_line where customer = $1 and seq > $2 order by seq limit $3",
                seq,
            ),
            From::Before(seq) => (
                "select * from chat_line where customer = $1 and seq < $2 order by seq desc limit $3",
                seq,
            ),
        };
        let rows = sqlx::query(sql)
            .bind(customer.0)
            .bind(seq)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(during("reading a chat"))?;
        let lines = rows.iter().map(line).collect::<Result<Vec<_>, _>>();
        let mut lines = lines.map_err(during("reading a chat"))?;
        lines.sort_by_key(|line| line.seq);
        Ok(lines)
    }

    /// Whose journey said that line of the conversation, or the last of its lines; `None`: nobody's.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn answers(
        &self,
        customer: CustomerId,
        line: Option<Uuid>,
    ) -> Result<Option<CustomerId>, Error> {
        let found: Option<Uuid> = sqlx::query_scalar(
            "select coalesce(visitor, customer) from chat_line
             where customer = $1 and who = 1 and ($2::uuid is null or id = $2)
             order by seq desc limit 1",
        )
        .bind(customer.0)
        .bind(line)
        .fetch_optional(&self.pool)
        .await
        .map_err(during("reading a chat"))?;
        Ok(found.map(CustomerId))
    }

    /// A stranger turned out to be that customer: their lines are the customer's from now on. False: they are somebody else already.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn adopt(
        &self,
        visitor: CustomerId,
        customer: CustomerId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let failed = || during("joining two chats");
        let mut tx = begin(&self.pool).await.map_err(failed())?;
        // Two pages that say so at once, one after the other.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1::text, 0))")
            .bind(visitor.0.to_string())
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        let whose: Option<Uuid> =
            sqlx::query_scalar("select customer from chat_link where visitor = $1")
                .bind(visitor.0)
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed())?;
        if let Some(whose) = whose {
            return Ok(whose == customer.0);
        }
        sqlx::query("insert into chat_link (customer, visitor, at) values ($1, $2, $3)")
            .bind(customer.0)
            .bind(visitor.0)
            .bind(moment(at))
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        sqlx::query("update chat_line set customer = $2, visitor = $1 where customer = $1")
            .bind(visitor.0)
            .bind(customer.0)
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(customer.0.to_string())
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        tx.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// Tells whoever has the conversation open, or that of whom they turned out to be, that somebody is typing.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn types(&self, customer: CustomerId) -> Result<(), Error> {
        sqlx::query(
            "select pg_notify($1, coalesce((select customer from chat_link where visitor = $2), $2) || ' typing')",
        )
            .bind(CHANNEL)
            .bind(customer.0)
            .execute(&self.pool)
            .await
            .map_err(during("telling that somebody types"))?;
        Ok(())
    }

    /// Listens from now on. Holds a connection of the pool.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn listen(&self) -> Result<ChatListener, Error> {
        let listening = async {
            let mut inner = PgListener::connect_with(&self.pool).await?;
            inner.listen(CHANNEL).await?;
            Ok(inner)
        };
        let inner = listening.await.map_err(during("listening"))?;
        Ok(ChatListener { inner })
    }
}

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With a higher number.
    After(i64),
    /// With a lower one.
    Before(i64),
}

impl ChatListener {
    /// The next news; `None`: the connection was lost, and with it perhaps some. It is had again at the next call.
    ///
    /// # Errors
    /// If the connection failed or cannot be had again. Wait a little and call it again.
    pub async fn next(&mut self) -> Result<Option<ChatNews>, Error> {
        loop {
            let news = self.inner.try_recv().await.map_err(during("listening"))?;
            let Some(news) = news else { return Ok(None) };
            let (id, rest) = news
                .payload()
                .split_once(' ')
                .unwrap_or((news.payload(), ""));
            if let Ok(customer) = id.parse() {
                return Ok(Some(ChatNews {
                    customer: CustomerId(customer),
                    typing: rest == "typing",
                }));
            }
        }
    }
}

fn line(row: &sqlx::postgres::PgRow) -> Result<Line, sqlx::Error> {
    let customer: Uuid = row.try_get("customer")?;
    let visitor: Option<Uuid> = row.try_get("visitor")?;
    let Json(said): Json<Said> = row.try_get("body")?;
    let who = match row.try_get::<i16, _>("who")? {
        0 => Who::Customer,
        _ => Who::Shop,
    };
    Ok(Line {
        seq: row.try_get("seq")?,
        of: CustomerId(visitor.unwrap_or(customer)),
        line: NewLine {
            id: row.try_get("id")?,
            at: row.try_get::<Moment, _>("at")?.to_jiff(),
            who,
            said,
        },
    })
}
