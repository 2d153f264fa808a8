//! Customers: one by key or id, by address, and all of them page by page.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    customer::Ledger,
    ids::CustomerId,
    message::Channel,
    value::{Map, Value},
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{ReadError, Reader, bounded, moment};
use crate::packed::unpack;

/// The most customers that are named for an address, or as merged into one.
const FOUND_LIMIT: i64 = 20;

/// One customer, as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CustomerRow {
    /// The hash of `key`.
    pub id: CustomerId,
    /// What producers call the customer.
    pub key: Arc<str>,
    /// The clock of the input that created the row.
    pub seen_at: Timestamp,
    /// What is known of them.
    pub traits: Map,
    /// Whom they were merged into, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CustomerId>,
}

/// Somebody who was merged into a customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TakenOver {
    /// Their id.
    pub id: CustomerId,
    /// What producers called them.
    pub key: Arc<str>,
}

/// One customer, whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CustomerView {
    /// As in a list.
    #[serde(flatten)]
    pub row: CustomerRow,
    /// Consents, suppressed addresses and last entries.
    pub ledger: Ledger,
}

/// A page of customers.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerPage {
    /// In order of id.
    pub customers: Vec<CustomerRow>,
    /// Where the next page starts; `None`: this is the last.
    pub next: Option<CustomerId>,
}

impl CustomerPage {
    /// Of these, which may be one more than fit on it.
    fn of(mut customers: Vec<CustomerRow>, limit: u32) -> Self {
        let more = customers.len() > usize::try_from(bounded(limit)).unwrap_or(usize::MAX);
        if more {
            customers.pop();
        }
        let next = customers.last().filter(|_| more).map(|c| c.id);
        Self { customers, next }
    }
}

impl Reader {
    /// The customer whom producers call `name`, or whose id it is. A key wins over an id.
    ///
    /// # Errors
    /// If the database cannot be read, or the ledger is of another version.
    pub async fn customer(&self, name: &str) -> Result<Option<CustomerView>, ReadError> {
        let mut ids = vec![CustomerId::of(name).0];
        ids.extend(Uuid::try_parse(name).ok());
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, seen_at, key, traits, merged_into, ledger from customer
             where id = any($1) order by id <> $2 limit 1",
        )
        .bind(&ids)
        .bind(ids[0])
        .fetch_all(&mut *tx)
        .await?;
        rows.first().map(view).transpose()
    }

    /// The id of the customer whom producers call `name`, or whose id it is.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn customer_id(&self, name: &str) -> Result<Option<CustomerId>, ReadError> {
        let mut ids = vec![CustomerId::of(name).0];
        ids.extend(Uuid::try_parse(name).ok());
        let mut tx = self.page().await?;
        let found: Option<Uuid> = sqlx::query_scalar(
            "select id from customer where id = any($1) order by id <> $2 limit 1",
        )
        .bind(&ids)
        .bind(ids[0])
        .fetch_optional(&mut *tx)
        .await?;
        Ok(found.map(CustomerId))
    }

    /// Those who were merged into a customer, at most 20, in order of id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn taken_over(&self, customer: CustomerId) -> Result<Vec<TakenOver>, ReadError> {
        let mut tx = self.page().await?;
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "select id, key from customer where merged_into = $1 order by id limit $2",
        )
        .bind(customer.0)
        .bind(FOUND_LIMIT)
        .fetch_all(&mut *tx)
        .await?;
        let taken = |(id, key): (Uuid, String)| TakenOver {
            id: CustomerId(id),
            key: Arc::from(key),
        };
        Ok(rows.into_iter().map(taken).collect())
    }

    /// Who somebody turned out to be, whatever was merged into whom; themselves, if nothing was.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn stays(&self, customer: CustomerId) -> Result<CustomerId, ReadError> {
        let mut tx = self.page().await?;
        let found: Option<Uuid> = sqlx::query_scalar(
            "with recursive way as (
                 select id, merged_into from customer where id = $1
                 union select c.id, c.merged_into from way w join customer c on c.id = w.merged_into)
             select id from way where merged_into is null limit 1",
        )
        .bind(customer.0)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(found.map_or(customer, CustomerId))
    }

    /// What producers call these customers; who is not known is left out. By id alone: somebody's key may look like
    /// another's id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn keys(
        &self,
        ids: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Arc<str>>, ReadError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let mut tx = self.page().await?;
        let rows: Vec<(Uuid, String)> =
            sqlx::query_as("select id, key from customer where id = any($1)")
                .bind(ids)
                .fetch_all(&mut *tx)
                .await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(id, key)| (CustomerId(id), Arc::from(key)))
            .collect())
    }

    /// The keys of those who are reached at one of these addresses of the channel, at most 20, in order of id. Of those who
    /// were merged it is whoever they turned out to be. A telephone number is given without spaces and signs, but for its `+`.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn reached_at(
        &self,
        channel: Channel,
        addresses: &[String],
    ) -> Result<Vec<Arc<str>>, ReadError> {
        let by = match channel {
            Channel::Email => "email",
            Channel::Sms => "phone",
            Channel::Chat => "chat_id",
            // A device says nothing by itself.
            Channel::Push => return Ok(Vec::new()),
        };
        let query = AssertSqlSafe(format!(
            "with found as materialized (select id, key, merged_into from customer where {by} = any($1))
             select id, key, merged_into from found order by id limit $2"
        ));
        let mut tx = self.page().await?;
        let rows: Vec<(Uuid, String, Option<Uuid>)> = sqlx::query_as(query)
            .bind(addresses)
            .bind(FOUND_LIMIT)
            .fetch_all(&mut *tx)
            .await?;
        drop(tx);
        let mut reached = BTreeMap::new();
        for (id, key, merged_into) in rows {
            let id = CustomerId(id);
            let found = match merged_into {
                Some(_) => self.who_stays(id).await?,
                None => None,
            };
            let (id, key) = found.unwrap_or((id, Arc::from(key)));
            reached.insert(id, key);
        }
        Ok(reached.into_values().collect())
    }

    /// The id and key of whom somebody turned out to be; `None`: they are not there (yet).
    async fn who_stays(
        &self,
        customer: CustomerId,
    ) -> Result<Option<(CustomerId, Arc<str>)>, ReadError> {
        let stays = self.stays(customer).await?;
        let keys = self.keys(&[stays]).await?;
        Ok(keys.into_iter().next())
    }

    /// Customers in order of id, after one of them. (Newest first would need an index that
    /// nothing else reads; ids are hashes, so this order says nothing about age.)
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<CustomerPage, ReadError> {
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, seen_at, key, traits, merged_into from customer
             where id > $1 order by id limit $2 + 1",
        )
        // No hash is all zeros, so this is before the first.
        .bind(after.map_or(Uuid::nil(), |id| id.0))
        .bind(bounded(limit))
        .fetch_all(&mut *tx)
        .await?;
        let customers = rows.iter().map(row).collect::<Result<_, _>>()?;
        Ok(CustomerPage::of(customers, limit))
    }
}

pub(super) fn row(row: &PgRow) -> Result<CustomerRow, sqlx::Error> {
    let traits = Value::from(row.try_get::<serde_json::Value, _>("traits")?);
    Ok(CustomerRow {
        id: CustomerId(row.try_get("id")?),
        key: Arc::from(row.try_get::<&str, _>("key")?),
        seen_at: moment(row, "seen_at")?,
        traits: traits.as_map().cloned().unwrap_or_default(),
        merged_into: row
            .try_get::<Option<Uuid>, _>("merged_into")?
            .map(CustomerId),
    })
}

fn view(found: &PgRow) -> Result<CustomerView, ReadError> {
    let row = row(found)?;
    let ledger =
        unpack(found.try_get::<&[u8], _>("ledger")?).map_err(|_| ReadError::Unreadable {
            what: "the ledger",
            id: row.id.0,
        })?;
    Ok(CustomerView { row, ledger })
}
