//! Tables of customers that have no section of their own.

use std::collections::BTreeMap;

use journey::ids::CustomerId;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{PAGE, SECTIONS, unreadable};
use crate::{read::ReadError, tables};

/// The rows of one table, each by the names of its columns.
pub type Rows = Vec<Map<String, Value>>;

/// All rows of the customer in these tables, in no promised order.
pub(super) async fn all(
    tx: &mut PgConnection,
    customer: CustomerId,
) -> Result<BTreeMap<String, Rows>, ReadError> {
    let mut found = BTreeMap::new();
    let mut tables = tables::of_customers(tx).await?;
    tables.retain(|table| !SECTIONS.contains(&table.as_str()));
    for table in tables {
        let rows = rows(tx, &table, customer).await?;
        if !rows.is_empty() {
            found.insert(table, rows);
        }
    }
    Ok(found)
}

/// A cursor, for nothing is known of the table's key. The name comes quoted from the catalogue.
async fn rows(tx: &mut PgConnection, table: &str, customer: CustomerId) -> Result<Rows, ReadError> {
    let declare = format!(
        "declare rest no scroll cursor for
         select to_jsonb(t) from {table} t where t.customer = $1"
    );
    sqlx::query(AssertSqlSafe(declare))
        .bind(customer.0)
        .execute(&mut *tx)
        .await?;
    let fetch = format!("fetch {PAGE} from rest");
    let mut found = Rows::new();
    loop {
        let page: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(fetch.clone()))
            .fetch_all(&mut *tx)
            .await?;
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(fields));
    }
    sqlx::query("close rest").execute(tx).await?;
    Ok(found)
}

fn fields(row: Value) -> Map<String, Value> {
    match row {
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, readable(v))).collect(),
        other => Map::from_iter([("row".to_owned(), other)]),
    }
}

/// Bytes come as `\x` and digits; what of them is JSON or text is shown as it.
fn readable(value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    let Some(bytes) = text.strip_prefix("\\x").and_then(bytes) else {
        return value;
    };
    match std::str::from_utf8(&bytes) {
        Ok(_) => unreadable(&bytes),
        Err(_) => value,
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::readable;

    #[test]
    fn bytes_are_shown_as_what_they_are() {
        assert_eq!(readable(json!("\\x7b2261223a317d")), json!({ "a": 1 }));
        assert_eq!(readable(json!("\\xc3a9")), json!("é"));
        assert_eq!(readable(json!("\\xff00")), json!("\\xff00"));
        assert_eq!(readable(json!("\\xyz")), json!("\\xyz"));
        assert_eq!(readable(json!(7)), json!(7));
    }
}
