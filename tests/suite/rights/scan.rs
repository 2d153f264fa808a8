//! The scan: every column of every table of the whole database, looked at for what a person left in it.

use std::collections::BTreeSet;

use journey::ids::CustomerId;
use sqlx::{AssertSqlSafe, PgPool};

/// Where each needle stands, as `NEEDLE in TABLE.COLUMN`. Columns are compared as text, whatever their type;
/// bytes are searched as they are, for a text as UTF-8 and for the 16 bytes of an id; hashes cannot be.
pub async fn scan(pool: &PgPool, needles: &[&str], ids: &[CustomerId]) -> BTreeSet<String> {
    let columns: Vec<(String, String, bool)> = sqlx::query_as(
        "select format('%I.%I', n.nspname, c.relname), quote_ident(a.attname), t.typname = 'bytea'
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
         where c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped
           and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')",
    )
    .fetch_all(pool)
    .await
    .expect("the columns");
    assert!(columns.len() > 60, "the schema is looked at: {columns:?}");
    let mut sought: Vec<(String, Vec<u8>)> = Vec::new();
    for needle in needles {
        sought.push(((*needle).to_owned(), needle.as_bytes().to_vec()));
    }
    for id in ids {
        let text = id.to_string();
        sought.push((text.clone(), text.into_bytes()));
        sought.push((format!("the bytes of {id}"), id.0.as_bytes().to_vec()));
        let simple = id.0.simple().to_string();
        sought.push((simple.clone(), simple.into_bytes()));
    }
    let mut found = BTreeSet::new();
    for (table, column, bytes) in &columns {
        for (name, needle) in &sought {
            let condition = if *bytes {
                format!("position($1 in {column}) > 0")
            } else if let Ok(text) = std::str::from_utf8(needle) {
                let text = text.to_lowercase().replace('\'', "''");
                format!("$1 is not null and position('{text}' in lower({column}::text)) > 0")
            } else {
                continue;
            };
            let sql = AssertSqlSafe(format!("select count(*) from {table} where {condition}"));
            let hits: i64 = sqlx::query_scalar(sql)
                .bind(needle)
                .fetch_one(pool)
                .await
                .unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
            if hits > 0 {
                found.insert(format!("{name} in {table}.{column}"));
            }
        }
    }
    found
}
