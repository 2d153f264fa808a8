//! Locking customers, and reading what a decision needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use journey::{
    customer::{Customer, Left, PastSend, Run},
    ids::{CallId, CustomerId, InputId, MachineId, MessageId, RunId},
    input::{Input, InputKind},
};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::since;
use crate::{
    Error,
    error::during,
    row::{self, CustomerRow, Moment, from_bytes, moment, node_from_column},
};

/// An input and whose it is.
pub(super) type InputKey = (CustomerId, InputId);

/// A receipt by its message and attempt: customer, at, id, attempt.
pub(super) type ReceiptKey = (CustomerId, Timestamp, MessageId, u16);

/// An answer by its call.
pub(super) type AnswerKey = (CustomerId, CallId);

type Customers = BTreeMap<CustomerId, Customer>;

/// What to do about a customer who is in somebody else's turn.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// Wait until it is over.
    ForAll,
    /// Leave them out.
    Skip,
}

/// The receipt's key, if it is one, to the precision of the database.
pub(super) fn receipt_key(customer: CustomerId, input: &Input) -> Option<ReceiptKey> {
    match &input.kind {
        InputKind::Receipt(r) => {
            let at = moment(r.message.at).to_jiff();
            Some((customer, at, r.message.id, r.attempt))
        }
        _ => None,
    }
}

/// The call that it answers, if it is an answer.
pub(super) fn answer_key(customer: CustomerId, input: &Input) -> Option<AnswerKey> {
    match &input.kind {
        InputKind::Answer(answer) => Some((customer, answer.call)),
        _ => None,
    }
}

/// When the customer's earliest timer is due.
pub(super) fn earliest(customer: &Customer) -> Option<Timestamp> {
    let runs = customer.runs.iter().filter_map(|run| run.due_at);
    runs.chain(customer.ledger.due_at()).min()
}

/// Locks those who exist, in order of id, so that two turns never wait for each other in a ring.
/// The row itself is read in its newest version, whoever was waited for.
pub(super) async fn lock(
    tx: &mut PgConnection,
    ids: &[Uuid],
    wait: Wait,
) -> Result<Customers, Error> {
    let sql = match wait {
        Wait::ForAll => {
            "select id, key, traits::text, ledger from customer where id = any($1)
             order by id for no key update"
        }
        Wait::Skip => {
            "select id, key, traits::text, ledger from customer where id = any($1)
             order by id for no key update skip locked"
        }
    };
    let rows: Vec<CustomerRow> = sqlx::query_as(sql)
        .bind(ids)
        .fetch_all(tx)
        .await
        .map_err(during("locking customers"))?;
    let customers = rows.into_iter().map(row::customer);
    customers.map(|c| c.map(|c| (c.id, c))).collect()
}

/// Which of these inputs were decided before.
pub(super) async fn recorded(
    tx: &mut PgConnection,
    keys: &[InputKey],
) -> Result<BTreeSet<InputKey>, Error> {
    let (customers, ids): (Vec<_>, Vec<_>) = keys.iter().map(|(c, i)| (c.0, i.0)).unzip();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select i.customer, i.id
         from unnest($1::uuid[], $2::uuid[]) a (customer, id)
         join input i on i.customer = a.customer and i.id = a.id",
    )
    .bind(customers)
    .bind(ids)
    .fetch_all(tx)
    .await
    .map_err(during("looking for duplicates"))?;
    let keys = rows.into_iter();
    Ok(keys.map(|(c, i)| (CustomerId(c), InputId(i))).collect())
}

/// Which of these calls there are.
pub(super) async fn asked(
    tx: &mut PgConnection,
    keys: &[AnswerKey],
) -> Result<BTreeSet<AnswerKey>, Error> {
    let (customers, ids): (Vec<_>, Vec<_>) = keys.iter().map(|(c, i)| (c.0, i.0)).unzip();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select c.customer, c.id
         from unnest($1::uuid[], $2::uuid[]) a (customer, id)
         join call c on c.customer = a.customer and c.id = a.id",
    )
    .bind(customers)
    .bind(ids)
    .fetch_all(tx)
    .await
    .map_err(during("looking for calls"))?;
    let keys = rows.into_iter();
    Ok(keys.map(|(c, i)| (CustomerId(c), CallId(i))).collect())
}

/// Locks the messages of these receipts, and says which are still leased by that attempt.
pub(super) async fn leased(
    tx: &mut PgConnection,
    keys: &[ReceiptKey],
) -> Result<BTreeSet<ReceiptKey>, Error> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let rows: Vec<(Uuid, Moment, Uuid, i16)> = sqlx::query_as(
        "select m.customer, m.at, m.id, m.attempt
         from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int[])
              a (customer, at, id, attempt)
         join message m on m.customer = a.customer and m.at = a.at and m.id = a.id
         where m.status = 'leased' and m.attempt = a.attempt
         for no key update of m",
    )
    .bind(keys.iter().map(|k| k.0.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|k| moment(k.1)).collect::<Vec<_>>())
    .bind(keys.iter().map(|k| k.2.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|k| i32::from(k.3)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await
    .map_err(during("locking messages"))?;
    let keys = rows.into_iter().filter_map(|(customer, at, id, attempt)| {
        let attempt = u16::try_from(attempt).ok()?;
        Some((CustomerId(customer), at.to_jiff(), MessageId(id), attempt))
    });
    Ok(keys.collect())
}

/// Runs, then recent sends.
pub(super) async fn state(
    tx: &mut PgConnection,
    customers: &mut Customers,
    first: impl Fn(CustomerId) -> Option<Timestamp>,
    horizon: SignedDuration,
) -> Result<(), Error> {
    runs(tx, customers).await?;
    sends(tx, customers, first, horizon).await
}

type RunRow = (
    Uuid,
    Uuid,
    Uuid,
    Moment,
    Option<Moment>,
    Option<Moment>,
    Option<Moment>,
    i32,
    i32,
    String,
    String,
    Option<String>,
    Vec<u8>,
);

/// The open runs of all, in order of id.
pub(super) async fn runs(tx: &mut PgConnection, customers: &mut Customers) -> Result<(), Error> {
    if customers.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = customers.keys().map(|id| id.0).collect();
    let rows: Vec<RunRow> = sqlx::query_as(
        "select customer, id, machine, entered_at, due_at, left_at, goal_at, revision, node,
                journey, key, reason, state
         from run where customer = any($1)",
    )
    .bind(ids)
    .fetch_all(tx)
    .await
    .map_err(during("loading runs"))?;
    for row in rows {
        let customer = CustomerId(row.0);
        let run = run(row)?;
        if let Some(customer) = customers.get_mut(&customer) {
            customer.runs.push(run);
        }
    }
    for customer in customers.values_mut() {
        customer.runs.sort_unstable_by_key(|run| run.id);
    }
    Ok(())
}

fn run(row: RunRow) -> Result<Run, Error> {
    let (_, id, machine, entered_at, due_at, left_at, goal_at, revision, node, ..) = row;
    let (.., journey, key, reason, state) = row;
    let left = left_at.zip(reason).map(|(at, reason)| Left {
        at: at.to_jiff(),
        reason: Arc::from(reason),
    });
    let revision = u32::try_from(revision);
    Ok(Run {
        id: RunId(id),
        journey: Arc::from(journey),
        machine: MachineId(machine),
        key: Arc::from(key),
        entered_at: entered_at.to_jiff(),
        revision: revision.map_err(|e| Error::corrupt("revision", id, e.to_string()))?,
        node: node_from_column(node),
        due_at: due_at.map(Moment::to_jiff),
        left,
        goal_at: goal_at.map(Moment::to_jiff),
        state: from_bytes("state", id, &state)?,
    })
}

type SendRow = (
    Uuid,
    Moment,
    Uuid,
    Uuid,
    String,
    String,
    String,
    bool,
    Vec<u8>,
);

/// The messages of all that caps may count, oldest first.
pub(super) async fn sends(
    tx: &mut PgConnection,
    customers: &mut Customers,
    first: impl Fn(CustomerId) -> Option<Timestamp>,
    horizon: SignedDuration,
) -> Result<(), Error> {
    if customers.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = customers.keys().map(|id| id.0).collect();
    let since: Vec<_> = customers
        .iter()
        .map(|(id, c)| since(first(*id), earliest(c), horizon.max(c.ledger.horizon())))
        .collect();
    let rows: Vec<SendRow> = sqlx::query_as(
        "select m.customer, m.at, m.id, m.run, m.channel, m.purpose, m.journey,
                m.status = 'queued', m.decision
         from unnest($1::uuid[], $2::timestamptz[]) a (customer, since)
         join message m on m.customer = a.customer and m.at > a.since
         where m.status in ('queued', 'leased', 'sent')",
    )
    .bind(ids)
    .bind(since)
    .fetch_all(tx)
    .await
    .map_err(during("loading sends"))?;
    for row in rows {
        let customer = CustomerId(row.0);
        let send = send(row)?;
        if let Some(customer) = customers.get_mut(&customer) {
            customer.sends.push(send);
        }
    }
    for customer in customers.values_mut() {
        customer.sends.sort_unstable_by_key(|s| (s.at, s.message));
        customer.count_carried();
    }
    Ok(())
}

/// The part of a decision that caps count by, and what it repeats.
#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Vec<Arc<str>>,
    #[serde(default)]
    repeats: Option<MessageId>,
}

fn send(row: SendRow) -> Result<PastSend, Error> {
    let (_, at, id, run, channel, purpose, journey, queued, decision) = row;
    let Tags { tags, repeats } = from_bytes("decision", id, &decision)?;
    Ok(PastSend {
        message: MessageId(id),
        at: at.to_jiff(),
        channel: row::channel(id, &channel)?,
        purpose: Arc::from(purpose),
        journey: Arc::from(journey),
        tags,
        run: RunId(run),
        queued,
        repeats,
    })
}
