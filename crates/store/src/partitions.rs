//! The customers' tables cut into hash partitions, by customer: every table leads its key with the customer, so that
//! nothing else changes. What PostgreSQL does within one server, an extension such as Citus does over many.

use std::ops::RangeInclusive;

use sqlx::{AssertSqlSafe, PgConnection};

use crate::{Error, Store, begin::begin, error::during, tables};

/// How many partitions a table may have: each is a table of its own, and a connection that has used all of them holds as
/// many plans and descriptors.
pub const PARTITIONS: RangeInclusive<u32> = 2..=256;

/// One table that is to be cut, and by which column.
struct Table {
    name: String,
    by: &'static str,
}

impl Store {
    /// Cuts the customers' tables into so many partitions each. For a database without customers; one that is cut
    /// already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] if there are customers, [`Error::Cut`] if it is cut into another number, and as ever if the
    /// database fails.
    pub async fn partition(&self, partitions: u32) -> Result<(), Error> {
        let failed = || during("cutting tables into partitions");
        let mut tx = begin(&self.pool).await.map_err(failed())?;
        // Two that start together, one after the other; and nobody writes meanwhile.
        sqlx::raw_sql("set local lock_timeout = 0; lock table customer in access exclusive mode")
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        match cut(&mut tx).await.map_err(failed())? {
            0 => {}
            n if n == i64::from(partitions) => return Ok(()),
            n => return Err(Error::Cut(n)),
        }
        let mut all = vec![Table {
            name: "customer".to_owned(),
            by: "id",
        }];
        let others = tables::of_customers(&mut tx).await.map_err(failed())?;
        all.extend(others.into_iter().map(|name| Table {
            name,
            by: "customer",
        }));
        for table in &all {
            if has_rows(&mut tx, table).await.map_err(failed())? {
                return Err(Error::NotEmpty(table.name.clone()));
            }
            replace(&mut tx, table, partitions)
                .await
                .map_err(failed())?;
        }
        tx.commit().await.map_err(failed())
    }
}

/// Into how many partitions the customers are cut; 0: not at all.
async fn cut(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from pg_inherits where inhparent = 'customer'::regclass")
        .fetch_one(tx)
        .await
}

async fn has_rows(tx: &mut PgConnection, table: &Table) -> Result<bool, sqlx::Error> {
    // The name comes quoted from the catalogue.
    let sql = AssertSqlSafe(format!("select exists (select from {})", table.name));
    sqlx::query_scalar(sql).fetch_one(tx).await
}

/// The same table, cut. Its keys, indexes and triggers keep their names, and its partitions are stored as it was.
async fn replace(tx: &mut PgConnection, table: &Table, partitions: u32) -> Result<(), sqlx::Error> {
    let Table { name, by } = table;
    let (stored, rest): (Option<String>, Vec<String>) = sqlx::query_as(
        "select array_to_string(c.reloptions, ', '),
                array(select format('alter table %s add constraint %I %s', $1::text, k.conname, pg_get_constraintdef(k.oid))
                      from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u') order by k.conname)
                || array(select pg_get_indexdef(i.indexrelid) from pg_index i
                         where i.indrelid = c.oid
                           and not exists (select from pg_constraint k where k.conindid = i.indexrelid))
                || array(select pg_get_triggerdef(t.oid) from pg_trigger t
                         where t.tgrelid = c.oid and not t.tgisinternal)
         from pg_class c where c.oid = $1::text::regclass",
    )
    .bind(name)
    .fetch_one(&mut *tx)
    .await?;
    let stored = stored.map_or_else(String::new, |options| format!(" with ({options})"));
    let bare = name.trim_matches('"');
    // In a schema of its own the old table leaves all names free.
    let mut sql = vec![
        "create schema parcours_uncut".to_owned(),
        format!("alter table {name} set schema parcours_uncut"),
        format!(
            "create table {name} (like parcours_uncut.{name} including all excluding indexes excluding storage)
             partition by hash ({by})"
        ),
        "drop schema parcours_uncut cascade".to_owned(),
    ];
    sql.extend((0..partitions).map(|part| {
        format!(
            "create table \"{bare}_{part}\" partition of {name}
             for values with (modulus {partitions}, remainder {part}){stored}"
        )
    }));
    sql.extend(rest);
    for statement in sql {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
