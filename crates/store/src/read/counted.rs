//! Where a message stands in the caps that count it, as the messages that are kept tell.

use std::sync::Arc;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use journey::{
    customer::{Customer, PastSend},
    ids::{MessageId, RunId},
    policies::Policies,
    policy::{self, Standing},
    time,
};
use serde::Deserialize;
use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::{CustomerView, MessageView, ReadError, moment};
use crate::packed::unpack;

/// The most messages that are counted; more are no answer.
const MOST: i64 = 2_000;

/// A message and those that caps count with it.
pub(super) struct Counted {
    customer: Customer,
    send: PastSend,
    /// What was decided before that may have been removed.
    kept_since: Option<Timestamp>,
}

impl Counted {
    /// Where the message stands in each cap of which all that counts is still kept.
    pub(super) fn standings<'a>(&self, policies: &'a Policies) -> Vec<Standing<'a>> {
        let mut all = policy::standings(policies, &self.customer, &self.send);
        all.retain(|standing| self.kept_since.is_none_or(|since| standing.after >= since));
        all
    }
}

/// The messages that caps count with a message that goes or went; `None`: it does not, or nothing is capped.
pub(super) async fn of(
    tx: &mut PgConnection,
    message: &MessageView,
    customer: Option<&CustomerView>,
    policies: &Policies,
) -> Result<Option<Counted>, ReadError> {
    let row = &message.row;
    let goes = matches!(&*row.status, "queued" | "leased" | "sent");
    let Some(view) = customer.filter(|_| goes) else {
        return Ok(None);
    };
    let mut profile = Customer::new(&view.row.key);
    profile.traits = view.row.traits.clone();
    let Some(after) = policy::counted_after(policies, &profile, row.at) else {
        return Ok(None);
    };
    let rows = sqlx::query(
        "select id, at, run, channel, purpose, journey, decision, now() as now from message
         where customer = $1 and at > $2 and at <= $3 and status in ('queued', 'leased', 'sent')
         order by at desc limit $4",
    )
    .bind(row.customer.0)
    .bind(after.to_sqlx())
    .bind(row.at.to_sqlx())
    .bind(MOST)
    .fetch_all(tx)
    .await?;
    let now = rows.first().map(|row| moment(row, "now")).transpose()?;
    for row in &rows {
        profile.sends.extend(send(row)?);
    }
    profile.ledger.carried.clone_from(&view.ledger.carried);
    profile.count_carried();
    let send = profile.sends.iter().find(|s| s.message == row.id).cloned();
    let complete = i64::try_from(rows.len()).is_ok_and(|n| n < MOST);
    let kept = policies.retention.messages;
    Ok(send.filter(|_| complete).map(|send| Counted {
        kept_since: kept.zip(now).map(|(kept, now)| time::plus(now, -kept)),
        customer: profile,
        send,
    }))
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Vec<Arc<str>>,
}

/// `None`: by a channel, or a decision, of another version.
fn send(row: &PgRow) -> Result<Option<PastSend>, sqlx::Error> {
    let tags = unpack::<Tags>(row.try_get("decision")?);
    let channel = row.try_get::<&str, _>("channel")?.parse();
    let (Ok(Tags { tags }), Ok(channel)) = (tags, channel) else {
        return Ok(None);
    };
    Ok(Some(PastSend {
        message: MessageId(row.try_get("id")?),
        at: moment(row, "at")?,
        channel,
        purpose: Arc::from(row.try_get::<&str, _>("purpose")?),
        journey: Arc::from(row.try_get::<&str, _>("journey")?),
        tags,
        run: RunId(row.try_get("run")?),
        queued: false,
        repeats: None,
    }))
}
