//! Who is one person: a customer, and those who were merged into them.

use journey::ids::CustomerId;
use sqlx::PgConnection;
use uuid::Uuid;

/// How many customers of one person one look finds.
const MOST: i64 = 1_000;

/// The customers who are the same person as this one, at most 1,000 at once: who was merged stands before whom they were
/// merged into, and who stays is the last. None: there is no such customer.
pub(crate) async fn customers(
    tx: &mut PgConnection,
    id: CustomerId,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "with recursive up as (
             select id, merged_into from customer where id = $1
             union
             select c.id, c.merged_into from up join customer c on c.id = up.merged_into
         ), top as (
             select id from up
             where not exists (select from customer c where c.id = up.merged_into) limit 1
         ), down as (
             select id, 0 as deep from top
             union all
             select c.id, down.deep + 1 from down join customer c on c.merged_into = down.id
             where down.deep < $2
         )
         select id from (select id, deep from down order by deep desc, id limit $2) found order by deep desc, id",
    )
    .bind(id.0)
    .bind(MOST)
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(CustomerId).collect())
}

/// Those who were merged into one of these, at most 1,000.
pub(crate) async fn merged_into(
    tx: &mut PgConnection,
    ids: &[CustomerId],
) -> Result<Vec<CustomerId>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found: Vec<Uuid> = sqlx::query_scalar(
        "select id from customer where merged_into = any($1) order by id limit $2",
    )
    .bind(ids)
    .bind(MOST)
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().map(CustomerId).collect())
}
