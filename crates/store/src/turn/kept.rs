//! What is kept of messages that are to be sent again: put into the inputs that ask for it, so that what is recorded says
//! what was decided.

use std::{collections::BTreeMap, sync::Arc};

use journey::{
    action::{Action, Kept},
    ids::{CustomerId, MessageId, RunId},
    input::{Input, InputKind},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error,
    error::{during, malformed},
    row::{self, from_bytes},
};

/// A message by its customer.
pub(super) type KeptKey = (CustomerId, MessageId);

/// The message that the input has sent again, if it is one that does.
pub(super) fn kept_key(customer: CustomerId, input: &Input) -> Option<KeptKey> {
    match &input.kind {
        InputKind::Event(event) => Some((customer, Action::resends(event)?)),
        _ => None,
    }
}

type KeptRow = (
    (Uuid, Uuid, Uuid),
    (String, String, String, String, String, Vec<u8>),
);

/// What is kept of these messages: no more than there are keys, each found among its customer's.
pub(super) async fn kept(
    tx: &mut PgConnection,
    keys: &[KeptKey],
) -> Result<BTreeMap<KeptKey, Kept>, Error> {
    use sqlx::Row as _;
    let (customers, ids): (Vec<_>, Vec<_>) = keys.iter().map(|(c, m)| (c.0, m.0)).unzip();
    let rows = sqlx::query(
        "select m.customer, m.id, m.run, m.status::text, m.channel, m.purpose, m.journey, m.step, m.decision
         from (select distinct * from unnest($1::uuid[], $2::uuid[])) a (customer, id)
         join message m on m.customer = a.customer and m.id = a.id",
    )
    .bind(customers)
    .bind(ids)
    .fetch_all(tx)
    .await
    .map_err(during("looking for messages to send again"))?;
    let columns = |row: &sqlx::postgres::PgRow| -> Result<KeptRow, sqlx::Error> {
        Ok((
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?),
            (
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
            ),
        ))
    };
    rows.iter()
        .map(|row| understood(columns(row).map_err(during("looking for messages to send again"))?))
        .collect()
}

fn understood(row: KeptRow) -> Result<(KeptKey, Kept), Error> {
    let ((customer, id, run), (status, channel, purpose, journey, step, decision)) = row;
    let status = status.parse();
    let kept = Kept {
        run: RunId(run),
        journey: Arc::from(journey),
        step: Arc::from(step),
        channel: row::channel(id, &channel)?,
        purpose: Arc::from(purpose),
        status: status.map_err(|()| Error::corrupt("status", id, "no such status"))?,
        decision: from_bytes("decision", id, &decision)?,
    };
    Ok(((CustomerId(customer), MessageId(id)), kept))
}

/// Tells an input what is kept of the message that it has sent again, whatever it says of that itself.
pub(super) fn tell(
    customer: CustomerId,
    input: &mut Input,
    kept: &BTreeMap<KeptKey, Kept>,
) -> Result<(), Error> {
    let Some(key) = kept_key(customer, input) else {
        return Ok(());
    };
    let id = input.id.0;
    match &mut input.kind {
        InputKind::Event(event) => {
            Action::tell(event, kept.get(&key)).map_err(malformed("input", id))
        }
        _ => Ok(()),
    }
}
