//! The statements that write a batch of turns: one for what every batch has, one more for each
//! thing that fewer have.

use std::collections::BTreeMap;

use journey::ids::MessageId;
use sqlx::PgConnection;

use super::columns::{Closed, Customers, Rows, Runs};
use crate::{
    Error, codec,
    counts::{self, Count},
    error::{during, malformed},
    row::{moment, to_bytes},
};

/// Writes all, or fails.
pub(super) async fn all(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    // First what may find the turn void.
    closed(tx, &rows.closed).await?;
    created(tx, &rows.new).await?;
    facts(tx, rows).await?;
    profiles(tx, &rows.profiles).await?;
    ended(tx, &rows.ended).await?;
    consents(tx, rows).await?;
    counts::heard(tx, &rows.heard).await?;
    calls(tx, rows).await?;
    over(tx, rows).await?;
    forwards(tx, rows).await
}

/// What is for those whom customers were merged into: in the order in which it happened.
async fn forwards(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    let rows = &rows.forwards;
    if rows.is_empty() {
        return Ok(());
    }
    let (mut kinds, mut bodies) = (Vec::new(), Vec::new());
    for (_, forward) in rows {
        let encoded = codec::encode(&forward.kind);
        let (kind, body) = encoded.map_err(malformed("input", forward.id.0))?;
        kinds.push(kind);
        bodies.push(body);
    }
    sqlx::query(
        "insert into forward (customer, id, at, due_at, kind, into_key, name, body)
         select customer, id, at, at, kind, into_key, name, body
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::smallint[], $5::text[],
                     $6::text[], $7::bytea[])
              a (customer, id, at, kind, into_key, name, body)",
    )
    .bind(rows.iter().map(|(c, _)| c.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, f)| f.id.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, f)| moment(f.at)).collect::<Vec<_>>())
    .bind(kinds)
    .bind(rows.iter().map(|(_, f)| &*f.to).collect::<Vec<_>>())
    .bind(
        rows.iter()
            .map(|(_, f)| codec::name(&f.kind))
            .collect::<Vec<_>>(),
    )
    .bind(bodies)
    .execute(tx)
    .await
    .map_err(during("writing what is passed on"))?;
    Ok(())
}

async fn consents(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    let said = &rows.consents;
    if said.is_empty() {
        return Ok(());
    }
    let proof: Result<Vec<_>, Error> = said
        .iter()
        .map(|(_, r)| {
            let given = !r.said.proof.is_null();
            given
                .then(|| serde_json::to_vec(&r.said.proof))
                .transpose()
                .map_err(malformed("proof", r.input.0))
        })
        .collect();
    sqlx::query(
        "insert into consent (customer, at, input, purpose, channel, state, how, text, version, proof)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[],
                              $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])",
    )
    .bind(said.iter().map(|(c, _)| c.0).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| moment(r.at)).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.input.0).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| &*r.purpose).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.channel.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.state.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.said.how.as_deref()).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.said.text.as_deref()).collect::<Vec<_>>())
    .bind(said.iter().map(|(_, r)| r.said.version.as_deref()).collect::<Vec<_>>())
    .bind(proof?)
    .execute(tx)
    .await
    .map_err(during("keeping consents"))?;
    Ok(())
}

async fn calls(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    let calls = &rows.calls;
    if calls.is_empty() {
        return Ok(());
    }
    let with: Result<Vec<_>, Error> = calls
        .iter()
        .map(|(_, c)| to_bytes("with", c.id.0, &c.with))
        .collect();
    sqlx::query(
        r#"insert into call (customer, id, run, at, due_at, expires_at, hand_over, journey, step,
                             endpoint, "with", wanted_at)
           select customer, id, run, at, at, expires_at, hand_over, journey, step, endpoint, body, wanted_at
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[],
                       $6::bool[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::timestamptz[])
                a (customer, id, run, at, expires_at, hand_over, journey, step, endpoint, body, wanted_at)"#,
    )
    .bind(calls.iter().map(|(c, _)| c.0).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| c.id.0).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| c.run.0).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| moment(c.at)).collect::<Vec<_>>())
    .bind(
        calls
            .iter()
            .map(|(_, c)| c.expires_at.map(moment))
            .collect::<Vec<_>>(),
    )
    .bind(calls.iter().map(|(_, c)| c.hand_over).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| &*c.journey).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| &*c.step).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, c)| &*c.endpoint).collect::<Vec<_>>())
    .bind(with?)
    .bind(
        calls
            .iter()
            .map(|(_, c)| c.wanted_at.map(moment))
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await
    .map_err(during("writing calls"))?;
    Ok(())
}

/// Calls that nobody waits for any more, and those that people have answered. One that is being made ends as it ends, and its
/// answer finds nobody.
async fn over(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    let over = &rows.over;
    if over.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update call c set status = case when a.answered then 'answered' else 'cancelled' end::call_status,
                           due_at = null, done_at = a.done_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bool[]) a (customer, id, done_at, answered)
         where c.customer = a.customer and c.id = a.id and c.status in ('queued', 'leased', 'open')",
    )
    .bind(over.iter().map(|c| c.customer.0).collect::<Vec<_>>())
    .bind(over.iter().map(|c| c.call.0).collect::<Vec<_>>())
    .bind(over.iter().map(|c| moment(c.at)).collect::<Vec<_>>())
    .bind(over.iter().map(|c| c.answered).collect::<Vec<_>>())
    .execute(tx)
    .await
    .map_err(during("ending calls"))?;
    Ok(())
}

/// One statement instead of four: the fewer round trips, the more turns (docs/performance.md).
/// `seq` follows the order of the array, for rows come out of `unnest` as they went in.
const FACTS: &str = "
with new_input as (
    insert into input (customer, id, at, kind, name, body, trace)
    select customer, id, at, kind, name, body, trace
    from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::smallint[], $5::text[],
                $6::bytea[], $7::bytea[])
         a (customer, id, at, kind, name, body, trace)
), new_run as (
    insert into run (customer, id, machine, entered_at, due_at, left_at, goal_at, revision, node,
                     journey, key, reason, state)
    select customer, id, machine, entered_at, due_at, left_at, goal_at, revision, node,
           journey, key, reason, state
    from unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::timestamptz[], $12::timestamptz[],
                $13::timestamptz[], $14::timestamptz[], $15::int[], $16::int[], $17::text[],
                $18::text[], $19::text[], $20::bytea[])
         a (customer, id, machine, entered_at, due_at, left_at, goal_at, revision, node,
            journey, key, reason, state)
), moved_run as (
    update run r
    set machine = a.machine, due_at = a.due_at, left_at = a.left_at, goal_at = a.goal_at,
        revision = a.revision, node = a.node, reason = a.reason, state = a.state
    from unnest($21::uuid[], $22::uuid[], $23::uuid[], $24::timestamptz[], $25::timestamptz[],
                $26::timestamptz[], $27::int[], $28::int[], $29::text[], $30::bytea[])
         a (customer, id, machine, due_at, left_at, goal_at, revision, node, reason, state)
    where r.customer = a.customer and r.id = a.id
), counted as (
    insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
    select n, date '1970-01-01' + day, journey, step, channel, '', outcome, reason
    from unnest($42::bigint[], $43::int[], $44::text[], $45::text[], $46::text[], $47::text[], $48::text[])
         a (n, day, journey, step, channel, outcome, reason)
), numbers as (
    insert into journey_counted (journey, machine, day, counts)
    select journey, machine, day, counts::jsonb
    from unnest($49::text[], $50::uuid[], $51::date[], $52::text[]) a (journey, machine, day, counts)
)
insert into message (customer, at, id, run, due_at, done_at, status, channel, purpose, journey,
                     step, reason, decision)
select customer, at, id, run, case when reason is null then at end, done_at,
       (case reason when 'recalled' then 'recalled' else
            case when reason is null then 'queued' else 'suppressed' end end)::message_status,
       channel, purpose, journey, step, reason, decision
from unnest($31::uuid[], $32::timestamptz[], $33::uuid[], $34::uuid[], $35::timestamptz[],
            $36::text[], $37::text[], $38::text[], $39::text[], $40::text[], $41::bytea[])
     a (customer, at, id, run, done_at, channel, purpose, journey, step, reason, decision)";

async fn facts(tx: &mut PgConnection, rows: &Rows<'_>) -> Result<(), Error> {
    let Rows {
        inputs: i,
        entered: e,
        moved: r,
        messages: m,
        counted: n,
        ..
    } = rows;
    let query = sqlx::query(FACTS);
    let query = query.bind(&i.customer).bind(&i.id).bind(&i.at);
    let query = query.bind(&i.kind).bind(&i.name).bind(&i.body);
    let query = query.bind(&i.trace);
    let query = query.bind(&e.customer).bind(&e.id).bind(&e.machine);
    let query = query.bind(&e.entered_at).bind(&e.due_at);
    let query = query.bind(&e.left_at).bind(&e.goal_at);
    let query = query.bind(&e.revision).bind(&e.node).bind(&e.journey);
    let query = query.bind(&e.key).bind(&e.reason).bind(&e.state);
    let query = query.bind(&r.customer).bind(&r.id).bind(&r.machine);
    let query = query.bind(&r.due_at).bind(&r.left_at).bind(&r.goal_at);
    let query = query.bind(&r.revision).bind(&r.node).bind(&r.reason);
    let query = query.bind(&r.state);
    let query = query.bind(&m.customer).bind(&m.at).bind(&m.id);
    let query = query.bind(&m.run).bind(&m.done_at).bind(&m.channel);
    let query = query.bind(&m.purpose).bind(&m.journey).bind(&m.step);
    let query = query.bind(&m.reason).bind(&m.decision);
    let counted = rows.counts.keys();
    let text = |of: for<'c> fn(&'c Count<'_>) -> &'c str| {
        counted.clone().map(|c| of(c).to_owned()).collect()
    };
    let [journeys, steps, channels]: [Vec<String>; 3] =
        [text(|c| c.journey), text(|c| c.step), text(|c| c.channel)];
    let [outcomes, reasons]: [Vec<String>; 2] = [text(|c| c.outcome), text(|c| c.reason)];
    let query = query.bind(rows.counts.values().copied().collect::<Vec<_>>());
    let query = query.bind(counted.clone().map(|c| c.day).collect::<Vec<_>>());
    let query = query.bind(journeys).bind(steps).bind(channels);
    let query = query.bind(outcomes).bind(reasons);
    let query = query.bind(&n.journey).bind(&n.machine);
    let query = query.bind(&n.day).bind(&n.counts);
    query.execute(tx).await.map_err(during("writing turns"))?;
    Ok(())
}

/// Notes which messages belong to a trace: a statement of its own, for most batches have none.
pub(super) async fn traced(
    tx: &mut PgConnection,
    rows: &Rows<'_>,
    traceparents: &BTreeMap<MessageId, String>,
) -> Result<(), Error> {
    if traceparents.is_empty() {
        return Ok(());
    }
    let m = &rows.messages;
    let of = |at: usize| traceparents.get(&MessageId(m.id[at])).map(|t| (at, &**t));
    let traced: Vec<(usize, &str)> = (0..m.id.len()).filter_map(of).collect();
    sqlx::query(
        "update message m set traceparent = a.traceparent
         from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[])
              a (customer, at, id, traceparent)
         where m.customer = a.customer and m.at = a.at and m.id = a.id",
    )
    .bind(
        traced
            .iter()
            .map(|(n, _)| m.customer[*n])
            .collect::<Vec<_>>(),
    )
    .bind(traced.iter().map(|(n, _)| m.at[*n]).collect::<Vec<_>>())
    .bind(traced.iter().map(|(n, _)| m.id[*n]).collect::<Vec<_>>())
    .bind(traced.iter().map(|(_, t)| *t).collect::<Vec<_>>())
    .execute(tx)
    .await
    .map_err(during("writing traces"))?;
    Ok(())
}

/// By itself and before the rest: whoever takes in the same customer at the same time waits here,
/// and fails on this key and no other.
async fn created(tx: &mut PgConnection, rows: &Customers<'_>) -> Result<(), Error> {
    if rows.id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into customer (id, seen_at, key, traits, ledger, due_at, merged_into, name, devices)
         select id, seen_at, key, traits::jsonb, ledger, due_at, merged_into, name, devices::tsvector
         from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::bytea[],
                     $6::timestamptz[], $7::uuid[], $8::text[], $9::text[])
              a (id, seen_at, key, traits, ledger, due_at, merged_into, name, devices)",
    )
    .bind(&rows.id)
    .bind(&rows.seen_at)
    .bind(&rows.key)
    .bind(&rows.traits)
    .bind(&rows.ledger)
    .bind(&rows.due_at)
    .bind(&rows.merged_into)
    .bind(&rows.name)
    .bind(&rows.devices)
    .execute(tx)
    .await
    .map_err(during("creating customers"))?;
    Ok(())
}

async fn profiles(tx: &mut PgConnection, rows: &Customers<'_>) -> Result<(), Error> {
    if rows.id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update customer c
         set traits = a.traits::jsonb, ledger = a.ledger, due_at = a.due_at, merged_into = a.merged_into,
             name = a.name, devices = a.devices::tsvector
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[])
              a (id, traits, ledger, due_at, merged_into, name, devices)
         where c.id = a.id",
    )
    .bind(&rows.id)
    .bind(&rows.traits)
    .bind(&rows.ledger)
    .bind(&rows.due_at)
    .bind(&rows.merged_into)
    .bind(&rows.name)
    .bind(&rows.devices)
    .execute(tx)
    .await
    .map_err(during("writing profiles"))?;
    Ok(())
}

/// A run that entered and ended within one turn has no row to delete.
async fn ended(tx: &mut PgConnection, rows: &Runs<'_>) -> Result<(), Error> {
    if rows.id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "with gone as (
             delete from run r using unnest($1::uuid[], $2::uuid[]) a (customer, id)
             where r.customer = a.customer and r.id = a.id
         )
         insert into run_ended (customer, id, machine, entered_at, left_at, goal_at, journey, key,
                                reason, state)
         select customer, id, machine, entered_at, left_at, goal_at, journey, key, reason, state
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[],
                     $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::bytea[])
              a (customer, id, machine, entered_at, left_at, goal_at, journey, key, reason, state)",
    )
    .bind(&rows.customer)
    .bind(&rows.id)
    .bind(&rows.machine)
    .bind(&rows.entered_at)
    .bind(&rows.left_at)
    .bind(&rows.goal_at)
    .bind(&rows.journey)
    .bind(&rows.key)
    .bind(&rows.reason)
    .bind(&rows.state)
    .execute(tx)
    .await
    .map_err(during("ending runs"))?;
    Ok(())
}

/// Takes back and settles. Dispatch may have leased a message since it was loaded: the decision
/// to take it back was made on a state that is no more.
async fn closed(tx: &mut PgConnection, closed: &Closed) -> Result<(), Error> {
    let rows = &closed.rows;
    if rows.is_empty() {
        return Ok(());
    }
    let done: i64 = sqlx::query_scalar(
        "with done as (
             update message m
             set status = a.status::message_status, reason = a.reason, done_at = a.done_at,
                 due_at = null, error = coalesce(a.error, m.error),
                 provider = case a.reason when 'failed' then m.provider end
             from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::timestamptz[], $5::text[],
                         $6::text[], $7::text[], $8::text[], $9::text[])
                  a (customer, at, id, done_at, was, status, reason, error, counts_as)
             where m.customer = a.customer and m.at = a.at and m.id = a.id
               and m.status = a.was::message_status
             returning m.at, m.journey, m.step, m.channel, m.provider, a.status, a.counts_as
         ), counted as (
             insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
             select count(*), (at at time zone 'UTC')::date, journey, step, channel,
                    coalesce(provider, ''), status, counts_as
             from done group by 2, 3, 4, 5, 6, 7, 8
         )
         select count(*) from done",
    )
    .bind(rows.iter().map(|r| r.customer).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| moment(r.at)).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| r.id.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| moment(r.done_at)).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| r.from).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| r.to).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| r.reason).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| r.error.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|r| &*r.counts_as).collect::<Vec<_>>())
    .fetch_one(tx)
    .await
    .map_err(during("closing messages"))?;
    if usize::try_from(done).is_ok_and(|done| done == rows.len()) {
        Ok(())
    } else {
        Err(Error::Raced {
            what: "a message moved on while it was decided about",
        })
    }
}
