//! Whom customers were merged into, one after another: so that no merge closes a circle.
//!
//! A merge asks where the way from the other ends. Two that would close a circle together must not both be told that there
//! is none, and no turn locks two customers; so whoever merges holds a lock by name on who goes and on where the way ends,
//! from before any customer is locked. A way never changes but at its end, and its end only by somebody who holds it.

use std::collections::{BTreeMap, BTreeSet};

use journey::{
    ids::{CustomerId, InputId},
    input::InputKind,
    merge::target,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Arrival;
use crate::{Error, error::during};

/// A merge that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    /// Who goes.
    customer: CustomerId,
    /// Which input says so.
    input: InputId,
    /// Whom into.
    into: CustomerId,
}

/// What each merge is told: whom the other was merged into, the nearest first.
pub(super) type Ways = BTreeMap<(CustomerId, InputId), Vec<CustomerId>>;

/// The merges among these, in the order in which they came.
pub(super) fn asked(arrivals: &[Arrival]) -> Vec<Merge> {
    let merge = |arrival: &Arrival| match &arrival.input.kind {
        InputKind::Event(event) => Some(Merge {
            customer: arrival.customer,
            input: arrival.input.id,
            into: CustomerId::of(&target(event)?),
        }),
        _ => None,
    };
    arrivals.iter().filter_map(merge).collect()
}

/// Who was merged into whom.
type Steps = BTreeMap<CustomerId, CustomerId>;

/// Waits until nobody else merges those who go, or those at whom the ways end. Returns who is held.
pub(super) async fn hold(
    tx: &mut PgConnection,
    merges: &[Merge],
) -> Result<BTreeSet<CustomerId>, Error> {
    let steps = steps(tx, merges).await?;
    let ends = merges.iter().map(|m| end(&steps, m.into));
    let held: BTreeSet<_> = merges.iter().map(|m| m.customer).chain(ends).collect();
    if held.is_empty() {
        return Ok(held);
    }
    let names: Vec<_> = held.iter().map(|id| id.0.to_string()).collect();
    // In order of id, as rows come out of `unnest`: nobody waits in a ring.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('merge ' || name, 0)) from unnest($1::text[]) a (name)")
        .bind(names)
        .execute(tx)
        .await
        .map_err(during("waiting for other merges"))?;
    Ok(held)
}

/// The ways as they are now that nobody else can change them. A way that has become longer meanwhile ends at somebody who
/// is not held: the turn is begun anew.
pub(super) async fn look(
    tx: &mut PgConnection,
    merges: &[Merge],
    held: &BTreeSet<CustomerId>,
) -> Result<Ways, Error> {
    let mut steps = steps(tx, merges).await?;
    let mut ways = Ways::new();
    for merge in merges {
        let way = way(&steps, merge.into);
        if !held.contains(way.last().unwrap_or(&merge.into)) {
            return Err(Error::Raced {
                what: "a customer who is merged into was merged meanwhile",
            });
        }
        if !way.contains(&merge.customer) && merge.into != merge.customer {
            // What comes behind it in this batch comes behind it.
            steps.entry(merge.customer).or_insert(merge.into);
        }
        ways.insert((merge.customer, merge.input), way);
    }
    Ok(ways)
}

fn end(steps: &Steps, from: CustomerId) -> CustomerId {
    way(steps, from).last().copied().unwrap_or(from)
}

/// There are no circles; what stands here ends all the same.
fn way(steps: &Steps, from: CustomerId) -> Vec<CustomerId> {
    let mut way = Vec::new();
    let mut at = from;
    while let Some(next) = steps.get(&at).filter(|next| !way.contains(*next)) {
        way.push(*next);
        at = *next;
    }
    way
}

/// Every step of the ways from those who are merged, and from those whom they are merged into.
async fn steps(tx: &mut PgConnection, merges: &[Merge]) -> Result<Steps, Error> {
    if merges.is_empty() {
        return Ok(Steps::new());
    }
    let from = merges.iter().flat_map(|m| [m.customer.0, m.into.0]);
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "with recursive way as (
             select id, merged_into from customer where id = any($1) and merged_into is not null
             union
             select c.id, c.merged_into from way w join customer c on c.id = w.merged_into
             where c.merged_into is not null)
         select id, merged_into from way",
    )
    .bind(from.collect::<Vec<_>>())
    .fetch_all(tx)
    .await
    .map_err(during("looking for merges"))?;
    let steps = rows.into_iter();
    Ok(steps
        .map(|(id, into)| (CustomerId(id), CustomerId(into)))
        .collect())
}
