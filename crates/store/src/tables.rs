//! Which tables hold rows of customers: asked of the database itself, so that none can be forgotten.

use sqlx::PgConnection;

/// The tables of the schema in use with a column `customer`, in order of name, quoted as SQL wants
/// them. Partitions are left out: their rows are those of the table that they are a part of.
pub(crate) async fn of_customers(tx: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select quote_ident(c.relname)
         from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
           and not c.relispartition and not a.attisdropped
           and a.attname = 'customer' and a.atttypid = 'uuid'::regtype
         order by c.relname",
    )
    .fetch_all(tx)
    .await
}
